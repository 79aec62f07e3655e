"""The sweep, which does the due work: opt-outs first, then replies, imports, opt-ins, and last permanently rejected numbers.

Items are handled independently: one that fails is reported and skipped until the next sweep. Opt-outs are taken in classes by
how earlier attempts ended, and a long queue from both ends, so that a new opt-out does not wait behind a backlog.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Protocol

from sms_consent.domain import transitions
from sms_consent.domain.consent import Consent, Due
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.ports import Clock, ConsentLedger, Rejection
from sms_consent.sync.help_and_clarification import HelpAndClarification
from sms_consent.sync.sync import Sync

__all__ = ["LONG", "Sweep", "SweepObserver", "Swept"]

TURN = "sweep"
MOST_WAITING = 100
"""After this many items in a row that have to wait for their call, the rest of the queue is left."""

MARGIN = timedelta(seconds=10)
"""Time kept for the running call, its time-out, and the write that records its result."""

SLICE, SLICE_TIME = 100, timedelta(seconds=10)
"""After this many items of one class, or this long, sweep returns to more urgent work."""

FIRST_SLICE = 200
"""The slice of opt-outs that were not rejected yet: 20 seconds at AWS's default rate."""

LONG = 1000
"""A queue of this many opt-outs takes almost two minutes at AWS's default rate. A longer one is taken from both ends."""

RETRIES = 200
"""Permanently rejected numbers that one sweep tries again."""

SOON = timedelta(seconds=2)
"""How long a run for single consents waits for one that is about to be due: clocks differ by milliseconds, and the command
line knows the time only to the second."""

PAUSE = timedelta(seconds=1)
"""The pause when all due work has to wait. Quotas count requests per second."""


@dataclass(slots=True)
class Swept:
    """The counts of one sweep."""

    settled: Counter[Due] = field(default_factory=Counter)
    left: Counter[Due] = field(default_factory=Counter)
    elsewhere: bool = False  # whether another sweep was running, so that this one did nothing


class SweepObserver(Protocol):
    """Receives errors and rejections for operators."""

    def failed(self, kind: Due, error: Exception) -> None:
        """Report that an item was skipped because of this error."""

    def rejected(self, consent: Consent) -> None:
        """Report that a number now counts as permanently rejected."""


class _Silent(SweepObserver):
    def failed(self, kind: Due, error: Exception) -> None:
        pass

    def rejected(self, consent: Consent) -> None:
        pass


class Sweep:
    """Does the due work in passes until nothing is left or the time is up."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        sync: Sync,
        help_and_clarification: HelpAndClarification,
        clock: Clock,
        new_token: Callable[[], str],
    ) -> None:
        self.ledger = ledger
        self.sync = sync
        self.help_and_clarification = help_and_clarification
        self.clock = clock
        self._new_token = new_token

    def run(self, deadline: datetime, observer: SweepObserver | None = None) -> Swept:
        """Do due work until shortly before the deadline. Raises TryAgain or Rejected if the ledger fails for every item.

        Does nothing while another sweep runs: two at once would each use the API's whole rate.
        """
        if not self._anything_due():
            return Swept()
        worker = self._new_token()
        if not self.ledger.take_turn(TURN, worker, self.clock.now(), deadline):
            return Swept(elsewhere=True)
        self.sync.rate_limiter.begin()
        swept = _Run(self, worker, deadline, observer or _Silent()).work()
        self.ledger.end_turn(TURN, worker, self.clock.now())  # the turn of a sweep that fails ends at its deadline
        return swept

    def run_for(
        self, targets: Iterable[tuple[str, str]], deadline: datetime, observer: SweepObserver | None = None
    ) -> Swept:
        """Do the due work of a few consents, each given by number and list.

        It runs beside a scheduled sweep: at worst a few calls are throttled and stay due. A consent that cannot be read or
        written does not stop the others.
        """
        swept = Swept()
        until = deadline - MARGIN
        for number, list_name in targets:
            try:
                consent = self.ledger.consent(number, list_name)
                if consent is None or consent.due is None or consent.due_at is None:
                    continue
                wait = consent.due_at - self.clock.now()
                if wait > SOON:
                    continue
                if wait > timedelta():
                    self.clock.sleep(wait.total_seconds())
                if self.clock.now() >= until:
                    swept.left[consent.due] += 1
                    continue
                after = self.sync.sync_if_due(consent)
            except Exception as error:  # noqa: BLE001  one consent must not stop the work on the others
                (observer or _Silent()).failed(Due.OPT_OUT, error)
                swept.left[Due.OPT_OUT] += 1
                continue
            if after.due is None and not after.settled:
                (observer or _Silent()).rejected(after)
            counts = swept.settled if after.settled else swept.left
            counts[consent.due] += 1
        return swept

    def _anything_due(self) -> bool:
        now = self.clock.now()
        consents = (self.ledger.due_consents(kind, now) for kind in (Due.OPT_OUT, Due.IMPORTED, Due.OPT_IN))
        others = (found(now) for found in (self.ledger.due_threads, self.ledger.due_rejected))
        return any(True for found in chain(consents, others) for _ in found)


class _Run:
    """One sweep, which has the exclusive turn."""

    def __init__(self, sweep: Sweep, worker: str, deadline: datetime, observer: SweepObserver) -> None:
        self._ledger = sweep.ledger
        self._sync = sweep.sync
        self._help_and_clarification = sweep.help_and_clarification
        self._clock = sweep.clock
        self._worker = worker
        self._deadline = deadline
        self._until = deadline - MARGIN
        self._observer = observer
        self._swept = Swept()
        self._skipped: set[tuple[Due, str, str]] = (
            set()
        )  # items that failed, or changed during every attempt, in this sweep
        self._retries = RETRIES

    def work(self) -> Swept:
        """Make passes until nothing is due or the time is up."""
        left = self._swept.left
        while self._clock.now() < self._until:
            left.clear()
            progressed = self._opt(Due.OPT_OUT, self._opt_outs(), FIRST_SLICE)
            first_left = left[Due.OPT_OUT]
            progressed |= self._reply()
            for rejected in (Rejection.OTHER, Rejection.NUMBER):
                found = self._ledger.due_consents(Due.OPT_OUT, self._clock.now(), rejected)
                progressed |= self._opt(Due.OPT_OUT, found, SLICE)
            if not first_left:
                for kind in (Due.IMPORTED, Due.OPT_IN):
                    progressed |= self._opt(kind, self._ledger.due_consents(kind, self._clock.now()), SLICE)
            if not sum(left.values()):
                progressed |= self._retry()
            if not sum(left.values()):
                break
            if not progressed:
                self._clock.sleep(PAUSE.total_seconds())
        return self._swept

    def _opt_outs(self) -> Iterator[Consent | Unreadable]:
        """Yield the due opt-outs that were never rejected: longest due first; in a long queue, newest and oldest alternately.

        So a new opt-out is among the next, also behind a backlog such as a file sent through the API.
        """
        now = self._clock.now()
        oldest = self._ledger.due_consents(Due.OPT_OUT, now, Rejection.NONE)
        first = list(islice(oldest, LONG))
        if len(first) < LONG:
            yield from first
            return
        newest = self._ledger.due_consents(Due.OPT_OUT, now, Rejection.NONE, newest_first=True)
        seen: set[tuple[str, str]] = set()
        for pair in zip(newest, chain(first, oldest), strict=False):
            for each in pair:
                if isinstance(each, Unreadable):
                    yield each
                    continue
                key = each.number, each.list_name
                if key in seen:
                    return  # every item has been yielded
                seen.add(key)
                yield each

    def _opt(self, kind: Due, found: Iterable[Consent | Unreadable], most: int) -> bool:
        """Sync up to ``most`` items of one class. Return whether anything was done."""
        until = min(self._until, self._clock.now() + SLICE_TIME * (most / SLICE))
        done = waiting = 0
        for seen in found:
            now = self._clock.now()
            if now >= until or waiting >= MOST_WAITING or done >= most:
                self._swept.left[kind] += 1
                break
            if isinstance(seen, Unreadable):
                self._unreadable(kind, seen)
                continue
            key = kind, seen.number, seen.list_name
            if key in self._skipped:
                continue
            try:
                after = self._sync.sync_if_due(seen)
            except Exception as error:  # noqa: BLE001  one item must not stop the work on the others
                self._skip(key, error)
                self._postpone(seen)
                done += 1
                continue
            if _is_due(after, now):
                if self._sync.waits(after, now):
                    self._swept.left[kind] += 1
                    waiting += 1
                else:
                    self._skipped.add(key)  # it changed during each attempt: the next sweep reads it again
            elif after.revision != seen.revision:
                waiting = 0
                done += 1
                self._swept.settled[kind] += 1
                if after.due is None and not after.settled:
                    self._observer.rejected(after)
        return done > 0

    def _reply(self) -> bool:
        progressed = False
        for found in self._ledger.due_threads(self._clock.now()):
            if isinstance(found, Unreadable):
                self._unreadable(Due.REPLY, found)
                continue
            key, thread = found
            if (Due.REPLY, thread.number, key) in self._skipped:
                continue
            try:
                done = self._clock.now() < self._until and self._help_and_clarification.send_if_due(key, thread)
            except Exception as error:  # noqa: BLE001  one item must not stop the work on the others
                self._skip((Due.REPLY, thread.number, key), error)
                continue
            if not done:
                self._swept.left[Due.REPLY] += 1
                break
            self._swept.left[Due.REPLY] += bool(thread.waiting)  # sent in the next pass
            self._swept.settled[Due.REPLY] += 1
            progressed = True
        return progressed

    def _retry(self) -> bool:
        """Retry permanently rejected numbers. Return whether anything was done. A sweep retries a limited number of them."""
        until = min(self._until, self._clock.now() + SLICE_TIME)
        done = 0
        for work in self._ledger.due_rejected(self._clock.now()):
            if isinstance(work, Unreadable):
                self._unreadable(Due.REJECTED, work)
                continue
            key = Due.REJECTED, work.number, work.list_name
            if key in self._skipped:
                continue
            if self._clock.now() >= until or self._retries <= 0:
                self._swept.left[Due.REJECTED] += self._retries > 0
                break
            self._retries -= 1
            try:
                if not self._sync.retry(work):
                    self._swept.left[Due.REJECTED] += 1
                    break
            except Exception as error:  # noqa: BLE001  one item must not stop the work on the others
                self._skip(key, error)
                continue
            self._swept.settled[Due.REJECTED] += 1
            done += 1
        return done > 0

    def _unreadable(self, kind: Due, item: Unreadable) -> None:
        """Report an item that cannot be read, once per sweep."""
        key = kind, *(item.key or ("", ""))
        if key not in self._skipped:
            self._skipped.add(key)
            self._observer.failed(kind, item)

    def _skip(self, key: tuple[Due, str, str], error: Exception) -> None:
        """Report an item and leave it to the next sweep. Raises TryAgain or Rejected if the ledger fails for every item."""
        self._skipped.add(key)
        self._observer.failed(key[0], error)
        # Renewing the turn fails too if the ledger is down. In an outage, the sweep therefore ends here.
        self._ledger.take_turn(TURN, self._worker, self._clock.now(), self._deadline)

    def _postpone(self, consent: Consent) -> None:
        """Postpone an item that failed before anything was written, so that it is not first in every sweep."""
        try:
            self._ledger.save(transitions.postponed_after_error(consent, self._clock.now()), replacing=consent)
        except Exception as error:  # noqa: BLE001  it has changed, or cannot be written
            del error


def _is_due(consent: Consent, now: datetime) -> bool:
    return consent.due is not None and (consent.due_at is None or consent.due_at <= now)
