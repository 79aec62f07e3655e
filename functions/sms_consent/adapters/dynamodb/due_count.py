"""How much work of each kind is due, counted in the index; a backlog beyond the most is not counted to its end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb.store import DUE_INDEX
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.consent import Due
from sms_consent.domain.time import as_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["MOST_PAGES", "due_by_kind", "rejected_numbers"]

MOST_PAGES = 10
"""Of a megabyte each, about ten thousand consents: a count reads what it counts, and this one is made every minute."""
MOST_REJECTED_PAGES = 2
"""About six thousand rejected numbers."""


def due_by_kind(client: DynamoDBClient, table: str, now: datetime) -> dict[Due, int]:
    """Raises TryAgain or Rejected."""
    return {kind: _count(client, table, kind, as_text(now), MOST_PAGES) for kind in Due if kind is not Due.REJECTED}


def rejected_numbers(client: DynamoDBClient, table: str) -> int:
    """Count the numbers that AWS rejects permanently, whenever they are tried again. Raises TryAgain or Rejected."""
    return _count(client, table, Due.REJECTED, "9999", MOST_REJECTED_PAGES)


def _count(client: DynamoDBClient, table: str, kind: Due, until: str, most: int) -> int:
    counted, start = 0, dict[str, Any]()
    for _ in range(most):
        with translated():
            page = client.query(
                TableName=table,
                IndexName=DUE_INDEX,
                Select="COUNT",
                KeyConditionExpression="due = :due AND due_at <= :now",
                ExpressionAttributeValues={":due": {"S": kind.value}, ":now": {"S": until}},
                **start,
            )
        counted += page["Count"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    return counted
