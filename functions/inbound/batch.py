"""Which records of an event are done: each is read and heard on its own, so that none takes another down with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from sms_consent.aws.dead_letters import DeadLetters
from sms_consent.errors import Unreadable
from sms_consent.inbound import Heard, Inbound
from sms_consent.numbers import mask
from sms_consent.text import Text, read_notification, read_queued

__all__ = ["Batch"]


@dataclass(frozen=True, slots=True)
class _Record:
    """One record of an event: how to read it, and what to put aside if it cannot be read."""

    id: str
    body: str
    read: Any  # () -> Text


class Batch:
    """Hears every record of an event, from SNS directly or through SQS."""

    def __init__(self, *, inbound: Inbound, dead_letters: DeadLetters, logger: Logger, metrics: Metrics) -> None:
        self._inbound = inbound
        self._dead_letters = dead_letters
        self._logger = logger
        self._metrics = metrics

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """A partial batch response: the records to deliver again. Those that never can be read are put aside."""
        failed = [record.id for record in _records(event) if not self._done(record)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _done(self, record: _Record) -> bool:
        try:
            return self._hear(record)
        except Exception as error:  # noqa: BLE001  one record must not take the batch with it; it is delivered again
            # Only names of types: the message or the frames of an unforeseen error may hold a number or a text.
            cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
            self._logger.error("a text is delivered again", record=record.id, error=type(error).__name__, cause=cause)
            self._metrics.add_metric("TextsFailed", MetricUnit.Count, 1)
            return False

    def _hear(self, record: _Record) -> bool:
        try:
            text: Text = record.read()
            heard = self._inbound.hear(text)
        except Unreadable as error:
            self._dead_letters.put(record.body, error.reason)
            self._logger.error("a text was put aside", record=record.id, reason=error.reason)
            self._metrics.add_metric("TextsPutAside", MetricUnit.Count, 1)
            return True
        self._report(text, heard)
        return True

    def _report(self, text: Text, heard: Heard) -> None:
        consent = heard.consent
        self._logger.info(
            "heard",
            inbound_message_id=text.id,
            sender=mask(text.sender),
            intent=heard.reading.intent,
            tier=heard.reading.tier,
            rule=heard.reading.rule,
            outcome=heard.outcome,
            status=consent.status if consent is not None else None,
            applied=consent.settled if consent is not None else None,
            answer=heard.answer.state if heard.answer is not None else None,
        )
        self._metrics.add_metric(f"Texts{heard.reading.intent.title().replace('_', '')}", MetricUnit.Count, 1)


def _records(event: Mapping[str, Any]) -> Iterator[_Record]:
    for record in event["Records"]:
        known = record if isinstance(record, dict) else {}
        notification, body, attributes = known.get("Sns"), known.get("body"), known.get("attributes")
        if isinstance(notification, dict):
            yield _Record(str(notification.get("MessageId", "")), json.dumps(notification), _Notified(notification))
        elif isinstance(body, str):
            sent_at = attributes.get("SentTimestamp") if isinstance(attributes, dict) else None
            yield _Record(str(known.get("messageId", "")), body, _Queued(body, sent_at))
        else:
            yield _Record("", json.dumps(record), _foreign)


def _foreign() -> Text:
    raise Unreadable("a record that is neither from SNS nor from SQS")


@dataclass(frozen=True, slots=True)
class _Notified:
    notification: Mapping[str, Any]

    def __call__(self) -> Text:
        return read_notification(self.notification)


@dataclass(frozen=True, slots=True)
class _Queued:
    body: str
    sent_at: str | None

    def __call__(self) -> Text:
        return read_queued(self.body, self.sent_at)
