"""ReconcileFunction behind its real handler, on AWS in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from handlers.reconcile import container, handler
from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.codec import decode, from_attributes
from sms_consent.adapters.dynamodb.items import DRIFT
from sms_consent.domain.consent import Drift
from support.lambda_context import Context
from support.world import LIST, World

__all__ = ["Reconcile", "emitted", "reconcile_beside"]


@dataclass
class Reconcile:
    """The function, and what it has written down."""

    world: World

    def run(self, seconds: float = 900) -> dict[str, Any]:
        """One turn of its schedule, with so much time."""
        answer: dict[str, Any] = handler({}, Context(self.world.parts.clock.now() + timedelta(seconds=seconds)))  # type: ignore[arg-type]  # what it uses
        return answer

    def drifts(self) -> list[Drift]:
        """In the order of the table."""
        items = [from_attributes(item) for item in clients.dynamodb().scan(TableName=self.world.table)["Items"]]
        return [decode(Drift, item) for item in items if item["sk"].startswith(DRIFT)]

    def put_by_hand(self, number: str, list_name: str = LIST) -> None:
        self.world.aws.put_opted_out_number(OptOutListName=list_name, OptedOutNumber=number)

    def delete_by_hand(self, number: str, list_name: str = LIST) -> None:
        self.world.aws.delete_opted_out_number(OptOutListName=list_name, OptedOutNumber=number)


def emitted(printed: str) -> dict[str, float]:
    """The metrics on standard output, each as it was given last; counts are added up."""
    found: dict[str, float] = {}
    for line in printed.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        for directive in entry.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                (value,) = entry[metric["Name"]]
                before = found.get(metric["Name"], 0.0) if metric["Unit"] == "Count" else 0.0
                found[metric["Name"]] = before + value
    return found


@contextmanager
def reconcile_beside(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reconcile]:
    """The function at its first turn, in the deployment of another; waiting takes no time but the deployment's."""
    environment = {
        "LEDGER_TABLE": world.table,
        "OPT_OUT_LIST": LIST,
        "BRAND": "Example",
        "SUPPORT_CONTACT": "help.example.com",
        "ACCOUNT_ID": "123456789012",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    container.cache_clear()
    with patch.object(SystemClock, "sleep", lambda _, seconds: world.pass_time(seconds=seconds)):
        yield Reconcile(world)
    container.cache_clear()
