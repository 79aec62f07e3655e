"""Recording of opt-outs and opt-ins, the same for every channel: into the ledger, and then onto the opt-out list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from sms_consent.domain.consent import Consent, Lease
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.propagation import Scope
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState
from sms_consent.domain.transitions import OPT_IN_ANSWER_USEFUL_FOR, by_end_user
from sms_consent.recording.consent_change import Change, ConsentChanger

if TYPE_CHECKING:  # a process that only records need not import it
    from sms_consent.sync.sync import Sync

__all__ = ["Recorded", "Recorder"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The effect of a decision on all the lists that it counts for, and the consent on the sender's own list after it."""

    outcome: Outcome
    consent: Consent
    overruled_by: Author | None = None  # of a newer opt-in that the same person did not text, and that overrules a STOP
    is_new: bool = True  # whether anything was written


class Recorder:
    """Records opt-outs and opt-ins in the ledger."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        clock: Clock,
        sync: Sync | None = None,
        grace: timedelta = timedelta(),
        scope: Scope | None = None,
    ) -> None:
        """Create a recorder.

        Args:
            ledger: Where decisions are recorded.
            clock: The time.
            sync: Makes list calls; None only records and leaves the calls to sweep.
            grace: How long a put waits for its confirmation, which AWS refuses once the number is on the list.
            scope: The further lists that a decision counts for; None: the given list only.
        """
        self._ledger = ledger
        self._sync = sync
        self._clock = clock
        self._grace = grace
        self._scope = scope
        self._changer = ConsentChanger(ledger, clock, counts_beyond=scope.is_wider if scope is not None else None)

    def record(
        self, decision: Decision, list_name: str, *, reply_from: str | None = None, sync_now: bool = True
    ) -> Recorded:
        """Record a decision, and make the list calls that can be made now. Safe to repeat after any failure.

        The consents for all lists are changed before the first list call.

        Args:
            decision: The decision.
            list_name: The sender's own list.
            reply_from: The number or agent that a confirmation is sent from; None sends none.
            sync_now: False leaves the list calls to sweep. A changed consent then holds the decision in its outbox, and sweep
                writes it to the history too: one write for each list.

        Raises:
            TryAgain: The ledger did not respond. Everything else is done; recording the same decision again completes it.
        """
        recorded = self._record(decision, list_name, reply_from, sync_now=sync_now)
        return cast("Recorded", recorded)  # only decisions that count ``only_if_opted_out`` are ignored

    def record_if_opted_out(self, decision: Decision, list_name: str, *, reply_from: str | None) -> Recorded | None:
        """Record an opt-in by an everyday word on the lists where the newest decision is an older opt-out.

        Returns None if there is no such list: then nothing was written, at the cost of one read per list. The condition is part
        of each conditional write.
        """
        return self._record(replace(decision, only_if_opted_out=True), list_name, reply_from, sync_now=True)

    def _record(self, decision: Decision, list_name: str, reply_from: str | None, *, sync_now: bool) -> Recorded | None:
        failures = _Failures()
        sync = self._sync if sync_now else None
        decision = replace(decision, list_name=list_name)
        changes = self._changes(decision, list_name, reply_from, sync, failures)
        changes = [change for change in changes if change.outcome is not Outcome.IGNORED]
        consents = []
        for change in changes:
            with failures:
                consents.append(_synced(sync, change) if sync is not None else change.consent)
        failures.raise_first()
        if not changes:
            return None
        # The history says CHANGED if any list's consent was changed.
        outcome = min((change.outcome for change in changes), key=list(Outcome).index)
        is_recorded = outcome is Outcome.CHANGED and (
            sync is None or all(consent.outbox is None for consent in consents)
        )
        is_new = any(change.is_written for change in changes)
        if not is_recorded and not changes[0].in_history:
            is_new |= self._ledger.append(changes[0].decision, outcome, self._clock.now())
        overruled = [change.overruled_by for change in changes if change.overruled_by is not None]
        return Recorded(outcome, consents[0], overruled[0] if overruled else None, is_new)

    def _changes(
        self, decision: Decision, list_name: str, reply_from: str | None, sync: Sync | None, failures: _Failures
    ) -> list[Change]:
        """Change the consent for each list. Only that for the sender's own list, the first, holds the reply."""
        changes = []
        further: tuple[str, ...] | None = ()
        if self._scope is not None:
            further = None
            with failures:
                further = self._scope.beyond(decision, list_name)
        with failures:
            changes.append(self._change(decision, list_name, reply_from, sync, alone=further == ()))
            decision = changes[0].decision
        for each in further or ():
            with failures:
                changes.append(self._change(decision, each, None, sync, alone=False))
        return changes

    def _change(
        self, decision: Decision, list_name: str, reply_from: str | None, sync: Sync | None, *, alone: bool
    ) -> Change:
        def try_lease(decision: Decision, stored: Consent | None, now: datetime) -> tuple[Lease | None, Reply | None]:
            answer = self._answer(decision, reply_from, sync, stored, now)
            if sync is None:
                return None, answer
            answering = answer is not None and answer.state is ReplyState.DUE
            lease = sync.try_lease(opting_out=decision.asked is Asked.OPT_OUT, answering=answering, now=now)
            return lease, answer

        return self._changer.change(decision, list_name, try_lease=try_lease, alone=alone)

    def _answer(
        self, decision: Decision, reply_from: str | None, sync: Sync | None, stored: Consent | None, now: datetime
    ) -> Reply | None:
        """Return the confirmation to send. It goes to people who texted only, once, without marketing (47 CFR 64.1200(a)(12)).

        If a limit withholds the confirmation of an opt-out, the put does not wait for it. The confirmation of an opt-in may be
        sent weeks later, so its limits are checked then.
        """
        if reply_from is None or not by_end_user(decision):
            return None
        opting_out = decision.asked is Asked.OPT_OUT
        answer = Reply(
            decision_id=decision.id,
            kind=ReplyKind.OPT_OUT_CONFIRMATION if opting_out else ReplyKind.OPT_IN_CONFIRMATION,
            language=decision.language,
            sender=reply_from,
            until=now + (self._grace if opting_out else OPT_IN_ANSWER_USEFUL_FOR),
        )
        if not opting_out or stored is None or sync is None:
            return answer  # the worker that sends it checks the limits
        withheld = sync.withholds(answer.kind, stored.recent_replies, now)
        return answer.skipped(withheld) if withheld is not None else answer


def _synced(sync: Sync, change: Change) -> Consent:
    """Make the list calls that can be made now, and return the consent after them."""
    if change.lease is not None and change.consent.lease == change.lease.worker:
        return sync.sync_with_lease(change.consent, change.lease.worker)
    # No lease was taken, or another worker has one and sees this change after its call. What is due nevertheless is done now.
    return sync.sync_if_due(change.consent)


class _Failures:
    """Collects the failures of single lists until the other lists are done."""

    def __init__(self) -> None:
        self._first: TryAgain | Rejected | None = None

    def __enter__(self) -> None:
        """Begin a step that may fail."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, TryAgain | Rejected):
            return False
        self._first = self._first or error
        return True

    def raise_first(self) -> None:
        """Raise the first failure, if there is one."""
        if self._first is not None:
            raise self._first
