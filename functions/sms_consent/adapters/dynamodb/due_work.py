"""Decides what work of the ledger is due at a time, as its index has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sms_consent.adapters.dynamodb.codec import from_attributes
from sms_consent.domain.consent import Due
from sms_consent.domain.time import as_text, from_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DueIndex", "DueWork"]

Item = tuple[str, str, int]
"""Key and revision: the same work, done once more, is another."""


@dataclass(frozen=True)
class DueWork:
    """What the ledger had in its sparse index ``due`` when that was read: items, and when they are due."""

    items: tuple[tuple[Item, str], ...]

    def at(self, now: datetime) -> frozenset[Item]:
        """What is due by then."""
        return frozenset(item for item, due_at in self.items if due_at <= as_text(now))

    def next_after(self, now: datetime) -> datetime | None:
        """When the next of it gets due."""
        moments = [due_at for _, due_at in self.items if due_at > as_text(now)]
        return from_text(min(moments)) if moments else None


class DueIndex:
    """The ledger's sparse index ``due``, read from outside."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self) -> DueWork:
        """As it is now."""
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
