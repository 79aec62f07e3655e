"""Records a decision and leaves the list to sweep: the ledger answers for it from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.reply import RecentReply, ReplyKind
from sms_consent.recording.consent_change import ConsentChanger

__all__ = ["Left", "LeftToSweep", "leave_to_sweep"]


@dataclass(frozen=True, slots=True)
class Left:
    """What a decision did, and whether anything had to be written for it."""

    outcome: Outcome
    is_new: bool


class LeftToSweep:
    """Stands in for ``Sync`` in a process that only records: it takes no lease, and what is recorded stays due."""

    def try_lease(self, *, opting_out: bool, answering: bool) -> None:
        """No lease."""

    def withholds(self, kind: ReplyKind, recent: Sequence[RecentReply]) -> None:
        """No limit: the worker that sends the reply applies it."""

    def sync_if_due(self, consent: Consent) -> Consent:
        """Nothing is done."""
        return consent

    def sync_with_lease(self, consent: Consent, worker: str) -> Consent:  # noqa: ARG002
        """Nothing is done."""
        return consent


def leave_to_sweep(ledger: ConsentLedger, decision: Decision, list_name: str, *, clock: Clock) -> Left:
    """Record a decision for one list, in one conditional write where it changes the consent. Safe to repeat.

    The change carries a copy of the decision, which sweep takes to the history with the rest. Raises TryAgain or Rejected.
    """
    decision = replace(decision, list_name=list_name)
    change = ConsentChanger(ledger, clock).change(decision, list_name, try_lease=lambda *_: (None, None), alone=True)
    if change.outcome is Outcome.CHANGED or change.in_history:
        return Left(change.outcome, change.is_written)
    appended = ledger.append(change.decision, change.outcome, clock.now())
    return Left(change.outcome, change.is_written or appended)
