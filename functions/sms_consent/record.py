"""Turns a decision into what should be, once, and lets sync make the world match: the same for every channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from sms_consent.answer import Answer
from sms_consent.consent import Consent, decide
from sms_consent.decision import Asked, Decision, Outcome
from sms_consent.errors import Moved, Rejected, TryAgain, Unavailable
from sms_consent.leave_to_sweep import LeftToSweep
from sms_consent.ports import Clock, ConsentLedger
from sms_consent.progress import OPT_IN_ANSWER_USEFUL_FOR
from sms_consent.replies import ReplyKind
from sms_consent.scope import Scope
from sms_consent.sync import Sync

__all__ = ["Recorded", "Recorder"]

ATTEMPTS = 12
"""Conditional writes lost in a row before a record goes back to its queue."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a decision did on all the lists that it counts for, and the consent on the sender's own as it stands after it."""

    outcome: Outcome
    consent: Consent


@dataclass(frozen=True, slots=True)
class _Change:
    """What a decision did for one list, and the name under which the lease on it was taken."""

    outcome: Outcome
    consent: Consent
    worker: str | None
    recorded: bool = False  # in the history, by the same write


class Recorder:
    """Records opt-outs and opt-ins."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        sync: Sync | LeftToSweep,
        clock: Clock,
        grace: timedelta,
        scope: Scope | None = None,
    ) -> None:
        """With ``LeftToSweep`` in place of ``Sync``, it only records.

        ``grace`` is how long a put may wait for its confirmation, which the service would refuse after it.

        Without a scope, a decision counts for the list that it is recorded for, and for no other.
        """
        self._ledger = ledger
        self._sync = sync
        self._clock = clock
        self._grace = grace
        self._scope = scope

    def record(self, decision: Decision, list_name: str, *, reply_from: str | None) -> Recorded:
        """Record, and do at once what can be done. Safe to repeat, after any failure, at any point.

        Every list's consent is changed before anything else is done for one. Raises TryAgain if the ledger did not answer,
        once the rest is done: the caller delivers the same decision again, which completes it.
        """
        return cast("Recorded", self._record(decision, list_name, reply_from))  # nothing else is ignored

    def record_if_opted_out(self, decision: Decision, list_name: str, *, reply_from: str | None) -> Recorded | None:
        """Record an opt-in by an everyday word on the lists where the newest decision is an older opt-out.

        Returns None if there is no such list: then nothing was written, at the cost of one read a list. The condition is part
        of each conditional write, so it holds for what stands at the time of writing.
        """
        return self._record(replace(decision, only_if_opted_out=True), list_name, reply_from)

    def _record(self, decision: Decision, list_name: str, reply_from: str | None) -> Recorded | None:
        failures = _Failures()
        changes = self._changes(decision, list_name, reply_from, failures)
        changes = [change for change in changes if change.outcome is not Outcome.IGNORED]
        consents = []
        for change in changes:
            with failures:
                consents.append(self._synced(change))
        failures.raise_first()
        if not changes:
            return None
        # The telling one first: the history says CHANGED if any list's consent was changed.
        outcome = min((change.outcome for change in changes), key=list(Outcome).index)
        left = outcome is not Outcome.CHANGED or any(consent.outbox is not None for consent in consents)
        if left and not changes[0].recorded:
            self._ledger.append(decision, outcome, self._clock.now())
        return Recorded(outcome, consents[0])

    def _changes(
        self, decision: Decision, list_name: str, reply_from: str | None, failures: _Failures
    ) -> list[_Change]:
        """The sender's own list first. Only it carries the reply, which its put would forbid; others forbid nothing."""
        changes = []
        further: tuple[str, ...] | None = ()
        if self._scope is not None:
            further = None
            with failures:
                further = self._scope.beyond(decision, list_name)
        with failures:
            changes.append(self._change(decision, list_name, reply_from, alone=further == ()))
        for each in further or ():
            with failures:
                changes.append(self._change(decision, each, None, alone=False))
        return changes

    def _synced(self, change: _Change) -> Consent:
        """As far as can be done at once."""
        if change.worker is not None and change.consent.lease == change.worker:
            return self._sync.carry_on(change.consent, change.worker)
        # No lease was taken. What is due all the same is done now, unless another worker is at the list: it finds this change.
        return self._sync.settle(change.consent)

    def _change(self, decision: Decision, list_name: str, reply_from: str | None, *, alone: bool) -> _Change:
        """The consent as this decision leaves it.

        A decision for one list that changes no status, such as a second STOP, is recorded by the same call. Others are not:
        a transaction costs double, and what is changed has to be written again anyway, once the list has followed.
        """
        standing: Consent | None = None  # a guess, right for every first STOP: a conditional write spares the read
        if decision.only_if_opted_out:
            standing = self._ledger.consent(decision.number, list_name)
        for _ in range(ATTEMPTS):
            now = self._clock.now()
            answer = self._answer(decision, reply_from)
            claim = self._sync.offer(opting_out=decision.asked is Asked.OPT_OUT, answering=answer is not None)
            outcome, changed = decide(standing, decision, list_name, now=now, claim=claim, answer=answer)
            if changed is None:
                return _Change(outcome, cast("Consent", standing), None)
            if standing is not None and standing.outbox is not None and changed.outbox is not standing.outbox:
                self._ledger.append(standing.outbox, Outcome.CHANGED, now)
            recorded = alone and standing is not None and outcome is not Outcome.CHANGED
            try:
                if recorded:
                    self._ledger.save_and_append(changed, cast("Consent", standing), decision, outcome, now)
                else:
                    self._ledger.save(changed, replacing=standing)
            except Moved as moved:
                standing = cast("Consent | None", moved.current)
                continue
            return _Change(outcome, changed, claim.worker if claim is not None else None, recorded)
        raise Unavailable("the consent changed under every attempt to write it")

    def _answer(self, decision: Decision, reply_from: str | None) -> Answer | None:
        """Only who texted us is answered; a confirmation is allowed once, without marketing (47 CFR 64.1200(a)(12))."""
        if reply_from is None or not decision.by_end_user:
            return None
        opting_out = decision.asked is Asked.OPT_OUT
        return Answer(
            decision_id=decision.id,
            kind=ReplyKind.OPT_OUT_CONFIRMATION if opting_out else ReplyKind.OPT_IN_CONFIRMATION,
            language=decision.language,
            sender=reply_from,
            until=self._clock.now() + (self._grace if opting_out else OPT_IN_ANSWER_USEFUL_FOR),
        )


class _Failures:
    """Holds back what fails for one list until the others are done."""

    def __init__(self) -> None:
        self._first: TryAgain | Rejected | None = None

    def __enter__(self) -> None:
        """What follows may fail."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, TryAgain | Rejected):
            return False
        self._first = self._first or error
        return True

    def raise_first(self) -> None:
        """Nothing more can be done: whoever called must know."""
        if self._first is not None:
            raise self._first
