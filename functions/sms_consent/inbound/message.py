"""Inbound messages, parsed from the records of an SNS or SQS event.

The models accept every payload that can be read as a text: unknown members are ignored, an id may have any form, and the body
may contain a lone surrogate, which pydantic's string type rejects. What RCS puts into ``messageBody`` is parsed by
``intent.rcs_content``: a member may occur twice there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, InstanceOf, ValidationError

from sms_consent.domain.errors import OtherEvent, Unreadable
from sms_consent.domain.phone_number import PhoneNumber, is_agent, mask, mask_id
from sms_consent.domain.time import as_text

if TYPE_CHECKING:
    from sms_consent.intent.rcs_content import RcsContent

__all__ = [
    "InboundMessage",
    "Notification",
    "Payload",
    "Record",
    "read_notification",
    "read_queued",
    "records_of",
    "with_time",
]

_ID = re.compile(r"""[!-"$-~]{1,200}""", re.ASCII)
"""Printable ASCII without spaces and without ``#``, which separates the parts of a sort key. RCS message ids have this form:
``12679164820-2026-06-17T17:36:29.937+0000``. Such an id may contain a phone number: logs use ``masked_id``."""

_INBOUND = frozenset(
    {
        *("originationnumber", "destinationnumber", "messagekeyword", "messagebody", "inboundmessageid"),
        "previouspublishedmessageid",
    }
)
"""Fields of an inbound text, in lower case. No other kind of event has any of them."""

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
"""Fields that identify other kinds of events on a shared topic, in lower case."""


def _stripped(text: str) -> str:
    if not (stripped := text.strip()):
        raise ValueError("empty")
    return stripped


Text = InstanceOf[str]
"""A string as Python's JSON parser returns it, half characters included."""
Identity = Annotated[Text, AfterValidator(_stripped)]
"""A number or id without surrounding spaces. No form is required of it: carriers and AWS have several."""


class _Published(BaseModel):
    """Base of both models. Validation errors contain no input, which may be a phone number or a person's text."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    reasons: ClassVar[dict[str, str]]
    """Why an object without the member, or with another kind of value in it, cannot be read."""

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        """Parse a payload. Raises Unreadable, with a reason that contains no input."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            member = str(error.errors(include_input=False, include_url=False)[0]["loc"][0])
        raise Unreadable(cls.reasons[member])


class Notification(_Published):
    """An SNS notification (developer guide of SNS, "Message formats")."""

    type: Literal["Notification"] = Field(alias="Type")
    message: Text = Field(alias="Message")
    message_id: Any = Field(None, alias="MessageId")
    timestamp: Any = Field(None, alias="Timestamp")

    reasons = {
        "Type": "an SNS message of a foreign type: only a Notification carries a text",
        "Message": "the SNS notification has no Message",
    }


class Payload(_Published):
    """The payload of a two-way text (user guide of AWS End User Messaging SMS). Amazon Connect and RCS use the same format.

    ``messageKeyword`` is not read: AWS sets it to the number's registered keyword, not to the texted word.
    """

    sender: Identity = Field(alias="originationNumber")
    destination: Identity = Field(alias="destinationNumber")
    body: Text | InstanceOf[dict[str, Any]] = Field(alias="messageBody")
    message_id: Any = Field(None, alias="inboundMessageId")

    reasons = {
        "originationNumber": "originationNumber is missing, empty or not a string",
        "destinationNumber": "destinationNumber is missing, empty or not a string",
        "messageBody": "messageBody is missing or not a string",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One inbound text, as AWS publishes it (two-way SMS payload, user guide of AWS End User Messaging SMS).

    ``at`` is the SNS notification's timestamp, by which AWS says to order texts. The payload has no time.
    """

    id: str
    sender: str
    destination: str
    body: str
    at: datetime
    number: PhoneNumber | None = field(init=False)
    """The sender's number; None for a short code or an alphanumeric sender."""
    content: RcsContent | None = field(init=False)
    """The parsed body of a text to an RCS agent. None for plain text: an SMS that looks like JSON is a text."""
    masked_id: str = field(init=False)
    masked_sender: str = field(init=False)
    """The id and the sender as logs show them."""

    def __post_init__(self) -> None:
        """Parse the sender, and the body of a text to an RCS agent. Compute the masked forms for logs."""
        object.__setattr__(self, "number", PhoneNumber.of_sender(self.sender))
        object.__setattr__(self, "masked_id", mask_id(self.id))
        object.__setattr__(self, "masked_sender", mask(self.sender))
        object.__setattr__(self, "content", _content(self.body) if is_agent(self.destination) else None)


def _content(body: str) -> RcsContent | None:
    from sms_consent.intent.rcs_content import content_of  # most deployments have no RCS agent

    return content_of(body)


def read_notification(published: Mapping[str, Any]) -> InboundMessage:
    """Return the text in an SNS notification.

    Raises:
        Unreadable: it is no inbound text. The reason quotes nothing of it.
        OtherEvent: it is an event of another kind, such as a delivery receipt.
    """
    notification = Notification.read(published)
    payload = _object(notification.message, "the SNS Message")
    _refuse_other_events(payload, notification.message)
    return _read_payload(payload, notification.message_id, _timestamp(notification))


def read_queued(body: str, sent_at_ms: object) -> InboundMessage:
    """Return the text in an SQS record's body: a notification, or a bare payload if raw message delivery is on.

    Raw delivery drops the notification's timestamp. The time at which SQS received the record, moments later, is used
    instead, so that a STOP is not lost because of a subscription setting.

    Raises:
        Unreadable: it is no inbound text. The reason quotes nothing of it.
        OtherEvent: it is an event of another kind, such as a delivery receipt.
    """
    content = _object(body, "the queue's record")
    if "Type" not in content:
        _refuse_other_events(content, body)
    sent_at = _moment(_number(sent_at_ms))
    if "Type" not in content and "originationNumber" in content and sent_at is not None:
        return _read_payload(content, None, sent_at)
    return read_notification(content)


def with_time(body: str, message_id: str, sent_at: datetime) -> str:
    """Return the body with which a message can be sent again. Wraps a bare payload in a notification with its original time.

    Without it, the time of sending again would count, and an old START could override a newer STOP.
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


def _timestamp(notification: Notification) -> datetime:
    try:
        at = datetime.fromisoformat(str(notification.timestamp))
        if at.tzinfo is not None:
            at = at.astimezone(UTC)
            return at.replace(microsecond=at.microsecond // 1000 * 1000)  # the precision of SNS and of the ledger
    except (ValueError, OverflowError):
        pass
    raise Unreadable("the SNS notification has no readable Timestamp, by which texts are ordered")


def _refuse_other_events(payload: Mapping[str, Any], raw: str) -> None:
    """Raise OtherEvent for an event of another kind.

    An event that contains a field name of an inbound text, at any depth, may be a person's request and does not raise.
    """
    names = {name.casefold() for name in payload}
    if not names.isdisjoint(_INBOUND) or not any(marks <= names for marks in _OTHER_EVENTS):
        return
    content = raw.casefold()
    if not any(name in content for name in ("originationnumber", "messagebody", "messagekeyword")):
        raise OtherEvent("an event of another kind, not an inbound text")


def _read_payload(published: Mapping[str, Any], notification_id: object, at: datetime) -> InboundMessage:
    payload = Payload.read(published)
    sender, destination, body = payload.sender, payload.destination, payload.body
    if not isinstance(body, str):
        if not is_agent(destination):
            raise Unreadable(Payload.reasons["messageBody"])
        body = json.dumps(body)
    text_id = _id(payload.message_id) or _id(notification_id)
    if text_id is None:
        text_id = _digest("\0".join((sender, destination, body, at.isoformat())))
    return InboundMessage(id=text_id, sender=sender, destination=destination, body=body, at=at)


def _id(candidate: object) -> str | None:
    """Return the message id, or its digest if its form is unexpected, so that every copy of a text has the same id."""
    if not isinstance(candidate, str) or not candidate.strip():
        return None
    return candidate if _ID.fullmatch(candidate) else _digest(candidate)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record of an event: its text, or the error that parsing it raised."""

    id: str
    body: str
    text: InboundMessage | Exception
    receives: int = 0  # how often SQS has delivered it, this time included; 0 if it comes from SNS directly
    receipt: str | None = None
    sent_at: datetime | None = None  # when SQS took it: it deletes the message 14 days later

    @property
    def text_id(self) -> str | None:
        """The text's id, masked for logs."""
        return self.text.masked_id if isinstance(self.text, InboundMessage) else None

    def age(self, now: datetime) -> timedelta:
        """Return how long the record has been in the queue. For a direct SNS event, return the age of its text."""
        since = self.sent_at or (self.text.at if isinstance(self.text, InboundMessage) else None)
        return now - since if since is not None else timedelta()

    def dead_letter(self) -> str:
        """Return the body for the dead-letter queue. It includes the time of the text."""
        if self.sent_at is None or not isinstance(self.text, InboundMessage):
            return self.body
        return with_time(self.body, self.id, self.sent_at)


def records_of(event: Mapping[str, Any]) -> list[Record]:
    """Parse every record of an event. If a text occurs twice with different times, both get the earlier time.

    Copies have the same sender, id and body. The id alone is not unique: RCS's CONVERSATION_STARTED shares it with the
    first message.
    """
    records = [_record(each) for each in event["Records"]]
    if len(records) == 1:
        return records
    earliest: dict[tuple[str, str, str], datetime] = {}
    for record in records:
        if isinstance(text := record.text, InboundMessage):
            earliest[_key(text)] = min(earliest.get(_key(text), text.at), text.at)
    return [
        replace(record, text=replace(text, at=earliest[_key(text)]))
        if isinstance(text := record.text, InboundMessage) and text.at > earliest[_key(text)]
        else record
        for record in records
    ]


def _key(text: InboundMessage) -> tuple[str, str, str]:
    return text.sender, text.id, text.body


def _record(record: object) -> Record:
    known = record if isinstance(record, dict) else {}
    notification, body = known.get("Sns"), known.get("body")
    if isinstance(notification, dict):
        text_id, text = str(notification.get("MessageId", "")), json.dumps(notification)
        return Record(text_id, text, _read(read_notification, notification))
    if not isinstance(body, str):
        return Record("", json.dumps(record), Unreadable("a record that is neither from SNS nor from SQS"))
    found = known.get("attributes")
    attributes = found if isinstance(found, dict) else {}
    sent_at, receipt = attributes.get("SentTimestamp"), known.get("receiptHandle")
    return Record(
        id=str(known.get("messageId", "")),
        body=body,
        receives=_number(attributes.get("ApproximateReceiveCount")) or 1,
        receipt=receipt if isinstance(receipt, str) else None,
        sent_at=_moment(_number(sent_at)),
        text=_read(read_queued, body, sent_at),
    )


def _number(value: object) -> int | None:
    text = str(value)  # Lambda gives strings; events made by hand may hold numbers
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _moment(milliseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def _read(reading: Callable[..., InboundMessage], *parts: Any) -> InboundMessage | Exception:
    try:
        return reading(*parts)
    except Exception as error:  # noqa: BLE001  raised again where it is this record's alone
        return error
