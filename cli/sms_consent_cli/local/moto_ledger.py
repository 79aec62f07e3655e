"""Patches of moto's DynamoDB: serialized calls, cheap transactions, and encryption keys.

moto checks a condition and writes in two steps, so threads can interleave. It deep-copies the whole table for each
transaction, and a cancelled one leaves its records in the stream. It loses a table's key after UpdateTable, CloudFormation
and a restore. Its CloudFormation ignores time to live and point-in-time recovery.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from threading import RLock
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RestoredPITTable, Table
from moto.dynamodb.responses import DynamoHandler

__all__ = ["patch"]

_ONE_CALL = RLock()


def patch() -> None:
    """Patch moto. Further calls have no effect."""
    if isinstance(vars(models)["copy"], _Copies):
        return
    call_action, transact = DynamoHandler.call_action, models.DynamoDBBackend.transact_write_items
    copies = _Copies()

    def one_at_a_time(self: DynamoHandler) -> Any:
        with _ONE_CALL:
            return call_action(self)

    def transact_write_items(self: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        transaction = _Transaction(self.tables, transact_items)
        copies.within_transaction = True
        try:
            transact(self, transact_items)
        except BaseException:
            transaction.roll_back()
            raise
        finally:
            copies.within_transaction = False

    # The type checker forbids assignments to methods.
    setattr(DynamoHandler, "call_action", one_at_a_time)  # noqa: B010
    _keep_keys()
    setattr(models.DynamoDBBackend, "transact_write_items", transact_write_items)  # noqa: B010
    setattr(models, "copy", copies)  # noqa: B010


def _keep_keys() -> None:
    update_table, describe, restored = DynamoHandler.update_table, Table.describe, RestoredPITTable.__init__
    created = Table.create_from_cloudformation_json.__func__  # type: ignore[attr-defined]  # of a class method

    def update_table_with_key(self: DynamoHandler) -> Any:
        if (encryption := self.body.get("SSESpecification")) is not None:
            self.dynamodb_backend.get_table(self.body["TableName"]).sse_specification = encryption
        return update_table(self)

    def describe_with_key(self: Table, base_key: str = "TableDescription") -> dict[str, Any]:
        described = describe(self, base_key)
        encryption = self.sse_specification or {}
        # CloudFormation has another name for the member, and may pass a key's id.
        if encryption.get("Enabled") or encryption.get("SSEEnabled"):
            key = encryption.get("KMSMasterKeyId", "")
            arn = key if key.startswith("arn:") else f"arn:aws:kms:{self.region_name}:{self.account_id}:key/{key}"
            described[base_key]["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}
        return described

    def restored_with_key(self: RestoredPITTable, name: str, account_id: str, region: str, source: Table) -> None:
        restored(self, name, account_id, region, source)
        self.sse_specification, self.billing_mode = source.sse_specification, source.billing_mode

    def created_whole(
        cls: type[Any], /, resource_name: str, cloudformation_json: dict[str, Any], *more: Any, **named: Any
    ) -> Table:
        table: Table = created(cls, resource_name, cloudformation_json, *more, **named)
        properties = cloudformation_json["Properties"]
        if (ttl := properties.get("TimeToLiveSpecification", {})).get("Enabled"):
            table.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl["AttributeName"]}
        if properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            table.continuous_backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] = "ENABLED"
        return table

    setattr(Table, "create_from_cloudformation_json", classmethod(created_whole))  # noqa: B010
    setattr(DynamoHandler, "update_table", update_table_with_key)  # noqa: B010
    setattr(Table, "describe", describe_with_key)  # noqa: B010
    setattr(RestoredPITTable, "__init__", restored_with_key)  # noqa: B010


class _Transaction:
    """The items that a transaction may change, and the length of their tables' streams. Restored if it is cancelled."""

    def __init__(self, tables: Mapping[str, Table], transact_items: list[dict[str, Any]]) -> None:
        operations = [next(iter(item.values())) for item in transact_items]
        self._tables = {name: tables[name] for each in operations if (name := each.get("TableName")) in tables}
        self._items = [self._item(each) for each in operations if each.get("TableName") in tables]
        self._streams = {name: len(each.stream_shard.items) for name, each in self._tables.items() if each.stream_shard}

    def _item(self, operation: dict[str, Any]) -> tuple[dict[Any, Item], DynamoType | None, Item | None]:
        """Return the collection of an operation's item, its key in it, and a copy of the item: an update changes it in place."""
        table = self._tables[operation["TableName"]]
        attributes = operation.get("Item") or operation.get("Key") or {}
        partition, sort = (attributes.get(name) for name in (table.hash_key_attr, table.range_key_attr))
        if partition is None or (table.has_range_key and sort is None):
            return {}, None, None  # moto refuses the operation
        items: Any = table.items[DynamoType(partition)] if table.has_range_key else table.items
        key = DynamoType(sort or partition)
        return items, key, copy.deepcopy(items.get(key))

    def roll_back(self) -> None:
        """Restore the items, and remove the records of undone writes, which moto would leave in the stream."""
        for items, key, item in self._items:
            if item is None:
                items.pop(key, None)
            else:
                items[key] = item
        for name, length in self._streams.items():
            del self._tables[name].stream_shard.items[length:]  # type: ignore[union-attr]  # only tables with a stream


class _Copies:
    """``copy`` for moto's module: a transaction does not copy its tables."""

    def __init__(self) -> None:
        self.within_transaction = False

    def deepcopy(self, value: Any) -> Any:
        """Like ``copy.deepcopy``, except for a table within a transaction."""
        return value if self.within_transaction and isinstance(value, Table) else copy.deepcopy(value)
