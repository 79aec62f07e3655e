"""Decides how moto's DynamoDB stands up to functions that work in threads: one call at a time, and cheap transactions.

moto checks a condition and writes in two steps, and copies the whole table, deeply, for every transaction. It also ignores a
change of a table's key.
"""

from __future__ import annotations

import copy
from threading import RLock
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

__all__ = ["mend"]

_ONE_CALL = RLock()


def mend() -> None:
    """Once for the process; calling it again changes nothing."""
    if isinstance(vars(models)["copy"], _Copies):
        return
    update_table = DynamoHandler.update_table
    call_action, transact = DynamoHandler.call_action, models.DynamoDBBackend.transact_write_items
    copies = _Copies()

    def one_at_a_time(self: DynamoHandler) -> Any:
        with _ONE_CALL:
            return call_action(self)

    def transact_write_items(self: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        copies.only_puts = all(set(item) == {"Put"} for item in transact_items)
        try:
            transact(self, transact_items)
        finally:
            copies.only_puts = False

    def update_table_with_key(self: DynamoHandler) -> Any:
        if (encryption := self.body.get("SSESpecification")) is not None:
            self.dynamodb_backend.get_table(self.body["TableName"]).sse_specification = encryption
        return update_table(self)

    # Assignments to methods are what the types forbid.
    setattr(DynamoHandler, "call_action", one_at_a_time)  # noqa: B010
    setattr(DynamoHandler, "update_table", update_table_with_key)  # noqa: B010
    setattr(models.DynamoDBBackend, "transact_write_items", transact_write_items)  # noqa: B010
    setattr(models, "copy", copies)  # noqa: B010


class _Copies:
    """What a cancelled transaction goes back to. A put replaces an item, an update changes it where it is."""

    def __init__(self) -> None:
        self.only_puts = False

    def deepcopy(self, value: Any) -> Any:
        """As ``copy`` has it, but for a table about to be put into."""
        if not (self.only_puts and isinstance(value, Table)):
            return copy.deepcopy(value)
        backup = copy.copy(value)
        backup.items = copy.copy(value.items)
        for key, item in value.items.items():
            if isinstance(item, dict):
                backup.items[key] = dict(item)
        return backup
