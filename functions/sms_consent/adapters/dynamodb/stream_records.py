"""Reads records of the ledger's stream: the event of each change.

Record format: docs.aws.amazon.com/lambda/latest/dg/with-ddb.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import decode, from_attributes
from sms_consent.adapters.dynamodb.items import DRIFT
from sms_consent.domain import events
from sms_consent.domain.consent import Consent, Drift
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.events import Event, EventEnvelope

__all__ = ["envelope_of"]


_IN_EVENTS = ("status", "decided_at", "decided_by", "held_until", items.END_USER, "revision")


def envelope_of(record: Mapping[str, Any]) -> EventEnvelope | None:
    """Return the event of a stream record, or None if it publishes nothing. Raises Unreadable without quoting the record."""
    try:
        change = record["dynamodb"]
        kind = str(from_attributes(change["Keys"])["sk"])
        event = _event(kind, _image(change, "OldImage"), _image(change, "NewImage"))
        return EventEnvelope(event, _time(change), _table(record)) if event is not None else None
    except Exception as error:  # a record that always fails must not block the stream
        raise Unreadable(f"a record that this version cannot read: {type(error).__name__}") from error


def _event(kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Event | None:
    if after is None:
        return None  # erased, or expired
    if kind.startswith(items.LIST):
        current = _published(before) if before is not None else None
        consent = _published(after)
        if consent is None:
            raise Unreadable("a consent with an attribute that this version cannot read")
        return events.of_consent(current, consent)
    if before is not None:
        return None  # decisions and drifts are written once; later changes only remove attributes
    if kind.startswith(items.DECISION):
        return events.of_decision(items.decision_from(after)[0])
    return events.of_drift(decode(Drift, after)) if kind.startswith(DRIFT) else None


def _published(item: dict[str, Any]) -> Consent | None:
    """Return the consent of an item; None if an attribute that events contain cannot be read. Events never contain default
    values."""
    consent = items.consent_from(item)
    unreadable = consent.preserved.unreadable.keys() if consent.preserved is not None else frozenset()
    return consent if unreadable.isdisjoint(_IN_EVENTS) else None


def _image(change: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return the old or new image of a record, or None. Some emulators send an empty image for an absent one."""
    image = change.get(name)
    return from_attributes(image) if image else None


def _time(change: Mapping[str, Any]) -> datetime | None:
    seconds = change.get("ApproximateCreationDateTime")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, (int, float)) else None


def _table(record: Mapping[str, Any]) -> str | None:
    arn = record.get("eventSourceARN")
    return arn.partition("/stream/")[0] if isinstance(arn, str) else None
