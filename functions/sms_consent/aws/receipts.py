"""Requests of the last while, as items of the ledger's table that DynamoDB deletes when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.aws.attributes import Plain, from_attributes, to_attributes
from sms_consent.aws.translation import translated, translation_of
from sms_consent.times import as_text, from_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoReceipts"]

REQUEST = "REQUEST"


class DynamoReceipts:
    """``Receipts`` on DynamoDB, which may delete an item days after its time is over: until then it is passed over here."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, name: str, now: datetime, until: datetime) -> datetime:
        """One conditional write; where it is refused, it brings what stands there."""
        item = {**_key(name), "at": as_text(now), "expires": int(until.timestamp())}
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
            # Deleted between the two, if it is missing: then it is over.
            return from_text(from_attributes(standing)["at"]) if isinstance(standing, dict) else now
        except BotoCoreError as error:
            raise translation_of(error) from error
        return now

    def find(self, name: str, now: datetime) -> datetime | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=to_attributes(_key(name)), ConsistentRead=True)
        item = from_attributes(answer.get("Item", {}))
        return from_text(item["at"]) if item and item["expires"] >= int(now.timestamp()) else None


def _key(name: str) -> dict[str, Plain | None]:
    return {"pk": f"{REQUEST}#{name}", "sk": REQUEST}
