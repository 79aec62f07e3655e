"""The progress of a reconcile run as one item of the ledger's table, and its Bloom snapshot as further items, which expire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb.codec import Plain, from_attributes, preserve, to_attributes
from sms_consent.adapters.error_mapping import ConditionFailed, translated
from sms_consent.domain.errors import Moved
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.time import as_text, from_text
from sms_consent.reconciliation.progress import BloomSnapshot, Counts, RunProgress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoProgressStore", "run_from", "run_item"]

RECONCILE = "RECONCILE"
KEY: Mapping[str, Plain | None] = {"pk": RECONCILE, "sk": RECONCILE}
PART = 350_000
"""Bytes of a snapshot in one item. DynamoDB allows 400 KB."""

_TIMES = ("started_at", "found_after", "behind_since", "lease_until", "finished_at")


def run_item(run: RunProgress) -> dict[str, Plain | None]:
    """Return the item of a run. Attributes have the names of the fields; None is an absent attribute."""
    item: dict[str, Plain | None] = {**KEY}
    for each in fields(RunProgress):
        if each.name == "preserved":
            continue
        value = getattr(run, each.name)
        if isinstance(value, datetime):
            value = as_text(value)
        elif isinstance(value, Counts):
            value = asdict(value)
        elif isinstance(value, BloomSnapshot):
            value = {"name": value.name, "parts": value.parts, "until": as_text(value.until)}
        elif isinstance(value, tuple):
            value = list(value)
        item[each.name] = value
    return preserve(item, run.preserved)


def run_from(item: Mapping[str, Any]) -> RunProgress:
    """Return the run of an item. Attributes that a newer version added are kept for the next write."""
    known = {each.name for each in fields(RunProgress)}
    values = {name: value for name, value in item.items() if name in known}
    unknown = {name: value for name, value in item.items() if name not in known | KEY.keys()}
    if unknown:
        values["preserved"] = Preserved(unknown)
    for name in _TIMES:
        if name in values:
            values[name] = from_text(values[name])
    for name in ("counts", "before_list"):
        counts = values.get(name, {})
        values[name] = Counts(**{each.name: counts.get(each.name, 0) for each in fields(Counts)})
    if "sketch" in values:
        sketch = values["sketch"]
        values["sketch"] = BloomSnapshot(sketch["name"], sketch["parts"], from_text(sketch["until"]))
    for name in ("lists", "unread"):
        values[name] = tuple(values.get(name, ()))
    return RunProgress(**values)


class DynamoProgressStore:
    """A ``ProgressStore`` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def newest(self) -> RunProgress | None:
        """Make one consistent read."""
        item = self._get(KEY)
        return run_from(from_attributes(item)) if item is not None else None

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """Make one write, conditional on the revision."""
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
                    Item=to_attributes(run_item(run)),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
        except ConditionFailed as failed:
            current = run_from(from_attributes(failed.item)) if failed.item else None
            # botocore may retry a put that already succeeded. If the stored item equals ours, treat it as success.
            if current != run:
                raise Moved(current) from failed

    def keep(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:
        """Write a snapshot. Its name is unique, so the writes are unconditional."""
        parts = range(0, len(packed), PART)
        for part, start in enumerate(parts):
            item = to_attributes({**_part_key(name, part), "expires": int(until.timestamp())})
            with translated():
                self._client.put_item(
                    TableName=self._table, Item={**item, "packed": {"B": packed[start : start + PART]}}
                )
        return BloomSnapshot(name, len(parts), until)

    def kept(self, sketch: BloomSnapshot) -> bytes | None:
        """Make one consistent read for each part."""
        packed = bytearray()
        for part in range(sketch.parts):
            item = self._get(_part_key(sketch.name, part))
            if item is None:
                return None
            packed += item["packed"]["B"]
        return bytes(packed)

    def _get(self, key: Mapping[str, Plain | None]) -> dict[str, Any] | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=to_attributes(key), ConsistentRead=True)
        return answer.get("Item")


def _part_key(name: str, part: int) -> dict[str, Plain | None]:
    return {"pk": f"{RECONCILE}#{name}", "sk": f"{part:04d}"}
