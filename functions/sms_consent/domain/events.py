"""Events about changes of the ledger, derived from the item before and after a write. Pure.

No event contains what a person wrote, neither the body nor the words that matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sms_consent.domain.consent import Consent, Drift, Listing, Status
from sms_consent.domain.decision import Asked, Decision
from sms_consent.domain.time import as_text, text_or_none

__all__ = ["Event", "EventEnvelope", "EventType", "of_consent", "of_decision", "of_drift"]

Value = str | bool | int | dict[str, "Value"]

_NAMES = UUID("d6003528-a64e-459f-8f24-3ca75907983e")
"""The namespace of event ids (RFC 9562, version 5): the same change always gets the same id."""


class EventType(StrEnum):
    """The kinds of events; each has a schema in ``schemas/``."""

    CONSENT_WITHDRAWN = "ConsentWithdrawn"
    CONSENT_RESTORED = "ConsentRestored"
    OPT_IN_DEFERRED = "OptInDeferred"
    WITHDRAWAL_UNCLEAR = "WithdrawalUnclear"
    LIST_DRIFTED = "ListDrifted"


_TYPES = {
    Status.OPTED_OUT: EventType.CONSENT_WITHDRAWN,
    Status.OPTED_IN: EventType.CONSENT_RESTORED,
    Status.OPT_IN_PENDING: EventType.OPT_IN_DEFERRED,
}


@dataclass(frozen=True, slots=True)
class Event:
    """A published event. Events of the same ``number`` are published in order."""

    type: EventType
    number: str
    detail: Mapping[str, Value]

    @property
    def id(self) -> str:
        """The event's id, the same for every publication, so that consumers can discard duplicates."""
        return str(self.detail["id"])


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """An event with the time of the change and the ledger it comes from."""

    event: Event
    changed_at: datetime | None
    ledger: str | None


def of_consent(before: Consent | None, after: Consent) -> Event | None:
    """Return the event for a change of a consent, or None.

    Marks, leases, replies and decisions that confirm the status publish nothing.
    """
    if before is not None and _public(before) == _public(after):
        return None
    version = _version(after)
    return Event(
        _TYPES[after.status],
        after.number,
        _present(
            id=_id("consent", after.number, after.list_name, version),
            version=version,
            number=after.number,
            list=after.list_name,
            status=after.status.value,
            previous_status=before.status.value if before is not None else None,
            EndUserOptedOut=after.end_user_opted_out,
            held_until=text_or_none(after.held_until),
            first_asked_out_at=text_or_none(after.first_asked_out_at),
            asked_out_count=after.asked_out_count or None,
            decided_at=as_text(after.decided_at),
            decided_by=after.decided_by,
            decision=_evidence(after.outbox) if _decided(after) else None,
        ),
    )


def of_decision(decision: Decision) -> Event | None:
    """Return the event for a decision, or None.

    A decision that changes a consent is published with that change; a request for help is not published.
    """
    if decision.asked is not Asked.UNCLEAR:
        return None
    return Event(
        EventType.WITHDRAWAL_UNCLEAR,
        decision.number,
        _present(
            id=_id("decision", decision.number, decision.id),
            number=decision.number,
            decided_at=as_text(decision.at),
            decided_by=decision.id,
            decision=_evidence(decision),
        ),
    )


def of_drift(drift: Drift) -> Event:
    """Return the event for a drift that reconcile found."""
    found_at = as_text(drift.found_at)
    return Event(
        EventType.LIST_DRIFTED,
        drift.number,
        _present(
            id=_id("drift", drift.number, drift.list_name, drift.kind, found_at),
            number=drift.number,
            list=drift.list_name,
            kind=drift.kind.value,
            found_at=found_at,
            status=drift.status.value if drift.status is not None else None,
            listing=_listing(drift.listing),
        ),
    )


def _public(consent: Consent) -> tuple[Status, bool, datetime | None]:
    return consent.status, consent.end_user_opted_out, consent.held_until


def _version(consent: Consent) -> str:
    """Return the consent's version as text: of two versions, the one that sorts later is newer.

    The revision rises with each write, but starts again if a consent was erased and recorded again, so the time of the newest
    decision is in front of it. Undoing an import makes an earlier decision the newest; then the time of the undo is used.
    """
    since = max(consent.decided_at, consent.withdrawn_at or consent.decided_at)
    return f"{as_text(since)}#{consent.revision:010d}"


def _decided(consent: Consent) -> bool:
    """Return whether the consent still holds its newest decision. It does in the write that changes the status."""
    return consent.outbox is not None and consent.outbox.id == consent.decided_by


def _evidence(decision: Decision | None) -> dict[str, Value] | None:
    if decision is None:
        return None
    return _present(
        author=decision.author.value,
        through=decision.through,
        tier=decision.tier,
        rule=decision.rule,
        rules_version=decision.rules_version,
        language=decision.language,
        reference=decision.reference,
    )


def _listing(listing: Listing | None) -> dict[str, Value] | None:
    if listing is None:
        return None
    return _present(at=text_or_none(listing.at), EndUserOptedOut=listing.end_user_opted_out)


def _id(*parts: str) -> str:
    return str(uuid5(_NAMES, "\n".join(parts)))


def _present(**values: Value | None) -> dict[str, Value]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}
