"""Turns a decision into what should be, once, and lets sync make the world match: the same for every channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from sms_consent.domain.consent import Consent, Lease
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.propagation import Scope
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState
from sms_consent.domain.transitions import OPT_IN_ANSWER_USEFUL_FOR
from sms_consent.recording.consent_change import Change, ConsentChanger
from sms_consent.recording.leave_to_sweep import LeftToSweep
from sms_consent.sync.sync import Sync

__all__ = ["Recorded", "Recorder"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a decision did on all the lists that it counts for, and the consent on the sender's own as it stands after it."""

    outcome: Outcome
    consent: Consent
    overruled_by: Author | None = None  # whose newer opt-in stands against a STOP, if not the same person's text


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
        self._changer = ConsentChanger(ledger, clock, counts_beyond=scope.is_wider if scope is not None else None)

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
        decision = replace(decision, list_name=list_name)
        changes = self._changes(decision, list_name, reply_from, failures)
        changes = [change for change in changes if change.outcome is not Outcome.IGNORED]
        consents = []
        for change in changes:
            with failures:
                consents.append(self._synced(change))
        failures.raise_first()
        if not changes:
            return None
        # The history says CHANGED if any list's consent was changed.
        outcome = min((change.outcome for change in changes), key=list(Outcome).index)
        left = outcome is not Outcome.CHANGED or any(consent.outbox is not None for consent in consents)
        if left and not changes[0].in_history:
            self._ledger.append(changes[0].decision, outcome, self._clock.now())
        overruled = [change.overruled_by for change in changes if change.overruled_by is not None]
        return Recorded(outcome, consents[0], overruled[0] if overruled else None)

    def _changes(self, decision: Decision, list_name: str, reply_from: str | None, failures: _Failures) -> list[Change]:
        """The sender's own list first. Only it carries the reply, which its put would forbid; others forbid nothing."""
        changes = []
        further: tuple[str, ...] | None = ()
        if self._scope is not None:
            further = None
            with failures:
                further = self._scope.beyond(decision, list_name)
        with failures:
            changes.append(self._change(decision, list_name, reply_from, alone=further == ()))
            decision = changes[0].decision
        for each in further or ():
            with failures:
                changes.append(self._change(decision, each, None, alone=False))
        return changes

    def _synced(self, change: Change) -> Consent:
        """As far as can be done at once."""
        if change.lease is not None and change.consent.lease == change.lease.worker:
            return self._sync.sync_with_lease(change.consent, change.lease.worker)
        # No lease was taken. What is due all the same is done now, unless another worker is at the list: it finds this change.
        return self._sync.sync_if_due(change.consent)

    def _change(self, decision: Decision, list_name: str, reply_from: str | None, *, alone: bool) -> Change:
        def try_lease(decision: Decision, standing: Consent | None) -> tuple[Lease | None, Reply | None]:
            answer = self._answer(decision, reply_from, standing)
            answering = answer is not None and answer.state is ReplyState.DUE
            return self._sync.try_lease(opting_out=decision.asked is Asked.OPT_OUT, answering=answering), answer

        return self._changer.change(decision, list_name, try_lease=try_lease, alone=alone)

    def _answer(self, decision: Decision, reply_from: str | None, standing: Consent | None) -> Reply | None:
        """Only who texted us is answered; a confirmation is allowed once, without marketing (47 CFR 64.1200(a)(12)).

        Where a limit withholds the confirmation of an opt-out, its put does not wait for one. That of an opt-in may be
        sent weeks later, so its limits are looked at then.
        """
        if reply_from is None or not decision.by_end_user:
            return None
        opting_out = decision.asked is Asked.OPT_OUT
        answer = Reply(
            decision_id=decision.id,
            kind=ReplyKind.OPT_OUT_CONFIRMATION if opting_out else ReplyKind.OPT_IN_CONFIRMATION,
            language=decision.language,
            sender=reply_from,
            until=self._clock.now() + (self._grace if opting_out else OPT_IN_ANSWER_USEFUL_FOR),
        )
        if not opting_out or standing is None:
            return answer
        withheld = self._sync.withholds(answer.kind, standing.recent_replies)
        return answer.skipped(withheld) if withheld is not None else answer


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
