"""The idempotency store: recent requests as items of the ledger's table, which DynamoDB deletes after they expire (TTL)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sms_consent.adapters.dynamodb.codec import decode, encode, from_attributes, moment, register, text, to_attributes
from sms_consent.adapters.error_mapping import ConditionFailed, translated
from sms_consent.recording.idempotency import RequestRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoIdempotencyStore"]

REQUEST = "REQUEST"

register(RequestRecord, key=(REQUEST + "#{name}", REQUEST), fields={"at": moment, "identity": text}, strict=True)


class DynamoIdempotencyStore:
    """An ``IdempotencyStore`` on DynamoDB, which may delete an item days after it expires; expired items are ignored."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def store(self, name: str, record: RequestRecord, now: datetime, until: datetime) -> RequestRecord | None:
        """Write a record unless one is stored; then return that one. One conditional write."""
        item = encode(record, {"expires": int(until.timestamp())}, name=name)
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR #expires < :now",
                    ExpressionAttributeNames={"#expires": "expires"},
                    ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            if not failed.item:
                return None  # expired and deleted in between
            return decode(RequestRecord, from_attributes(failed.item))
        return None

    def store_results(self, identity: str, results: Mapping[str, str], until: datetime) -> None:
        """Write the results of a request. They contain no phone number: a recipient is its position in the request."""
        item = {**_key(f"results {identity}"), "results": results, "expires": int(until.timestamp())}
        with translated():
            self._client.put_item(TableName=self._table, Item=to_attributes(item))

    def results(self, identity: str, now: datetime) -> Mapping[str, str]:
        """Return the stored results of a request, by position of the recipient. One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=to_attributes(_key(f"results {identity}")), ConsistentRead=True
            )
        item = from_attributes(answer.get("Item", {}))
        found: Mapping[str, str] = item["results"] if item and item["expires"] >= int(now.timestamp()) else {}
        return found


def _key(name: str) -> dict[str, str]:
    return {"pk": f"{REQUEST}#{name}", "sk": REQUEST}
