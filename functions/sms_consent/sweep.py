"""Does the work that is due: opt-outs first, then replies, imports, opt-ins; the longest due first, at the API's rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sms_consent.consent import Consent, Due
from sms_consent.correspondence import Correspondence
from sms_consent.errors import Rejected, TryAgain, Unreadable
from sms_consent.ports import Clock, ConsentLedger
from sms_consent.sync import Sync

__all__ = ["Sweep", "Swept"]

TURN = "sweep"
IN_A_ROW = 100
"""After so many that must wait, the rest of the queue, which is younger, must too."""

MARGIN = timedelta(seconds=10)
"""What is left of the function's time for the call under way, its time-out and its mark."""

SLICE = 100
"""After so many that were done of the less urgent kinds, opt-outs and replies that came meanwhile have their turn."""

SOON = timedelta(seconds=2)
"""How long a run for single consents waits for one that is about to be due: clocks differ by milliseconds, and the times that a
process on a person's machine writes are only known to the second."""

BREATH = timedelta(seconds=1)
"""How long to wait when all that is due must wait: the quotas count requests a second."""


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    settled: Counter[Due] = field(default_factory=Counter)
    left: Counter[Due] = field(default_factory=Counter)
    overdue: timedelta = timedelta()  # how long the oldest opt-out that was found had been waiting
    elsewhere: bool = False  # whether another sweep was at it, and this one left it alone


class Sweep:
    """Makes one pass after the other over what is due, until nothing is or its time is up."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        sync: Sync,
        correspondence: Correspondence,
        clock: Clock,
        new_token: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._sync = sync
        self._correspondence = correspondence
        self._clock = clock
        self._new_token = new_token

    def run(self, deadline: datetime) -> Swept:
        """Work until shortly before the function is cut off. Raises TryAgain if the ledger fails; what was done stays done.

        One sweep at a time: a schedule may start two at once, and each would take the API's whole rate.
        """
        if not self._anything_due():
            return Swept()
        worker = self._new_token()
        if not self._ledger.take_turn(TURN, worker, self._clock.now(), deadline):
            return Swept(elsewhere=True)
        self._sync.pace.begin()
        swept = self._swept(deadline - MARGIN)
        self._ledger.end_turn(TURN, worker, self._clock.now())  # of one that fails, the turn ends by itself
        return swept

    def run_for(self, targets: Iterable[tuple[str, str]], deadline: datetime) -> Swept:
        """Do what is due for a few consents, each given by number and list.

        It does not wait for the turn: a few calls beside a scheduled sweep, like those of InboundFunction, at worst are throttled
        and stay due. A consent that cannot be read or written does not stop the others.
        """
        swept = Swept()
        until = deadline - MARGIN
        for number, list_name in targets:
            try:
                consent = self._ledger.consent(number, list_name)
                if consent is None or consent.due is None or consent.due_at is None:
                    continue
                wait = consent.due_at - self._clock.now()
                if wait > SOON:
                    continue
                if wait > timedelta():
                    self._clock.sleep(wait.total_seconds())
                if self._clock.now() >= until:
                    swept.left[consent.due] += 1
                    continue
                after = self._sync.settle(consent)
            except (TryAgain, Rejected, Unreadable):
                swept.left[Due.OPT_OUT] += 1
                continue
            counts = swept.settled if after.settled else swept.left
            counts[consent.due] += 1
        return swept

    def _anything_due(self) -> bool:
        now = self._clock.now()
        kinds = (Due.OPT_OUT, Due.IMPORTED, Due.OPT_IN)
        return any(any(True for _ in self._ledger.due_consents(kind, now)) for kind in kinds) or any(
            True for _ in self._ledger.due_letters(now)
        )

    def _swept(self, until: datetime) -> Swept:
        swept = Swept()
        while self._clock.now() < until:
            progressed = self._opt(Due.OPT_OUT, until, swept)
            progressed |= self._reply(until, swept)
            if not swept.left[Due.OPT_OUT]:
                progressed |= self._opt(Due.IMPORTED, until, swept, SLICE)
                progressed |= self._opt(Due.OPT_IN, until, swept, SLICE)
            if not sum(swept.left.values()):
                break
            if not progressed:
                self._clock.sleep(BREATH.total_seconds())
        return swept

    def _opt(self, kind: Due, until: datetime, swept: Swept, most: int | None = None) -> bool:
        swept.left[kind] = 0
        progressed = False
        waiting = 0
        settled_before = swept.settled[kind]
        for seen in self._ledger.due_consents(kind, self._clock.now()):
            now = self._clock.now()
            enough = most is not None and swept.settled[kind] - settled_before >= most
            if now >= until or waiting >= IN_A_ROW or enough:
                swept.left[kind] += 1
                break
            if kind is Due.OPT_OUT:
                swept.overdue = max(swept.overdue, now - seen.owed_since)
            after = self._sync.settle(seen)
            if _is_due(after, now):
                swept.left[kind] += 1
                waiting += 1
            elif after.revision != seen.revision:
                swept.settled[kind] += 1
                progressed, waiting = True, 0
        return progressed

    def _reply(self, until: datetime, swept: Swept) -> bool:
        swept.left[Due.REPLY] = 0
        progressed = False
        for key, letter in self._ledger.due_letters(self._clock.now()):
            if self._clock.now() >= until or not self._correspondence.settle(key, letter):
                swept.left[Due.REPLY] += 1
                break
            swept.settled[Due.REPLY] += 1
            progressed = True
        return progressed


def _is_due(consent: Consent, now: datetime) -> bool:
    return consent.due is not None and consent.due_at is not None and consent.due_at <= now
