"""Queries of the sparse index of due work: counts by kind, the age of the oldest opt-out, and everything that is due.

The index is ordered by the time of the next attempt, not by age, so the search for the oldest opt-out reads every opt-out in
it, up to ``MOST_PAGES`` pages at each call. Of a longer queue, a call reads half as many pages from the front, where the next
attempts are due, and half from where the call before it stopped. Such a search of the whole queue takes several calls. Its
oldest opt-out counts until the next search is complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import from_attributes, to_attributes
from sms_consent.adapters.dynamodb.pages import pages
from sms_consent.adapters.dynamodb.store import DUE_INDEX
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.consent import Due
from sms_consent.domain.time import as_text, from_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["MOST_PAGES", "DueIndex", "DueWork", "OldestOptOut", "due_by_kind", "rejected_numbers"]

MOST_PAGES = 10
"""Pages of one megabyte: about ten thousand consents. Counts and the search for the oldest opt-out read no further."""
FORGOTTEN_AFTER = timedelta(minutes=10)
"""A search that was not continued for this long starts again."""
KEY = {"pk": "OVERDUE", "sk": "OVERDUE"}
_READ = ("pk", "sk", "decided_at", "drift_found_at", "unlisted_since")
MOST_REJECTED_PAGES = 2
"""About six thousand rejected numbers."""

WorkItem = tuple[str, str, int]
"""Key and revision. Work that becomes due again is another item, since its revision is higher."""


def due_by_kind(client: DynamoDBClient, table: str, now: datetime) -> dict[Due, int]:
    """Return the number of due items by kind, except permanently rejected numbers. Raises TryAgain or Rejected."""
    return {kind: _count(client, table, kind, as_text(now), MOST_PAGES) for kind in Due if kind is not Due.REJECTED}


def rejected_numbers(client: DynamoDBClient, table: str) -> int:
    """Return the number of permanently rejected numbers, due or not. Raises TryAgain or Rejected."""
    return _count(client, table, Due.REJECTED, "9999", MOST_REJECTED_PAGES)


def _count(client: DynamoDBClient, table: str, kind: Due, until: str, most: int) -> int:
    found = pages(
        client.query,
        TableName=table,
        IndexName=DUE_INDEX,
        Select="COUNT",
        KeyConditionExpression="due = :due AND due_at <= :now",
        ExpressionAttributeValues={":due": {"S": kind.value}, ":now": {"S": until}},
    )
    return sum(page["Count"] for page in islice(found, most))


class OldestOptOut:
    """Finds the oldest opt-out that is due."""

    def __init__(self, client: DynamoDBClient, table: str, most_pages: int = MOST_PAGES) -> None:
        self._client = client
        self._table = table
        self._most_pages = most_pages

    def age(self, now: datetime) -> timedelta:
        """Return the age of the oldest due opt-out; zero if none is due.

        Imported opt-outs and permanently rejected numbers do not count. Raises TryAgain or Rejected.
        """
        half = self._most_pages // 2
        oldest, end = self._pages(None, half, now)
        if end is not None:
            oldest = min(oldest, self._continue_search(end, self._most_pages - half, now))
        return now - oldest

    def _continue_search(self, front: Mapping[str, Any], most: int, now: datetime) -> datetime:
        """Read the next pages of a long queue. Return the time of the oldest opt-out found since the search before this one
        began.

        A search of the whole queue takes several calls, so its position and results are stored.

        Args:
            front: The key at which a new search begins: the end of the pages that every call reads.
            most: How many pages to read.
            now: The time, also returned if no opt-out was found.
        """
        known = self._known(now)
        start = json.loads(known["place"]) if "place" in known else front
        found, end = self._pages(start, most, now)
        current = min(found, from_text(known["oldest"])) if "oldest" in known else found
        before = from_text(known["before"]) if "before" in known else now
        over = end is None
        item = {
            **KEY,
            "looked_at": as_text(now),
            "place": None if over else json.dumps(end),
            "oldest": None if over else as_text(current),
            "before": as_text(current) if over else known.get("before"),
        }
        with translated():
            self._client.put_item(TableName=self._table, Item=to_attributes(item))
        return min(current, before)

    def _known(self, now: datetime) -> dict[str, Any]:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=to_attributes(KEY), ConsistentRead=True)
        try:
            item = from_attributes(answer["Item"])
            fresh = now - from_text(item["looked_at"]) <= FORGOTTEN_AFTER
        except (KeyError, TypeError, ValueError):
            return {}
        return item if fresh else {}

    def _pages(
        self, start: Mapping[str, Any] | None, most: int, now: datetime
    ) -> tuple[datetime, Mapping[str, Any] | None]:
        """Read pages of opt-outs. Return the time of the oldest one (``now`` if there is none) and the key of the next
        page."""
        oldest, place = now, start
        for _ in range(most):
            more: Any = {"ExclusiveStartKey": place} if place is not None else {}
            with translated():
                page = self._client.query(
                    TableName=self._table,
                    IndexName=DUE_INDEX,
                    KeyConditionExpression="due = :due",
                    ProjectionExpression=", ".join(_READ),
                    ExpressionAttributeValues={":due": {"S": Due.OPT_OUT.value}},
                    **more,
                )
            for each in page["Items"]:
                oldest = min(oldest, _since(each, now))
            place = page.get("LastEvaluatedKey")
            if place is None:
                break
        return oldest, place


def _since(stored: Mapping[str, Any], now: datetime) -> datetime:
    """Return the time since which an item is due; ``now`` if it cannot be read, which sweep reports."""
    try:
        return items.consent_from(from_attributes(stored)).out_of_sync_since
    except Exception:  # noqa: BLE001  one item must not stop the sweep that follows
        return now


@dataclass(frozen=True)
class DueWork:
    """The items in the index ``due`` when it was read, with their times."""

    items: tuple[tuple[WorkItem, str], ...]

    def at(self, now: datetime) -> frozenset[WorkItem]:
        """Return the items that are due at ``now``."""
        return frozenset(item for item, due_at in self.items if due_at <= as_text(now))

    def next_after(self, now: datetime) -> datetime | None:
        """Return the next time after ``now`` at which an item becomes due, or None."""
        moments = [due_at for _, due_at in self.items if due_at > as_text(now)]
        return from_text(min(moments)) if moments else None


class DueIndex:
    """The sparse index ``due``."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self) -> DueWork:
        """Read the whole index."""
        pages = self._dynamodb.get_paginator("query")
        found = []
        for kind in Due:
            for page in pages.paginate(
                TableName=self._table,
                IndexName="due",
                KeyConditionExpression="due = :due",
                ExpressionAttributeValues={":due": {"S": kind.value}},
            ):
                for each in page["Items"]:
                    item = from_attributes(each)
                    found.append(((item["pk"], item["sk"], item["revision"]), item["due_at"]))
        return DueWork(tuple(found))
