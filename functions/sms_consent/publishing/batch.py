"""Stream batches: publish the events of the records in order, and move unpublishable records to the dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sms_consent.domain.errors import Rejected, TryAgain, Unreadable
from sms_consent.domain.events import EventEnvelope
from sms_consent.domain.observation import COUNT, Logger, Metrics
from sms_consent.domain.phone_number import mask
from sms_consent.domain.ports import DeadLetterQueue
from sms_consent.publishing.event_publisher import EventPublisher, PublishResult

__all__ = ["Batch"]

MAX_BYTES = 250_000
"""Maximum size of a record in the dead-letter queue. SQS accepts 256 KiB in every region.

A stream record may have two images of 400 KB.
"""

Record = Mapping[str, Any]


class Batch:
    """Publishes the events of one batch of stream records."""

    def __init__(
        self,
        *,
        read: Callable[[Record], EventEnvelope | None],
        publisher: EventPublisher,
        dead_letters: DeadLetterQueue,
        logger: Logger,
        metrics: Metrics,
    ) -> None:
        """Set up a batch processor.

        Args:
            read: Returns the event of a stream record, or None if it has none. Raises Unreadable.
        """
        self._read = read
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._logger = logger
        self._metrics = metrics

    def handle(self, event: Mapping[str, Any], until: datetime) -> dict[str, list[dict[str, str]]]:
        """Publish the events of a batch, and return a partial batch response.

        The response names the first record that is not done. Lambda delivers the stream again from there.

        Args:
            until: No request to EventBridge starts after this time.
        """
        records: Sequence[Record] = event["Records"]
        unreadable: dict[int, str] = {}
        envelopes: dict[int, EventEnvelope] = {}
        for position, record in enumerate(records):
            try:
                envelope = self._read(record)
            except Unreadable as error:
                unreadable[position] = error.reason
                continue
            if envelope is not None:
                envelopes[position] = envelope
        result = self._publisher.publish(list(envelopes.values()), until)
        positions = list(envelopes)
        stop = positions[result.stopped_at] if result.stopped_at is not None else len(records)
        self._report([envelopes[position] for position in positions if position < stop], result)
        unpublishable = unreadable | {positions[at]: reason for at, reason in result.refused.items()}
        for position in sorted(unpublishable):
            if position < stop and not self._dead_letter(records[position], unpublishable[position]):
                stop = position
        if stop == len(records):
            return {"batchItemFailures": []}
        return {"batchItemFailures": [{"itemIdentifier": _sequence_number(records[stop])}]}

    def _dead_letter(self, record: Record, reason: str) -> bool:
        """Send a record to the dead-letter queue, unchanged so that it can be processed again. Return whether it was sent."""
        body = json.dumps(record)
        if len(body) > MAX_BYTES:
            body, reason = json.dumps(_without_images(record)), f"{reason}; too large to be kept with its images"
        try:
            self._dead_letters.put(body, reason)
        except (TryAgain, Rejected) as error:
            self._logger.error(
                "a record was neither published nor dead-lettered", event_id=record.get("eventID"), error=str(error)
            )
            self._metrics.add_metric("EventsDelayed", COUNT, 1)
            return False
        self._logger.error("a record was dead-lettered", event_id=record.get("eventID"), reason=reason)
        self._metrics.add_metric("EventsPutAside", COUNT, 1)
        return True

    def _report(self, done: Sequence[EventEnvelope], result: PublishResult) -> None:
        published = [envelope.event for at, envelope in enumerate(done) if at not in result.refused]
        for event in published:
            self._logger.info("an event was published", type=event.type, id=event.id, number=mask(event.number))
        self._metrics.add_metric("EventsTold", COUNT, len(published))
        if result.stopped_at is not None:
            # Not an error of this function: the stream brings the rest again, and nothing is lost for 24 hours.
            self._logger.warning("events are delayed", error=result.error or "out of time")
            self._metrics.add_metric("EventsDelayed", COUNT, 1)


def _without_images(record: Record) -> dict[str, Any]:
    change = {name: value for name, value in record["dynamodb"].items() if name not in {"OldImage", "NewImage"}}
    return {**record, "dynamodb": change}


def _sequence_number(record: Record) -> str:
    """Return the record's sequence number. Without one, return "", for which Lambda retries the whole batch."""
    change = record.get("dynamodb")
    number = change.get("SequenceNumber") if isinstance(change, Mapping) else None
    return number if isinstance(number, str) else ""
