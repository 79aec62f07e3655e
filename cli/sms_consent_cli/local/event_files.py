"""Event files: an SNS event's notifications or an SQS event's records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sms_consent.domain.errors import Unreadable
from sms_consent.inbound.message import InboundMessage, read_notification, read_queued
from sms_consent_cli.local.errors import LocalError

__all__ = ["EventFile", "Record", "Way", "read_event"]


class Way(StrEnum):
    """How an event is delivered to the function."""

    SNS = "SNS"
    SQS = "SQS"


@dataclass(frozen=True)
class Record:
    """One record of an event: its body, as in the dead-letter queue, and the text in it if there is one."""

    body: str
    text: InboundMessage | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class EventFile:
    """The content of one event file."""

    name: str
    way: Way
    event: Mapping[str, Any]
    records: tuple[Record, ...]


def read_event(path: Path) -> EventFile:
    """Read an event file. Raises LocalError if it is not an event. The functions validate the records."""
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise LocalError(f"{path} is not JSON: {error}") from error
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        raise LocalError(f"{path} is not an event of SNS or SQS: it has no Records. events/ has examples")
    if all(isinstance(record.get("Sns"), dict) for record in records):
        return EventFile(str(path), Way.SNS, event, tuple(_notified(record["Sns"]) for record in records))
    if all(isinstance(record.get("body"), str) for record in records):
        return EventFile(str(path), Way.SQS, event, tuple(_queued(record) for record in records))
    raise LocalError(f"{path} is not an event of SNS or SQS: each record needs Sns or body. events/ has examples")


def _notified(notification: Mapping[str, Any]) -> Record:
    try:
        text = read_notification(notification)
    except Unreadable:
        text = None
    return Record(json.dumps(notification), text, {})


def _queued(record: Mapping[str, Any]) -> Record:
    body: str = record["body"]
    attributes = record.get("attributes")
    sent_at = attributes.get("SentTimestamp") if isinstance(attributes, dict) else None
    try:
        text = read_queued(body, sent_at)
    except Unreadable:
        text = None
    given = record.get("messageAttributes")
    return Record(body, text, given if isinstance(given, dict) else {})
