"""Decides how the dead-letter queue is looked through: every message once, held meanwhile, moved or given back.

A queue cannot be browsed. Receiving hides a message for a while, and counts; what is not moved is given back at the end,
and comes back by itself should that fail.
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

__all__ = ["WITHOUT_REASON", "DeadLetter", "DeadLetterQueue", "Waiting"]

REASON = "Reason"
"""As the function names it (sms_consent.adapters.sqs.dead_letters, which would load the AWS SDK with it)."""
WITHOUT_REASON = "no reason is known: SNS or an earlier release moved it, see the logs"

HOLD = 120
"""Seconds for which a message is hidden from others who look: enough for some ten thousand."""
WAIT = 1
"""Seconds that a receive waits. Only one that waits asks every server of the queue, so that nothing is overlooked."""
A_BATCH = 10
"""What SQS hands out or takes back in one call."""
NO_NEWS = 3
"""After so many receives that brought only what had been seen, everything has been."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message, and what can be said of it without quoting it."""

    id: str
    receipt: str
    body: str
    reason: str
    received: int  # how often, this time included
    sent_at: datetime
    text: InboundMessage | None  # None if it cannot be read

    @property
    def since(self) -> datetime:
        """When it was texted, or else put into a queue: the latter may be days later."""
        return self.text.at if self.text is not None else self.sent_at

    def as_it_came(self) -> str:
        """The body, unchanged. Only a bare payload gets the notification that it lacks, with its old time in it."""
        return with_time(self.body, self.id, self.sent_at) if self.text is not None else self.body


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages there are, about: SQS counts them with a delay."""

    visible: int
    held: int
    kept_for: timedelta


class DeadLetterQueue(AbstractContextManager["DeadLetterQueue"]):
    """One look through the queue; at its end, what was held and not moved is given back."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url
        self._held: dict[str, str] = {}
        self._moved: set[bytes] = set()

    def __exit__(self, *_: object) -> None:
        """Also when somebody interrupts. What cannot be given back now comes back by itself."""
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
        """Before the look."""
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
        """Return a response of SQS, for its time."""
        response: Any = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        return cast("Mapping[str, Any]", response)

    def letters(self) -> Iterator[DeadLetter]:
        """Each once, in no order."""
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
        """Send it, and only then delete it: a copy too many changes nothing, since the ledger knows its decision.

        False for one that this look has already moved: what cannot be read is back here a moment later, and would go
        round for ever.
        """
        body = letter.as_it_came()
        digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
        if digest in self._moved:
            return False
        self._sqs.send_message(QueueUrl=into, MessageBody=body)
        self._moved.add(digest)
        self.drop(letter)
        return True

    def drop(self, letter: DeadLetter) -> None:
        """It is done: nobody need look at it any more."""
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
    """The function's own words. SQS moves a message without any; so does SNS, if it could not reach the queue at all."""
    if REASON in attributes:
        return str(attributes[REASON].get("StringValue", ""))
    return WITHOUT_REASON
