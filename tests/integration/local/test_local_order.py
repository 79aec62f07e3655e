"""The local stack's faster sorting of tables returns the same results as moto's."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from moto import mock_aws
from moto.dynamodb.models.table import Table
from support.template import create_table

from sms_consent.adapters import clients
from sms_consent_cli.local import moto_order


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The ledger's table, with some items of which not all are due."""
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        dynamodb = clients.dynamodb.__wrapped__()
        create_table(dynamodb)
        random = Random(3)
        for at in range(60):
            item = {"pk": f"+{random.randrange(40)}", "sk": random.choice(["LIST#Ä", "LIST#a", "DECISION#1"])}
            due = {"due": random.choice(["OPT_IN", "OPT_OUT"]), "due_at": f"2026-11-{random.randrange(1, 9):02}"}
            values = {**item, **(due if at % 3 else {})}
            dynamodb.put_item(TableName="ledger", Item={name: {"S": value} for name, value in values.items()})
        yield dynamodb


def _everything(dynamodb: Any) -> list[Any]:
    """Each page of a scan, and of the index forwards and backwards."""
    found: list[Any] = []
    for limit in (1, 7, 100):
        found += dynamodb.get_paginator("scan").paginate(TableName="ledger", PaginationConfig={"PageSize": limit})
        for forward in (True, False):
            found += dynamodb.get_paginator("query").paginate(
                TableName="ledger", IndexName="due", KeyConditionExpression="due = :due AND due_at <= :until",
                ExpressionAttributeValues={":due": {"S": "OPT_OUT"}, ":until": {"S": "2026-11-05"}},
                ScanIndexForward=forward, PaginationConfig={"PageSize": limit},
            )  # fmt: skip
            for number in range(41):  # the last has no items
                found += dynamodb.get_paginator("query").paginate(
                    TableName="ledger", KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": f"+{number}"}},
                    ScanIndexForward=forward, PaginationConfig={"PageSize": limit},
                )  # fmt: skip
    return [(page["Items"], page.get("LastEvaluatedKey")) for page in found]


@pytest.mark.slow
def test_every_page_is_as_motos_own(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the table and of its index, in any size."""
    with monkeypatch.context() as patch:
        for name, own in (
            ("all_items", moto_order._ALL_ITEMS),
            ("sorted_items", moto_order._SORTED),
            ("_item_comes_before_dct", moto_order._BEFORE),
            ("query", moto_order._QUERY),
        ):
            patch.setattr(Table, name, own)
        expected = _everything(table)
    with monkeypatch.context() as patch:
        for name in ("all_items", "sorted_items", "_item_comes_before_dct", "query"):
            patch.setattr(Table, name, getattr(Table, name))  # put back what patch() changes
        moto_order.patch()
        assert _everything(table) == expected
