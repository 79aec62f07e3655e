"""Which records of an event are done: each is read and heard on its own, so that none takes another down with it.

Different people's texts are worked on side by side; those of one person one after the other, in the order of their times.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from inbound.together import Together, one_after_the_other
from sms_consent.aws.dead_letters import DeadLetters
from sms_consent.aws.reporting import Log, Metrics
from sms_consent.errors import Unreadable
from sms_consent.inbound import Heard, Inbound
from sms_consent.intent import Intent
from sms_consent.numbers import canonical, mask, mask_id
from sms_consent.text import Text, read_notification, read_queued

__all__ = ["Batch"]


@dataclass(frozen=True, slots=True, eq=False)
class _Record:
    """One record of an event: what to put aside if it cannot be read, and the text in it, or why there is none."""

    id: str
    body: str
    text: Text | Exception

    @property
    def text_id(self) -> str | None:
        """By which everything about a text is found in the logs."""
        return mask_id(self.text.id) if isinstance(self.text, Text) else None


class Batch:
    """Hears every record of an event, from SNS directly or through SQS."""

    def __init__(
        self,
        *,
        inbound: Inbound,
        dead_letters: DeadLetters,
        logger: Log,
        metrics: Metrics,
        together: Together = one_after_the_other,
    ) -> None:
        self._inbound = inbound
        self._dead_letters = dead_letters
        self._logger = logger
        self._metrics = metrics
        self._together = together

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """A partial batch response: the records to deliver again. Those that never can be read are put aside."""
        records = list(_records(event))
        failed: set[_Record] = set()

        def hear(of_one_person: list[_Record]) -> None:
            failed.update(record for record in of_one_person if not self._done(record))

        self._together([partial(hear, group) for group in _by_person(records)])
        return {"batchItemFailures": [{"itemIdentifier": record.id} for record in records if record in failed]}

    def _done(self, record: _Record) -> bool:
        try:
            self._hear(record)
        except Exception as error:  # noqa: BLE001  one record must not take the batch with it; it is delivered again
            # Only names of types: the message or the frames of an unforeseen error may hold a number or a text.
            cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
            self._logger.error(
                "a text is delivered again",
                record=record.id,
                inbound_message_id=record.text_id,
                error=type(error).__name__,
                cause=cause,
            )
            self._count("TextsFailed")
            return False
        return True

    def _hear(self, record: _Record) -> None:
        try:
            if isinstance(record.text, Exception):
                raise record.text
            heard = self._inbound.hear(record.text)
        except Unreadable as error:
            self._dead_letters.put(record.body, error.reason)
            self._logger.error(
                "a text was put aside", record=record.id, inbound_message_id=record.text_id, reason=error.reason
            )
            self._count("TextsPutAside")
            return
        self._report(record.text, heard)

    def _report(self, text: Text, heard: Heard) -> None:
        consent = heard.consent
        self._logger.info(
            "heard",
            inbound_message_id=mask_id(text.id),
            sender=mask(text.sender),
            intent=heard.reading.intent,
            tier=heard.reading.tier,
            rule=heard.reading.rule,
            outcome=heard.outcome,
            status=consent.status if consent is not None else None,
            applied=consent.settled if consent is not None else None,
            answer=heard.answer.state if heard.answer is not None else None,
        )
        reading = heard.reading
        self._count(f"Texts{reading.intent.title().replace('_', '')}")
        if reading.intent is Intent.OPT_OUT and reading.tier is not None:
            self._count(f"OptOutsBy{reading.tier.title()}")

    def _count(self, name: str) -> None:
        self._metrics.add_metric(name, "Count", 1)


def _by_person(records: list[_Record]) -> list[list[_Record]]:
    """A person's texts in the order in which they were sent, so that none is stale for want of another in the batch."""
    alone: list[list[_Record]] = []
    people: dict[str, list[tuple[datetime, int, _Record]]] = {}
    for place, record in enumerate(records):
        if isinstance(record.text, Exception):
            alone.append([record])  # nobody's, so that it waits for nobody
            continue
        sender = record.text.sender
        people.setdefault(canonical(sender) or sender, []).append((record.text.at, place, record))
    return [[record for _, _, record in sorted(texts, key=itemgetter(0, 1))] for texts in people.values()] + alone


def _records(event: Mapping[str, Any]) -> Iterator[_Record]:
    for record in event["Records"]:
        known = record if isinstance(record, dict) else {}
        notification, body, attributes = known.get("Sns"), known.get("body"), known.get("attributes")
        if isinstance(notification, dict):
            text = _read(read_notification, notification)
            yield _Record(str(notification.get("MessageId", "")), json.dumps(notification), text)
        elif isinstance(body, str):
            sent_at = attributes.get("SentTimestamp") if isinstance(attributes, dict) else None
            yield _Record(str(known.get("messageId", "")), body, _read(read_queued, body, sent_at))
        else:
            yield _Record("", json.dumps(record), Unreadable("a record that is neither from SNS nor from SQS"))


def _read(reading: Callable[..., Text], *parts: Any) -> Text | Exception:
    try:
        return reading(*parts)
    except Exception as error:  # noqa: BLE001  raised again where it is this record's alone
        return error
