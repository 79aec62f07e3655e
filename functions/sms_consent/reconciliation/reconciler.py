"""Holds the opt-out lists and the ledger against each other, daily, over as many invocations as it takes.

What differs is made due or recorded in the ledger; only sync puts and deletes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_consent.domain.ports import Census, Clock, ConsentLedger, Listings, OptOutList, RunBook
from sms_consent.domain.rate_limiter import Pace
from sms_consent.reconciliation.bloom_snapshot import ListedNumbers
from sms_consent.reconciliation.progress import Run
from sms_consent.reconciliation.reconcile_run import Lost, Observer, Reading, Reconciled, State

__all__ = ["EVERY", "Observer", "Reconciled", "Reconciler", "State"]

EVERY = timedelta(days=1) - timedelta(minutes=4)
"""From one beginning to the next: daily, also where a turn of the schedule comes a little early."""


@dataclass(frozen=True, kw_only=True)
class Reconciler:
    """What a worker works with. ``dry``: nothing is written but to ``book``, which must then be nobody else's."""

    lists: tuple[str, ...]
    ledger: ConsentLedger
    census: Census
    book: RunBook
    listings: Listings
    opt_out_list: OptOutList
    pace: Pace
    clock: Clock
    new_token: Callable[[], str]
    dry: bool = False

    def run(self, until: datetime, *, whenever: bool = False, observer: Observer | None = None) -> Reconciled:
        """Begin or go on, until all is read or the time is up; ``whenever``: also before the next run is due.

        Raises TryAgain or Rejected if the ledger fails; the next invocation goes on from the last checkpoint.
        """
        newest = self.book.newest()
        now = self.clock.now()
        if newest is not None and newest.is_open and newest.leased_at(now):
            return Reconciled(State.BUSY, newest)
        if newest is not None and not newest.is_open and not whenever and now - newest.started_at < EVERY:
            return Reconciled(State.NOT_DUE, newest)
        run, listed = self._opened(newest, now)
        reading = Reading(self, run, listed, self.new_token(), until, observer or Observer())
        try:
            reading.take(newest)
            return reading.go_on()
        except Lost:
            return Reconciled(State.BUSY, self.book.newest() or run)

    def _opened(self, newest: Run | None, now: datetime) -> tuple[Run, ListedNumbers]:
        """The run that is open, with the numbers that it had met; or a new one, if those are gone or the lists others."""
        if newest is not None and newest.is_open and newest.lists == self.lists:
            packed = self.book.kept(newest.sketch) if newest.sketch is not None else None
            if newest.sketch is None or packed is not None:
                return newest, ListedNumbers(newest.id, packed)
        token = self.new_token()
        if newest is not None:
            return newest.successor(token, self.lists, now), ListedNumbers(token)
        long_ago = now - EVERY  # nothing is marked yet
        first = Run(id=token, started_at=now, lists=self.lists, found_after=long_ago, behind_since=now, revision=0)
        return first, ListedNumbers(token)
