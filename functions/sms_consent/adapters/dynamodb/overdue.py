"""How long the oldest opt-out has been waiting to be put on the list, whenever its next attempt is.

The index of due work is ordered by the next attempt, which says nothing about age, so every opt-out in it is looked at: up to
``MOST_PAGES`` pages a minute. Of a longer queue, half of the pages are the front, where the next attempts are due, and half go
on from where the last look stopped; the oldest that such a round finds is remembered until the next round is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import from_attributes, to_attributes
from sms_consent.adapters.dynamodb.store import DUE_INDEX
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.consent import Due
from sms_consent.domain.time import as_text, from_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["MOST_PAGES", "OldestOptOut"]

MOST_PAGES = 10
"""Of a megabyte each: about ten thousand opt-outs."""
FORGOTTEN_AFTER = timedelta(minutes=10)
"""A round that nobody went on with for so long says nothing any more."""
KEY = {"pk": "OVERDUE", "sk": "OVERDUE"}
_READ = ("pk", "sk", "decided_at", "drift_found_at", "unlisted_since")


class OldestOptOut:
    """Looks for the oldest opt-out that is due."""

    def __init__(self, client: DynamoDBClient, table: str, most_pages: int = MOST_PAGES) -> None:
        self._client = client
        self._table = table
        self._most_pages = most_pages

    def age(self, now: datetime) -> timedelta:
        """Return its age, zero if no opt-out is due. Imports and permanently rejected numbers are other kinds of work.

        Raises TryAgain or Rejected.
        """
        half = self._most_pages // 2
        oldest, end = self._pages(None, half, now)
        if end is not None:
            oldest = min(oldest, self._next_of_round(end, self._most_pages - half, now))
        return now - oldest

    def _next_of_round(self, front: Mapping[str, Any], most: int, now: datetime) -> datetime:
        """Go on with the round, and return the oldest of it and of the round before."""
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
        """The oldest on so many pages, the present if there is none, and where the next page starts."""
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
    """Since when an item is due. One that cannot be read does not count here: sweep reports it."""
    try:
        return items.consent_from(from_attributes(stored)).out_of_sync_since
    except Exception:  # noqa: BLE001  one item must not stop the sweep that follows
        return now
