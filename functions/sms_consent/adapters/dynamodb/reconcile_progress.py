"""The progress of a reconcile run as one item of the ledger's table, and its Bloom snapshot as further items, which expire."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb.codec import (
    Attributes,
    Raw,
    decode,
    encode,
    from_attributes,
    integer,
    key_of,
    moment,
    nested,
    register,
    sequence,
    text,
    to_attributes,
)
from sms_consent.adapters.error_mapping import ConditionFailed, translated
from sms_consent.domain.errors import Moved
from sms_consent.reconciliation.progress import BloomSnapshot, Counts, RunProgress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoProgressStore"]

RECONCILE = "RECONCILE"
PART = 350_000
"""Bytes of a snapshot in one item. DynamoDB allows 400 KB."""

_COUNTS = {each.name: integer for each in fields(Counts)}

register(Counts, fields=_COUNTS, strict=True)
register(BloomSnapshot, fields={"name": text, "parts": integer, "until": moment}, strict=True)
register(
    RunProgress,
    key=(RECONCILE, RECONCILE),
    fields={
        "id": text,
        "started_at": moment,
        "lists": sequence(text),
        "found_after": moment,
        "behind_since": moment,
        "at_list": integer,
        "place": text,
        "counts": nested(Counts),
        "before_list": nested(Counts),
        "begun_anew": integer,
        "unread": sequence(text),
        "expected": integer,
        "sketch": nested(BloomSnapshot),
        "revision": integer,
        "worker": text,
        "lease_until": moment,
        "finished_at": moment,
    },
    strict=True,  # a run that cannot be read is not continued
)


class DynamoProgressStore:
    """A ``ProgressStore`` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def newest(self) -> RunProgress | None:
        """Return the progress of the newest run, or None. One consistent read."""
        item = self._get(key_of(RunProgress))
        return decode(RunProgress, from_attributes(item)) if item is not None else None

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """Write the progress of a run if the stored revision is that of ``replacing``."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if replacing is not None:
            condition = {
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": {"N": str(replacing.revision)}},
            }
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=encode(run),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
        except ConditionFailed as failed:
            current = decode(RunProgress, from_attributes(failed.item)) if failed.item else None
            # botocore may retry a put that already succeeded. If the stored item equals ours, treat it as success.
            if current != run:
                raise Moved(current) from failed

    def save_snapshot(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:
        """Write a Bloom snapshot. Its name is new, so no condition is needed."""
        parts = range(0, len(packed), PART)
        for part, start in enumerate(parts):
            packed_part = Raw({"B": packed[start : start + PART]})
            item = {
                **_part_key(name, part),
                **to_attributes({"expires": int(until.timestamp()), "packed": packed_part}),
            }
            with translated():
                self._client.put_item(TableName=self._table, Item=item)
        return BloomSnapshot(name, len(parts), until)

    def read_snapshot(self, snapshot: BloomSnapshot) -> bytes | None:
        """Return the bytes of a Bloom snapshot, or None if a part is missing. One consistent read for each part."""
        packed = bytearray()
        for part in range(snapshot.parts):
            item = self._get(_part_key(snapshot.name, part))
            if item is None:
                return None
            packed += item["packed"]["B"]
        return bytes(packed)

    def _get(self, key: Attributes) -> dict[str, Any] | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")


def _part_key(name: str, part: int) -> Attributes:
    return to_attributes({"pk": f"{RECONCILE}#{name}", "sk": f"{part:04d}"})
