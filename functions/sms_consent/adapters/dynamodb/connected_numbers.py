"""Remembers how a number was set before it was connected, so that disconnecting leads back there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb.attributes import Plain, from_attributes, to_attributes
from sms_consent_cli.commands.connect.originators import Handling, Originator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Memory"]

CONNECTED = "CONNECTED"


class Memory:
    """One item of the ledger's table for each number or pool. Its methods raise ClientError or BotoCoreError."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def before(self, originator: Originator) -> Handling | None:
        """None if it was never connected by this command."""
        answer = self._client.get_item(TableName=self._table, Key=_key(originator), ConsistentRead=True)
        if "Item" not in answer:
            return None
        values = from_attributes(answer["Item"])["before"]
        return Handling(**{"channel": None, "role": None} | values)

    def keep(self, originator: Originator, topic: str) -> None:
        """Before the first change. What is known stays, once texts go to the stack's topic: then it was half-way already."""
        handling = {name: value for name, value in asdict(originator.handling).items() if value is not None}
        before: dict[str, Plain | None] = {"before": handling}
        condition: Any = (
            {"ConditionExpression": "attribute_not_exists(pk)"} if originator.handling.heard_on(topic) else {}
        )
        try:
            self._client.put_item(TableName=self._table, Item=_key(originator) | to_attributes(before), **condition)
        except ClientError as error:
            if error.response["Error"].get("Code") != "ConditionalCheckFailedException":
                raise

    def forget(self, originator: Originator) -> None:
        """Once it is back."""
        self._client.delete_item(TableName=self._table, Key=_key(originator))


def _key(originator: Originator) -> dict[str, dict[str, str]]:
    return {"pk": {"S": CONNECTED}, "sk": {"S": originator.id}}
