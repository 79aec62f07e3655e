"""Revoking opt-ins that were not carried out when a ledger was copied.

SweepFunction would carry them out now and delete the numbers from the opt-out list, although a STOP that was recorded after the
copy is missing in the restored table. It is unknown whether an opt-in still applies, so the person counts as opted out, and can
text START again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.time import as_text
from sms_consent.domain.transitions import decide

if TYPE_CHECKING:
    from sms_consent.domain.ports import Clock

__all__ = ["THROUGH", "revoke_opt_in"]

THROUGH = "ledger-restore"
"""The channel of these decisions."""


def revoke_opt_in(ledger: DynamoLedger, consent: Consent, copied_at: datetime, clock: Clock) -> None:
    """Record an opt-out at the time of the copy. Repeating it changes nothing. Raises Moved, TryAgain or Rejected."""
    at = max(copied_at, consent.decided_at)  # at equal times an opt-out wins
    decision = Decision(
        id=f"{THROUGH}/{consent.list_name}/{as_text(copied_at)}",
        number=consent.number,
        asked=Asked.OPT_OUT,
        at=at,
        author=Author.IMPORT,
        through=THROUGH,
        reference=as_text(copied_at),
        list_name=consent.list_name,
    )
    now = clock.now()
    changed = decide(consent, decision, consent.list_name, now=now, lease=None, answer=None)[1]
    if changed is None:
        return
    ledger.save(changed, replacing=consent)
    ledger.append(decision, Outcome.CHANGED, now)
