"""JSON views of a consent and of a decision, for the command line and the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sms_consent.domain.consent import Consent, Listing, Status
from sms_consent.domain.evidence import Fact
from sms_consent.domain.time import as_text, text_or_none
from sms_consent.queries.history import Entry

__all__ = ["consent_view", "decision_view", "fact_view"]


def consent_view(consent: Consent) -> dict[str, Any]:
    """Return a consent as JSON: its status, whether the opt-out list matches it, and AWS's entry. Omits absent values."""
    return _present(
        optOutList=consent.list_name,
        status=consent.status.value,
        isOptedOut=consent.status is not Status.OPTED_IN,
        endUserOptedOut=consent.end_user_opted_out,
        decidedAt=as_text(consent.decided_at),
        firstAskedOutAt=text_or_none(consent.first_asked_out_at),
        askedOutAt=text_or_none(consent.asked_out_at),
        askedOutCount=consent.asked_out_count or None,
        decidedBy=consent.decided_by,
        applied=consent.settled,
        listing=_listing_view(consent.listing),
        deletedAt=text_or_none(consent.deleted_at),
        releasedAt=text_or_none(consent.held_until),
        refusal=consent.refusal,
        due=consent.due.value if consent.due is not None else None,
        dueAt=text_or_none(consent.due_at),
        attempts=consent.attempts,
    )


def decision_view(entry: Entry, facts: Sequence[Fact] | None = None) -> dict[str, Any]:
    """Return a decision as JSON: who asked for what, through which channel, how it was classified, and its facts if given."""
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
        facts=[fact_view(fact) for fact in facts] if facts is not None else None,
    )


def fact_view(fact: Fact) -> dict[str, Any]:
    """Return one fact: what happened, when it was recorded, and the service's answer or the reply."""
    delay = fact.delay
    return _present(
        kind=fact.kind.value,
        at=as_text(fact.at),
        optOutList=fact.list_name,
        delaySeconds=round(delay.total_seconds(), 3) if delay is not None else None,
        listing=_listing_view(fact.listing),
        deletedAt=text_or_none(fact.deleted_at),
        until=text_or_none(fact.until),
        reason=fact.reason,
        reply=fact.reply,
        state=fact.state,
        messageId=fact.message_id,
        text=fact.text,
        language=fact.language,
        sender=fact.sender,
        drift=fact.drift,
        status=fact.status,
        entries=fact.entries,
        actor=fact.actor,
    )


def _listing_view(listing: Listing | None) -> dict[str, Any] | None:
    if listing is None:
        return None
    return _present(at=text_or_none(listing.at), endUserOptedOut=listing.end_user_opted_out)


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
