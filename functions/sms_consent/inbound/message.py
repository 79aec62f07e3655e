"""What an SNS notification says that somebody texted; whatever is no inbound text is refused with its reason."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sms_consent.domain.errors import OtherEvent, Unreadable
from sms_consent.domain.time import as_text, from_text
from sms_consent.intent.rcs_content import RcsContent, content_of, is_agent

__all__ = ["InboundMessage", "read_notification", "read_queued", "with_time"]

_ID = re.compile(r"""[!-"$-~]{1,200}""", re.ASCII)
"""Printable ASCII without spaces and without ``#``, which separates the parts of a sort key. RCS message ids have this form:
``12679164820-2026-06-17T17:36:29.937+0000``. Such an id may contain a phone number: ``numbers.mask_id`` for logs."""

_INBOUND = frozenset(
    {
        *("originationnumber", "destinationnumber", "messagekeyword", "messagebody", "inboundmessageid"),
        "previouspublishedmessageid",
    }
)
"""Fields of an inbound text, in lower case. No event of another kind has any of them."""

_OTHER_EVENTS = tuple(
    frozenset(marks.split())
    for marks in (
        "eventtype",  # configuration sets: delivery of SMS, MMS, voice and RCS; SES too
        "whatsappwebhookentry",  # AWS End User Messaging Social: a WhatsApp message is not for this opt-out list
        "detail-type source",  # EventBridge
        "notificationtype",  # SES
        "alarmname newstatevalue",  # CloudWatch
        "records",  # S3 and others
        "service event bucket",  # S3's test event
    )
)
"""Fields by which events of other kinds that share a topic are recognised, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One inbound text, as AWS publishes it (two-way SMS payload, user guide of AWS End User Messaging SMS).

    ``at`` is the notification's timestamp: the payload has none, and AWS names it as the way to order texts.
    ``message_keyword`` is not read: AWS fills it with the number's keyword, not with what was texted.
    """

    id: str
    sender: str
    destination: str
    body: str
    at: datetime

    def content(self) -> RcsContent | None:
        """Parse the body if it went to an RCS agent. None for plain text: an SMS that looks like JSON is a text."""
        return content_of(self.body) if is_agent(self.destination) else None


def read_notification(notification: Mapping[str, Any]) -> InboundMessage:
    """The text in an SNS notification. Raises Unreadable, whose reason never quotes what it is about."""
    kind = notification.get("Type")
    if kind != "Notification":
        raise Unreadable("an SNS message of a foreign type: only a Notification carries a text")
    message = notification.get("Message")
    if not isinstance(message, str):
        raise Unreadable("the SNS notification has no Message")
    payload = _object(message, "the SNS Message")
    _refuse_other_events(payload, message)
    return _read_payload(payload, notification.get("MessageId"), _timestamp(notification))


def read_queued(body: str, sent_at_ms: str | None) -> InboundMessage:
    """The text in an SQS record's body: a notification, or its bare payload where raw delivery was switched on.

    Raw delivery drops the notification's timestamp; the time at which the queue took the record, moments later, is the
    best order that is left, and better than losing a STOP to a setting.
    """
    content = _object(body, "the queue's record")
    if "Type" not in content:
        _refuse_other_events(content, body)
    if "Type" not in content and "originationNumber" in content and sent_at_ms is not None and sent_at_ms.isdecimal():
        return _read_payload(content, None, datetime.fromtimestamp(int(sent_at_ms) / 1000, UTC))
    return read_notification(content)


def with_time(body: str, message_id: str, sent_at: datetime) -> str:
    """Return the body for sending a readable message again. A bare payload is wrapped in a notification with its old time.

    Otherwise the new message's own time would count, and an old START would come after a younger STOP.
    """
    if "Type" in json.loads(body):
        return body
    notification = {"Type": "Notification", "MessageId": message_id, "Message": body, "Timestamp": as_text(sent_at)}
    return json.dumps(notification)


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f"{what} is not JSON") from None
    if not isinstance(content, dict):
        raise Unreadable(f"{what} is JSON, but no object")
    return content


def _timestamp(notification: Mapping[str, Any]) -> datetime:
    try:
        return from_text(str(notification.get("Timestamp")))
    except (ValueError, OverflowError):
        raise Unreadable("the SNS notification has no readable Timestamp, by which texts are ordered") from None


def _refuse_other_events(payload: Mapping[str, Any], raw: str) -> None:
    """Raise OtherEvent for an event of another kind.

    What has a field of an inbound text, or names one at any depth, may be a person's request and is not ignored.
    """
    names = {name.casefold() for name in payload}
    if not names.isdisjoint(_INBOUND) or not any(marks <= names for marks in _OTHER_EVENTS):
        return
    content = raw.casefold()
    if not any(name in content for name in ("originationnumber", "messagebody", "messagekeyword")):
        raise OtherEvent("an event of another kind, not an inbound text")


def _read_payload(payload: Mapping[str, Any], notification_id: object, at: datetime) -> InboundMessage:
    sender = _string(payload, "originationNumber")
    destination = _string(payload, "destinationNumber")
    body = payload.get("messageBody")
    if isinstance(body, dict) and is_agent(destination):
        body = json.dumps(body)
    if not isinstance(body, str):
        raise Unreadable("messageBody is missing or not a string")
    text_id = _id(payload.get("inboundMessageId")) or _id(notification_id)
    if text_id is None:
        text_id = _digest("\0".join((sender, destination, body, at.isoformat())))
    return InboundMessage(id=text_id, sender=sender, destination=destination, body=body, at=at)


def _id(candidate: object) -> str | None:
    """The id as AWS gives it, or its digest where it has an unexpected form: two copies of a text always get the same id."""
    if not isinstance(candidate, str) or not candidate.strip():
        return None
    return candidate if _ID.fullmatch(candidate) else _digest(candidate)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _string(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(f"{name} is missing, empty or not a string")
    return value.strip()
