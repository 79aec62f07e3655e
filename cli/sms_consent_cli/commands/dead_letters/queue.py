"""One pass through a dead-letter queue: receive every message, and then move it or return it.

A queue cannot be browsed. Receiving a message hides it for a while and counts as a receive. Messages that are not moved are
returned at the end; if that fails, they become visible again after HOLD seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from sms_consent.domain.errors import Unreadable
from sms_consent.inbound.message import InboundMessage, read_queued, with_time

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["WITHOUT_REASON", "DeadLetter", "DeadLetterReader", "Waiting"]

REASON = "Reason"
"""The attribute's name in sms_consent.adapters.sqs.dead_letters, which is not imported since it loads the AWS SDK."""
WITHOUT_REASON = "unknown: moved by SNS or an earlier release, see the logs"

HOLD = 120
"""Seconds for which received messages are hidden from other consumers: enough for some ten thousand."""
WAIT = 1
"""Seconds of long polling. Short polling does not query all servers of the queue."""
A_BATCH = 10
"""Messages in one call of SQS."""
NO_NEWS = 3
"""After so many receives without a new message, all messages have been received."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message, with the attributes that can be shown without its content."""

    id: str
    receipt: str
    body: str
    reason: str
    received: int  # how often, this time included
    sent_at: datetime
    text: InboundMessage | None  # None if it cannot be read

    @property
    def since(self) -> datetime:
        """When the text was sent; if unknown, when the message was sent to a queue, which may be days later."""
        return self.text.at if self.text is not None else self.sent_at

    def original_body(self) -> str:
        """Return the unchanged body. A bare payload is wrapped in the notification that it lacks, with its original time."""
        return with_time(self.body, self.id, self.sent_at) if self.text is not None else self.body


@dataclass(frozen=True, slots=True)
class Waiting:
    """The approximate number of messages. SQS counts them with a delay."""

    visible: int
    held: int
    kept_for: timedelta


class DeadLetterReader(AbstractContextManager["DeadLetterReader"]):
    """One pass through the queue. At its end, messages that were not moved are returned."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url
        self._held: dict[str, str] = {}
        self._moved: set[bytes] = set()

    def __exit__(self, *_: object) -> None:
        """Return the messages, also after an interruption. If that fails, they become visible after HOLD seconds."""
        from botocore.exceptions import BotoCoreError, ClientError

        receipts = iter(self._held.values())
        with suppress(BotoCoreError, ClientError):
            while batch := list(islice(receipts, A_BATCH)):
                self._sqs.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                        for place, receipt in enumerate(batch)
                    ],
                )

    def waiting(self) -> Waiting:
        """Return the counts before the pass."""
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "MessageRetentionPeriod",
            ],
        )["Attributes"]
        return Waiting(
            visible=int(attributes["ApproximateNumberOfMessages"]),
            held=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            kept_for=timedelta(seconds=int(attributes["MessageRetentionPeriod"])),
        )

    def dated(self) -> Mapping[str, Any]:
        """Make a cheap request, and return the response for its ``Date`` header."""
        response: Any = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        return cast("Mapping[str, Any]", response)

    def letters(self) -> Iterator[DeadLetter]:
        """Yield each message once, in no order."""
        seen: set[str] = set()
        without_news = 0
        while without_news < NO_NEWS:
            received = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=A_BATCH,
                VisibilityTimeout=HOLD,
                WaitTimeSeconds=WAIT,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not received:
                return
            letters = [_letter(each) for each in received]
            self._held.update((letter.id, letter.receipt) for letter in letters)
            fresh = [letter for letter in letters if letter.id not in seen]
            seen.update(letter.id for letter in fresh)
            without_news = 0 if fresh else without_news + 1
            yield from fresh

    def move(self, letter: DeadLetter, into: str) -> bool:
        """Send a message to a queue, and then delete it. Processing a duplicate has no effect.

        Returns False for a message that this pass has already moved, as unreadable messages come back at once.
        """
        body = letter.original_body()
        digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
        if digest in self._moved:
            return False
        self._sqs.send_message(QueueUrl=into, MessageBody=body)
        self._moved.add(digest)
        self.drop(letter)
        return True

    def drop(self, letter: DeadLetter) -> None:
        """Delete a message."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
        self._held.pop(letter.id, None)


def _letter(message: Any) -> DeadLetter:
    attributes = message["Attributes"]
    sent_at = attributes["SentTimestamp"]
    body = message["Body"]
    try:
        text = read_queued(body, sent_at)
    except Unreadable:
        text = None
    return DeadLetter(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=body,
        reason=_reason(message.get("MessageAttributes", {})),
        received=int(attributes["ApproximateReceiveCount"]),
        sent_at=datetime.fromtimestamp(int(sent_at) / 1000, UTC),
        text=text,
    )


def _reason(attributes: Any) -> str:
    """Return the reason that the function gave, or why there is none: SQS or SNS moved the message."""
    if REASON in attributes:
        return str(attributes[REASON].get("StringValue", ""))
    return WITHOUT_REASON
