"""The settings that a number had before it was connected, so that disconnecting restores them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb.codec import Plain, from_attributes, to_attributes
from sms_consent.adapters.error_mapping import is_condition_failed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["ConnectedNumbers"]

CONNECTED = "CONNECTED"


class ConnectedNumbers:
    """One item for each number, pool or agent. Its methods raise ClientError or BotoCoreError."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def settings_before(self, identity: str) -> dict[str, Any] | None:
        """Return the settings that the number had before it was connected; None if this command never connected it."""
        answer = self._client.get_item(TableName=self._table, Key=_key(identity), ConsistentRead=True)
        return dict(from_attributes(answer["Item"])["before"]) if "Item" in answer else None

    def store(self, identity: str, settings: Mapping[str, Plain | None], *, only_first: bool) -> None:
        """Store a number's settings before they are changed. With ``only_first``, settings that are stored already stay."""
        known = {name: value for name, value in settings.items() if value is not None}
        before: dict[str, Plain | None] = {"before": known}
        condition: Any = {"ConditionExpression": "attribute_not_exists(pk)"} if only_first else {}
        try:
            self._client.put_item(TableName=self._table, Item=_key(identity) | to_attributes(before), **condition)
        except ClientError as error:
            if not is_condition_failed(error):
                raise

    def forget(self, identity: str) -> None:
        """Delete the stored settings, after they were restored."""
        self._client.delete_item(TableName=self._table, Key=_key(identity))


def _key(identity: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": CONNECTED}, "sk": {"S": identity}}
