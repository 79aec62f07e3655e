"""Does a text cost more when its number has a long history, or when there are many numbers? Counted, call by call, item by item.

The ledger is the real one, on a stand-in for DynamoDB that keeps its items in SQLite and knows the two conditions in use.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

from botocore.exceptions import ClientError
from support.fake_clock import NOON, FakeClock
from support.memory_service import MemoryService
from support.workers import environment

from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.inbound.message import InboundMessage

__all__ = ["measure"]

OURS, PERSON, LIST = "+12125550101", "+14255550182", "Default"


class _Table:
    """PutItem, TransactWriteItems and GetItem, each item touched counted."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE items (pk TEXT, sk TEXT, item TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID")
        self.counted: Counter[str] = Counter()

    def fill(self, rows: Iterator[tuple[str, str]]) -> None:
        self._rows.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, '{}')", rows)

    def get_item(self, *, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803  as botocore has it
        self.counted["calls"] += 1
        found = self._find(Key)
        return {"Item": found} if found is not None else {}

    def put_item(self, **put: Any) -> None:
        self.counted["calls"] += 1
        standing = self._standing(put)
        if not self._holds(put, standing):
            refusal = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": standing or {}}
            raise ClientError(refusal, "PutItem")  # type: ignore[arg-type]  # as DynamoDB's has it
        self._write(put)

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        self.counted["calls"] += 1
        puts = [each["Put"] for each in TransactItems]
        assert all(self._holds(put, self._standing(put)) for put in puts)
        for put in puts:
            self._write(put)

    def _standing(self, put: dict[str, Any]) -> dict[str, Any] | None:
        return self._find({name: put["Item"][name] for name in ("pk", "sk")})

    def _holds(self, put: dict[str, Any], standing: dict[str, Any] | None) -> bool:
        if put["ConditionExpression"] == "attribute_not_exists(pk)":
            return standing is None
        return standing is not None and standing["revision"] == put["ExpressionAttributeValues"][":revision"]

    def _find(self, key: dict[str, Any]) -> dict[str, Any] | None:
        self.counted["items read"] += 1
        where = (key["pk"]["S"], key["sk"]["S"])
        row = self._rows.execute("SELECT item FROM items WHERE pk = ? AND sk = ?", where).fetchone()
        return json.loads(row[0]) if row is not None else None

    def _write(self, put: dict[str, Any]) -> None:
        self.counted["items written"] += 1
        item = put["Item"]
        row = (item["pk"]["S"], item["sk"]["S"], json.dumps(item))
        self._rows.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", row)


def measure(decisions: int, numbers: int, texts: int = 40) -> dict[str, float]:
    """What a STOP of a number that is opted out costs, with so much in the ledger."""
    table, clock, tokens = _Table(), FakeClock(NOON), count()
    table.fill((PERSON, f"DECISION#2020-01-01T00:00:00.000Z#{at:07}") for at in range(decisions))
    table.fill((f"+1999{at:07}", f"LIST#{LIST}") for at in range(numbers))
    service = MemoryService(clock, {OURS: LIST})
    made = environment(
        ledger=DynamoLedger(table, "ledger"),  # type: ignore[arg-type]  # the three operations in use
        opt_out_list=service,
        texting=service,
        clock=clock,
        new_token=lambda: f"token-{next(tokens)}",
        own_list=LIST,
        paced=False,
    )
    took = []
    for at in range(texts + 1):
        clock.move_to(clock.now() + timedelta(seconds=10))
        if at == 1:
            table.counted.clear()
        begun = time.process_time()
        made.inbound.process(InboundMessage(id=f"t{at}", sender=PERSON, destination=OURS, body="STOP", at=clock.now()))
        took.append((time.process_time() - begun) * 1000)
    senders = texts * 10 // 60  # the sender is read once a minute
    return {
        "decisions": decisions,
        "numbers": numbers,
        "calls": (table.counted["calls"] - senders) / texts,
        "items read": (table.counted["items read"] - senders) / texts,
        "items written": table.counted["items written"] / texts,
        "processor ms": median(took[1:]),
    }
