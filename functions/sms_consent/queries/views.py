"""JSON views of a consent and of a decision, for the command line and the API."""

from __future__ import annotations

from typing import Any

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.time import as_text, text_or_none
from sms_consent.queries.history import Entry

__all__ = ["consent_view", "decision_view"]


def consent_view(consent: Consent) -> dict[str, Any]:
    """Return a consent as JSON: its status, whether the opt-out list matches it, and AWS's entry. Omits absent values."""
    listing = consent.listing
    return _present(
        optOutList=consent.list_name,
        status=consent.status.value,
        isOptedOut=consent.status is not Status.OPTED_IN,
        endUserOptedOut=consent.end_user_opted_out,
        decidedAt=as_text(consent.decided_at),
        decidedBy=consent.decided_by,
        applied=consent.settled,
        listing=_present(at=text_or_none(listing.at), endUserOptedOut=listing.end_user_opted_out) if listing else None,
        deletedAt=text_or_none(consent.deleted_at),
        releasedAt=text_or_none(consent.held_until),
        refusal=consent.refusal,
        due=consent.due.value if consent.due is not None else None,
        dueAt=text_or_none(consent.due_at),
        attempts=consent.attempts,
    )


def decision_view(entry: Entry) -> dict[str, Any]:
    """Return a decision as JSON: who asked for what, through which channel, and how it was classified."""
    decision = entry.decision
    return _present(
        id=decision.id,
        at=as_text(decision.at),
        asked=decision.asked.value,
        author=decision.author.value,
        through=decision.through,
        actor=decision.actor,
        reference=decision.reference,
        importId=decision.import_id,
        body=decision.body,
        tier=decision.tier,
        rule=decision.rule,
        matched=decision.matched,
        language=decision.language,
        rulesVersion=decision.rules_version,
        outcome=entry.outcome.value if entry.outcome is not None else None,
        recordedAt=text_or_none(entry.recorded_at),
    )


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
