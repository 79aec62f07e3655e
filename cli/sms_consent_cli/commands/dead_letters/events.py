"""The messages of NotifyFunction's dead-letter queue: ledger changes that could not be published.

The function moves single stream records there. If an invocation failed as a whole, Lambda sends only the position of its
records in the stream, which keeps them for a day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sms_consent.adapters.dynamodb.stream_records import envelope_of
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.events import EventEnvelope
from sms_consent_cli.commands.dead_letters.queue import WITHOUT_REASON, DeadLetter

__all__ = ["DeadLetteredEvent", "RecordsExpired", "read_event", "read_from_stream"]

PLACE = "DDBStreamBatchInfo"
"""docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"""
MOST_PAGES = 100
_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})
FAILED_WHOLE = "the function failed as a whole: see its logs"


class RecordsExpired(Exception):
    """Some or all of the records are no longer in the stream."""


@dataclass(frozen=True, slots=True)
class DeadLetteredEvent:
    """One message, with its events or their position in the stream; with neither if it cannot be read."""

    letter: DeadLetter
    envelopes: tuple[EventEnvelope, ...]
    place: Mapping[str, Any] | None
    reason: str

    @property
    def can_be_published(self) -> bool:
        """Whether it has events, or a position in the stream."""
        return bool(self.envelopes) or self.place is not None


def read_event(letter: DeadLetter) -> DeadLetteredEvent:
    """Parse a message. The reason of an unreadable one contains no input."""
    try:
        content = json.loads(letter.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return DeadLetteredEvent(letter, (), None, "not a record of the ledger's stream")
    place = content.get(PLACE)
    if isinstance(place, dict):
        reason = FAILED_WHOLE if letter.reason == WITHOUT_REASON else letter.reason
        return DeadLetteredEvent(letter, (), place, reason)
    try:
        envelope = envelope_of(content)
    except Unreadable as error:
        return DeadLetteredEvent(letter, (), None, letter.reason if letter.reason != WITHOUT_REASON else error.reason)
    return DeadLetteredEvent(letter, (envelope,) if envelope is not None else (), None, letter.reason)


def read_from_stream(streams: Any, place: Mapping[str, Any]) -> list[EventEnvelope]:
    """Return the events of records still in the stream. Raises RecordsExpired, Unreadable, BotoCoreError or ClientError."""
    return [
        envelope
        for record in _records(streams, place)
        if (envelope := envelope_of(_as_lambda_has_it(record, place))) is not None
    ]


def _records(streams: Any, place: Mapping[str, Any]) -> Iterator[Any]:
    """Yield all records, or raise RecordsExpired: a partly published message must not count as done."""
    last = int(place["endSequenceNumber"])
    page = _asked(
        streams.get_shard_iterator,
        StreamArn=place["streamArn"],
        ShardId=place["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=place["startSequenceNumber"],
    )["ShardIterator"]
    for _ in range(MOST_PAGES):  # a page may be empty, and more may follow
        answer = _asked(streams.get_records, ShardIterator=page)
        for record in answer["Records"]:
            yield record
            if int(record["dynamodb"]["SequenceNumber"]) >= last:
                return
        page = answer.get("NextShardIterator")
        if page is None:
            break
    raise RecordsExpired("the end was not found")


def _asked(call: Callable[..., Any], **parameters: Any) -> Any:
    from botocore.exceptions import ClientError

    try:
        return call(**parameters)
    except ClientError as error:
        if error.response["Error"].get("Code") in _GONE:
            raise RecordsExpired("the stream keeps records for a day") from error
        raise


def _as_lambda_has_it(record: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a stream record to the format of Lambda events, with the time in seconds."""
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": change, "eventSourceARN": place["streamArn"]}
