"""Undoing an import, number by number: into the ledger only. Sweep makes the list calls."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sms_consent.domain.consent import UNKNOWN_TIME, Consent
from sms_consent.domain.decision import Asked, Decision
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.propagation import Scope
from sms_consent.domain.transitions import update
from sms_consent.domain.withdrawal import Withdrawal, WithdrawalEffect, withdraw

__all__ = ["Withdrawer"]

MOST_DECISIONS = 1000
"""How many decisions of one number are read. A number with more is left as it is, and reported."""
AHEAD = timedelta(days=2)
"""No recorded decision is further than this in the future."""


class Withdrawer:
    """Withdraws what one import recorded. Methods raise TryAgain or Rejected, and are safe to repeat."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        clock: Clock,
        scope: Scope | None,
        import_id: str,
        actor: str,
        texted: bool = False,
    ) -> None:
        """Create a withdrawer.

        Args:
            ledger: Where decisions are recorded.
            clock: The time.
            scope: Returns which decisions for other lists count; None: every opt-out, and no opt-in.
            import_id: The import.
            actor: Who withdraws it.
            texted: Whether to withdraw also what people texted themselves, from an imported message log.
        """
        self._ledger = ledger
        self._clock = clock
        self._scope = scope
        self._import_id = import_id
        self._actor = actor
        self._texted = texted

    def preview(self, number: str, list_name: str) -> Withdrawal:
        """Return what ``withdraw`` would do for a number. Makes two reads."""
        return self._decide(number, list_name, self._ledger.consent(number, list_name))

    def withdraw(self, number: str, list_name: str) -> WithdrawalEffect:
        """Withdraw the import for one number, in one transaction. Repeats it if another worker writes the consent
        meanwhile."""
        found = Withdrawal(WithdrawalEffect.ERASED)

        def change(stored: Consent | None) -> Consent | None:
            nonlocal found
            found = self._decide(number, list_name, stored)
            return found.consent

        def save(changed: Consent, stored: Consent | None) -> None:
            decision, outcome = found.decision, found.outcome
            if stored is None or decision is None or outcome is None:
                return
            self._ledger.save_and_append(changed, stored, decision, outcome, self._clock.now())

        update(self._ledger.consent(number, list_name), change, save)
        return found.effect

    def _decide(self, number: str, list_name: str, stored: Consent | None) -> Withdrawal:
        now = self._clock.now()
        recorded = self._ledger.recorded_between(number, UNKNOWN_TIME, now + AHEAD, most=MOST_DECISIONS)
        return withdraw(
            stored, recorded, self._import_id, counts=partial(_counts, list_name, self._scope), actor=self._actor,
            now=now, texted=self._texted,
        )  # fmt: skip


def _counts(list_name: str, scope: Scope | None, decision: Decision) -> bool:
    """Return whether a decision in the history counts for a list. If that is not known, an opt-out counts and an opt-in
    does not."""
    if decision.list_name == list_name:
        return True
    if decision.asked is Asked.OPT_OUT:
        return decision.list_name is None or scope is None or scope.is_wider(decision)
    return (
        decision.list_name is not None and scope is not None and list_name in scope.beyond(decision, decision.list_name)
    )
