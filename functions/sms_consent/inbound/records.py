"""Reads the records of an event from SNS or SQS: the text in each, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sms_consent.domain.errors import Unreadable
from sms_consent.domain.phone_number import mask_id
from sms_consent.inbound.message import InboundMessage, read_notification, read_queued, with_time

__all__ = ["Record", "records_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record of an event."""

    id: str
    body: str
    text: InboundMessage | Exception
    receives: int = 0  # how often SQS has delivered it, this time included; 0 if it comes from SNS directly
    receipt: str | None = None
    sent_at: datetime | None = None  # when SQS took it: it deletes the message 14 days later

    @property
    def text_id(self) -> str | None:
        """The form of the text's id under which logs name it."""
        return mask_id(self.text.id) if isinstance(self.text, InboundMessage) else None

    def age(self, now: datetime) -> timedelta:
        """How long it has been in the queue; without that, how old its text is."""
        since = self.sent_at or (self.text.at if isinstance(self.text, InboundMessage) else None)
        return now - since if since is not None else timedelta()

    def dead_letter(self) -> str:
        """The body for a new message, which keeps the time of the text."""
        if self.sent_at is None or not isinstance(self.text, InboundMessage):
            return self.body
        return with_time(self.body, self.id, self.sent_at)


def records_of(event: Mapping[str, Any]) -> list[Record]:
    """Every record. If a text occurs twice with different times, the earlier one counts for both.

    Its body is the same then. An RCS event can have the id of another message: CONVERSATION_STARTED has that of the first one.
    """
    records = list(_read_all(event))
    earliest: dict[tuple[str, str, str], InboundMessage] = {}
    for record in records:
        if isinstance(record.text, InboundMessage):
            key = _key(record.text)
            earliest[key] = min(earliest.get(key, record.text), record.text, key=lambda text: text.at)
    return [
        replace(record, text=replace(record.text, at=earliest[_key(record.text)].at))
        if isinstance(record.text, InboundMessage)
        else record
        for record in records
    ]


def _key(text: InboundMessage) -> tuple[str, str, str]:
    return text.sender, text.id, text.body


def _read_all(event: Mapping[str, Any]) -> Iterator[Record]:
    for record in event["Records"]:
        known = record if isinstance(record, dict) else {}
        notification, body = known.get("Sns"), known.get("body")
        if isinstance(notification, dict):
            text = _read(read_notification, notification)
            yield Record(str(notification.get("MessageId", "")), json.dumps(notification), text)
        elif isinstance(body, str):
            found = known.get("attributes")
            attributes = found if isinstance(found, dict) else {}
            sent_at, receipt = attributes.get("SentTimestamp"), known.get("receiptHandle")
            yield Record(
                str(known.get("messageId", "")),
                body,
                _read(read_queued, body, sent_at),
                receives=_number(attributes.get("ApproximateReceiveCount")) or 1,
                receipt=receipt if isinstance(receipt, str) else None,
                sent_at=_moment(_number(sent_at)),
            )
        else:
            yield Record("", json.dumps(record), Unreadable("a record that is neither from SNS nor from SQS"))


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
