"""Records a decision that nobody waits for: the ledger answers for it from then on, and sweep does what the list is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sms_consent.consent import Consent, decide
from sms_consent.decision import Decision, Outcome
from sms_consent.errors import Moved, Unavailable
from sms_consent.ports import Clock, ConsentLedger

__all__ = ["Left", "LeftToSweep", "leave_to_sweep"]

ATTEMPTS = 12
"""Conditional writes lost in a row before the caller is told to come again."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a decision did, and whether anything had to be written for it."""

    outcome: Outcome
    is_new: bool


class LeftToSweep:
    """Stands in for ``Sync`` in a process that only records: it takes no lease, and what is recorded stays due."""

    def offer(self, *, opting_out: bool, answering: bool) -> None:
        """No lease."""

    def settle(self, consent: Consent) -> Consent:
        """Nothing is done."""
        return consent

    def carry_on(self, consent: Consent, worker: str) -> Consent:  # noqa: ARG002
        """Nothing is done."""
        return consent


def leave_to_sweep(ledger: ConsentLedger, decision: Decision, list_name: str, *, clock: Clock) -> Left:
    """For one list, in one conditional write where it changes the consent: its copy in the outbox is taken to the history
    by sweep, with the rest. Safe to repeat. Raises TryAgain or Rejected.
    """
    standing: Consent | None = None  # a guess, right for every number that is new here: the write spares the read
    for _ in range(ATTEMPTS):
        now = clock.now()
        outcome, changed = decide(standing, decision, list_name, now=now, claim=None, answer=None)
        try:
            if changed is not None:
                _keep_evidence(ledger, standing, changed, clock)
                ledger.save(changed, replacing=standing)
        except Moved as moved:
            standing = cast("Consent | None", moved.current)
            continue
        if outcome is Outcome.CHANGED:
            return Left(outcome, changed is not None)
        appended = ledger.append(decision, outcome, now)
        return Left(outcome, changed is not None or appended)
    raise Unavailable("the consent changed under every attempt to write it")


def _keep_evidence(ledger: ConsentLedger, standing: Consent | None, changed: Consent, clock: Clock) -> None:
    """An outbox that another decision takes goes to the history first."""
    if standing is not None and standing.outbox is not None and changed.outbox is not standing.outbox:
        ledger.append(standing.outbox, Outcome.CHANGED, clock.now())
