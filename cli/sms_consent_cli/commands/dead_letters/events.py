"""Decides what a message of NotifyFunction's dead-letter queue holds, and whether it can be told to other systems now.

The function puts records of the ledger's stream aside as they came. Where it failed as a whole, Lambda leaves only the
place in the stream where the records stand, for as long as the stream keeps them: a day.
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

__all__ = ["PutAside", "StreamForgot", "opened", "read_again"]

PLACE = "DDBStreamBatchInfo"
"""docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"""
MOST_PAGES = 100
_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})
FAILED_WHOLE = "the function failed as a whole: see its logs"


class StreamForgot(Exception):
    """The records are no longer, or not all, in the stream."""


@dataclass(frozen=True, slots=True)
class PutAside:
    """One message: what it has to tell, or where in the stream that stands, or neither if it cannot be read."""

    letter: DeadLetter
    notices: tuple[EventEnvelope, ...]
    place: Mapping[str, Any] | None
    reason: str

    @property
    def can_be_told(self) -> bool:
        """As far as one can know without asking the stream."""
        return bool(self.notices) or self.place is not None


def opened(letter: DeadLetter) -> PutAside:
    """What a message holds. One that this version cannot read says so; nothing in it is quoted."""
    try:
        content = json.loads(letter.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return PutAside(letter, (), None, "not a record of the ledger's stream")
    place = content.get(PLACE)
    if isinstance(place, dict):
        reason = FAILED_WHOLE if letter.reason == WITHOUT_REASON else letter.reason
        return PutAside(letter, (), place, reason)
    try:
        notice = envelope_of(content)
    except Unreadable as error:
        return PutAside(letter, (), None, letter.reason if letter.reason != WITHOUT_REASON else error.reason)
    return PutAside(letter, (notice,) if notice is not None else (), None, letter.reason)


def read_again(streams: Any, place: Mapping[str, Any]) -> list[EventEnvelope]:
    """What the records there have to tell. Raises StreamForgot, Unreadable, BotoCoreError or ClientError."""
    return [
        notice
        for record in _records(streams, place)
        if (notice := envelope_of(_as_lambda_has_it(record, place))) is not None
    ]


def _records(streams: Any, place: Mapping[str, Any]) -> Iterator[Any]:
    """All of them, or StreamForgot: a message of which only a part was told must not be taken for done."""
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
    raise StreamForgot("the end was not found")


def _asked(call: Callable[..., Any], **parameters: Any) -> Any:
    from botocore.exceptions import ClientError

    try:
        return call(**parameters)
    except ClientError as error:
        if error.response["Error"].get("Code") in _GONE:
            raise StreamForgot("the stream keeps records for a day") from error
        raise


def _as_lambda_has_it(record: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    """The API gives times as times, Lambda as seconds."""
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": change, "eventSourceARN": place["streamArn"]}
