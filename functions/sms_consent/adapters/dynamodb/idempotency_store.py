"""Requests of the last while, as items of the ledger's table that DynamoDB deletes when their time is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.adapters.dynamodb.attributes import Plain, from_attributes, to_attributes
from sms_consent.adapters.error_mapping import translated, translation_of
from sms_consent.domain.time import as_text, from_text
from sms_consent.recording.idempotency import RequestRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoIdempotencyStore"]

REQUEST = "REQUEST"


class DynamoIdempotencyStore:
    """``Receipts`` on DynamoDB, which may delete an item days after its time is over: until then it is passed over here."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, name: str, receipt: RequestRecord, now: datetime, until: datetime) -> RequestRecord | None:
        """One conditional write; where it is refused, it brings what stands there."""
        item = {
            **_key(name), "at": as_text(receipt.at), "identity": receipt.identity, "expires": int(until.timestamp()),
        }  # fmt: skip
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_attributes(item),
                ConditionExpression="attribute_not_exists(pk) OR #expires < :now",
                ExpressionAttributeNames={"#expires": "expires"},
                ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"].get("Code") != "ConditionalCheckFailedException":
                raise translation_of(error) from error
            standing = error.response.get("Item")
            if not isinstance(standing, dict):
                return None  # deleted between the two: then it is over
            found = from_attributes(standing)
            return RequestRecord(from_text(found["at"]), found.get("identity"))
        except BotoCoreError as error:
            raise translation_of(error) from error
        return None

    def keep_results(self, identity: str, results: Mapping[str, str], until: datetime) -> None:
        """One write. It holds no phone number: recipients are identified by their position in the request."""
        item: dict[str, Plain | None] = {
            **_key(f"results {identity}"), "results": dict(results), "expires": int(until.timestamp()),
        }  # fmt: skip
        with translated():
            self._client.put_item(TableName=self._table, Item=to_attributes(item))

    def results(self, identity: str, now: datetime) -> Mapping[str, str]:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=to_attributes(_key(f"results {identity}")), ConsistentRead=True
            )
        item = from_attributes(answer.get("Item", {}))
        found: Mapping[str, str] = item["results"] if item and item["expires"] >= int(now.timestamp()) else {}
        return found


def _key(name: str) -> dict[str, Plain | None]:
    return {"pk": f"{REQUEST}#{name}", "sk": REQUEST}
