"""Message bodies in the ledger's table: found by a scan, and removed one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb.codec import (
    boolean,
    decode,
    encode,
    from_attributes,
    key_of,
    moment,
    register,
    text,
    to_attributes,
)
from sms_consent.adapters.dynamodb.items import LIST
from sms_consent.adapters.error_mapping import ConditionFailed, translated
from sms_consent.domain.time import as_text
from sms_consent.retention.body_retention import KeptBody, Pass

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoMessageBodies"]

register(Pass, key=("RETENTION", "RETENTION"), fields={"begun_at": moment, "place": text, "over": boolean})

PAGE = 500
"""Items of one page. A function has time to remove the bodies of so many."""


class DynamoMessageBodies:
    """``Bodies`` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def newest(self) -> Pass | None:
        """Return the newest pass over the table, or None."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=key_of(Pass), ConsistentRead=True)
        return decode(Pass, from_attributes(answer["Item"])) if "Item" in answer else None

    def save(self, current: Pass) -> None:
        """Write the pass without a condition: two invocations at once only repeat each other's work."""
        with translated():
            self._client.put_item(TableName=self._table, Item=encode(current))

    def older_than(self, moment: datetime, place: str | None) -> tuple[Sequence[KeptBody], str | None]:
        """Return one page's items with a body older than ``moment``, and where the next page begins.

        Decisions have a body; so have consents, while a decision is in their outbox. Items of which an earlier release
        removed only the body, and not its salt, are found too.
        """
        start: dict[str, Any] = {"ExclusiveStartKey": json.loads(place)} if place is not None else {}
        with translated():
            page = self._client.scan(
                TableName=self._table,
                FilterExpression=(
                    "((attribute_exists(body) OR attribute_exists(salt)) AND #at <= :until)"
                    " OR (attribute_exists(#o.body) AND #o.#at <= :until)"
                ),
                ProjectionExpression="pk, sk, #o.#id",
                ExpressionAttributeNames={"#at": "at", "#o": "outbox", "#id": "id"},
                ExpressionAttributeValues={":until": {"S": as_text(moment)}},
                Limit=PAGE,
                **start,
            )
        last = page.get("LastEvaluatedKey")
        return [_kept(from_attributes(item)) for item in page["Items"]], json.dumps(last) if last else None

    def remove(self, kept: KeptBody) -> None:
        """Remove the body of one item, with its salt. The revision does not change, so a worker's write to the item still
        succeeds."""
        with suppress(ConditionFailed), translated():
            if kept.decision_id is None:
                self._remove(
                    kept, "REMOVE body, salt", ConditionExpression="attribute_exists(body) OR attribute_exists(salt)"
                )
            else:
                self._remove(
                    kept,
                    "REMOVE #o.body",
                    ConditionExpression="#o.#id = :id",
                    ExpressionAttributeNames={"#o": "outbox", "#id": "id"},
                    ExpressionAttributeValues={":id": {"S": kept.decision_id}},
                )

    def _remove(self, kept: KeptBody, expression: str, **more: Any) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=to_attributes({"pk": kept.pk, "sk": kept.sk}),
            UpdateExpression=expression,
            **more,
        )


def _kept(item: dict[str, Any]) -> KeptBody:
    copied = item.get("outbox", {}).get("id") if item["sk"].startswith(LIST) else None
    return KeptBody(item["pk"], item["sk"], copied)
