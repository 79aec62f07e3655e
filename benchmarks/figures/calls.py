"""What a text costs: calls to AWS, items and bytes written to the ledger, DynamoDB's units, and money.

Counted on AWS in memory with the real handler; units by DynamoDB's rules (developer guide, "Capacity unit consumption"): a
write costs one for each KB begun, a transaction's twice, a refused one that of what stands there, and so does the index.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import math
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from support.inbound_function import Inbound, inbound_function
from support.world import OURS, PERSON

__all__ = ["MIX", "Cost", "costs_of", "measure"]

MIX = {"ordinary": 0.95, "first STOP": 0.03, "repeated STOP": 0.005, "duplicate": 0.005, "START": 0.01}
"""A million texts, made up: most are conversation. Change it and run again."""

MEMORY, HANDLING, A_CALL = 0.5, 0.002, 0.025
"""GB, and a model of how long a text is billed for, the same for both handlers: seconds for itself and for each call."""

LIST_CALLS = {"PutOptedOutNumber", "DeleteOptedOutNumber", "DescribeOptedOutNumbers"}


@dataclass
class Cost:
    """Of one text."""

    calls: Counter[str] = field(default_factory=Counter)
    items: int = 0
    bytes: int = 0
    write_units: float = 0.0
    read_units: float = 0.0

    @property
    def without_reply(self) -> int:
        return self.calls.total() - self.calls["SendTextMessage"]

    @property
    def on_the_list(self) -> int:
        return sum(self.calls[name] for name in LIST_CALLS)

    def usd(self, prices: dict[str, dict[str, float]]) -> float:
        """One text an invocation, which is dear: full batches share the request and the wait."""
        gigabyte_seconds = MEMORY * (HANDLING + A_CALL * self.calls.total())
        return (
            prices["lambda_request"]["usd"]
            + gigabyte_seconds * prices["lambda_gb_second_arm64"]["usd"]
            + self.write_units * prices["dynamodb_write_unit"]["usd"]
            + self.read_units * prices["dynamodb_read_unit"]["usd"]
        )


def size(value: Any) -> int:
    """Bytes of an attribute value, or of an item ("DynamoDB item sizes and formats")."""
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content) / 2) + 1
        case "M":
            return 3 + sum(len(name) + 1 + size(each) for name, each in content.items())
        case "L":
            return 3 + sum(1 + size(each) for each in content)
    return 1


def item_size(item: dict[str, Any] | None) -> int:
    return sum(len(name) + size(value) for name, value in item.items()) if item else 0


@contextmanager
def _counted(cost: Cost) -> Iterator[None]:
    """At the one place where every call of every client passes."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counting(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        cost.calls[operation] += 1
        puts = [parameters] if operation == "PutItem" else [each["Put"] for each in parameters.get("TransactItems", ())]
        before = [_standing(call, client, put) for put in puts]
        try:
            answer = call(client, operation, parameters)
        except ClientError:
            cost.write_units += sum(max(1, math.ceil(item_size(item) / 1024)) for item in before)
            raise
        for put, item in zip(puts, before, strict=True):
            _write(cost, put["Item"], item, 2 if operation == "TransactWriteItems" else 1)
        if operation == "GetItem":
            read = math.ceil(max(item_size(answer.get("Item")), 1) / 4096)
            cost.read_units += read if parameters.get("ConsistentRead") else read / 2
        return answer

    BaseClient._make_api_call = counting  # type: ignore[attr-defined]
    try:
        yield
    finally:
        BaseClient._make_api_call = call  # type: ignore[attr-defined]


def _standing(call: Callable[..., Any], client: Any, put: dict[str, Any]) -> dict[str, Any] | None:
    key = {name: put["Item"][name] for name in ("pk", "sk")}
    found: dict[str, Any] | None = call(client, "GetItem", {"TableName": put["TableName"], "Key": key}).get("Item")
    return found


def _write(cost: Cost, after: dict[str, Any], before: dict[str, Any] | None, times: int) -> None:
    cost.items += 1
    cost.bytes += item_size(after)
    cost.write_units += times * max(1, math.ceil(max(item_size(after), item_size(before)) / 1024))
    places = [(item or {}).get("due_at") for item in (before, after)]
    if places == [None, None]:
        return
    # The index of due work holds whole items: one write to add or remove, two to move.
    moved = None not in places and places[0] != places[1]
    cost.write_units += (2 if moved else 1) * max(1, math.ceil(item_size(after) / 1024))


def costs_of(hear: Callable[[str, str, str], None], inbound: Inbound) -> dict[str, Cost]:
    """Of each kind of text, in an execution environment that has heard some."""

    def cost(body: str, text_id: str, *, number: str = PERSON, later: bool = True) -> Cost:
        inbound.world.pass_time(seconds=1 if later else 0)
        found = Cost()
        with _counted(found), contextlib.redirect_stdout(io.StringIO()):
            hear(body, text_id, number)
        return found

    cost("STOP", "warm", number="+14255550100")
    return {
        "ordinary": cost("See you at noon", "a"),
        "first STOP": cost("STOP", "b"),
        "repeated STOP": cost("STOP", "c"),
        "duplicate": cost("STOP", "c", later=False),
        "START": cost("START", "d"),
    }


def measure() -> dict[str, dict[str, Cost]]:
    """Ours, and the naive handler."""
    found = {}
    with pytest.MonkeyPatch.context() as patch, inbound_function(patch) as inbound:
        found["sms-consent"] = costs_of(_ours(inbound), inbound)
    with pytest.MonkeyPatch.context() as patch, inbound_function(patch) as inbound:
        found["naive"] = costs_of(_naive(inbound), inbound)
    return found


def _ours(inbound: Inbound) -> Callable[[str, str, str], None]:
    return lambda body, text_id, number: _done(inbound.hear(body, inboundMessageId=text_id, originationNumber=number))


def _done(failed: list[str]) -> None:
    assert failed == []


def _naive(inbound: Inbound) -> Callable[[str, str, str], None]:
    path = Path(__file__).parents[1] / "baselines" / "typical.py"
    spec = importlib.util.spec_from_file_location("typical", path)
    assert spec is not None
    assert spec.loader is not None
    typical = importlib.util.module_from_spec(spec)
    sys.modules["typical"] = typical
    os.environ |= {"POWERTOOLS_METRICS_NAMESPACE": "Typical", "POWERTOOLS_LOG_LEVEL": "ERROR"}
    warnings.filterwarnings("ignore", "No application metrics")
    spec.loader.exec_module(typical)
    context = type(
        "Context",
        (),
        dict.fromkeys(
            ("function_name", "memory_limit_in_mb", "invoked_function_arn", "function_version", "aws_request_id"), "x"
        ),
    )()

    def hear(body: str, text_id: str, number: str) -> None:
        text = {"originationNumber": number, "destinationNumber": OURS, "messageBody": body}
        assert typical.handler(inbound.queued(text | {"inboundMessageId": text_id}), context) == {
            "batchItemFailures": []
        }

    return hear


def prices() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(__file__).parents[1] / "prices.json").read_text())
    return loaded
