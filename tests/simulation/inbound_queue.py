"""The queue between topic and function: at least once, in any order, again after the visibility time-out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.domain.ports import Clock
from sms_consent.domain.time import as_text

__all__ = ["Copy", "PutBack", "Queue", "notification", "record_of"]

VISIBILITY = timedelta(seconds=270)

PUT_ASIDE_AFTER = timedelta(days=12)
"""What is promised: before, nothing readable needs an operator. Not the code's own constant, which may be wrong."""


@dataclass(slots=True, eq=False)
class Copy:
    """One delivery of a message that is still to be made."""

    receipt: str
    body: str
    visible_at: datetime
    number: str
    receives: int = 0
    sent_at: datetime | None = None


class Queue:
    """Nothing leaves it but what a worker has reported or deleted; messages are received as often as necessary."""

    def __init__(self) -> None:
        self.copies: list[Copy] = []
        self.put_aside_early: list[str] = []  # reasons; an exception would be taken for a record's failure

    def visible(self, now: datetime) -> list[Copy]:
        """What a poller could be given."""
        return [copy for copy in self.copies if copy.visible_at <= now]

    def hand_out(self, copies: list[Copy], now: datetime) -> None:
        """Invisible to others while a worker has it."""
        for copy in copies:
            copy.visible_at = now + VISIBILITY
            copy.receives += 1

    def settle(self, copies: list[Copy], failed: set[str]) -> None:
        """A batch was answered: only its failures stay."""
        for copy in copies:
            if copy.receipt not in failed and copy in self.copies:
                self.copies.remove(copy)

    def delete(self, receipts: Sequence[str]) -> None:
        """DeleteMessageBatch."""
        self.copies = [copy for copy in self.copies if copy.receipt not in receipts]


class PutBack(DeadLetters):
    """A dead-letter queue whose operator puts everything back at once. Only what waited for 12 days gets there."""

    def __init__(self, queue: Queue, clock: Clock) -> None:
        """There is no client: the queue is in memory."""
        self._source = queue
        self._clock = clock

    def put(self, body: str, reason: str) -> None:
        now = self._clock.now()
        copy = min((each for each in self._source.copies if each.body == body), key=lambda each: each.sent_at or now)
        assert copy.sent_at is not None, reason
        if now - copy.sent_at <= PUT_ASIDE_AFTER:
            self._source.put_aside_early.append(reason)
        self._source.copies.append(Copy(f"{copy.receipt}-again", body, now, copy.number, sent_at=now))


def record_of(copy: Copy) -> dict[str, Any]:
    """The SQS record that a function is given."""
    attributes = {"ApproximateReceiveCount": str(copy.receives)}
    if copy.sent_at is not None:
        attributes["SentTimestamp"] = str(int(copy.sent_at.timestamp() * 1000))
    return {
        "messageId": copy.receipt,
        "receiptHandle": copy.receipt,
        "body": copy.body,
        "attributes": attributes,
        "eventSource": "aws:sqs",
    }


def notification(text_id: str, person: str, line: str, words: str, at: datetime) -> str:
    """The body: SNS's envelope round AWS's payload."""
    payload = {
        "originationNumber": person,
        "destinationNumber": line,
        "messageKeyword": "KEYWORD_123456789012",
        "messageBody": words,
        "inboundMessageId": text_id,
    }
    envelope = {
        "Type": "Notification",
        "MessageId": f"notification-{text_id}",
        "Timestamp": as_text(at),
        "Message": json.dumps(payload),
    }
    return json.dumps(envelope)
