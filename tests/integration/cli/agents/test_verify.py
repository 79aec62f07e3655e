"""`sms-consent verify`: intact, changed by hand, all numbers, and what cannot be verified."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.connectable import OWN_LIST, Connectable, client
from support.world import OURS, PERSON

from sms_consent.domain.decision import Asked
from sms_consent.domain.phone_number import mask

NEIGHBOUR = "+14255550199"


@pytest.fixture
def stack(stack: Connectable) -> Connectable:
    for number in (PERSON, NEIGHBOUR):
        decision = stack.world.decision(Asked.OPT_OUT, number=number, body="STOP", matched="STOP")
        stack.world.parts.recorder.record(decision, OWN_LIST, reply_from=OURS)
        stack.world.pass_time(minutes=1)
    return stack


def change(stack: Connectable, prefix: str, attribute: str, value: dict[str, Any]) -> None:
    dynamodb = client("dynamodb")
    for item in dynamodb.scan(TableName=stack.world.table)["Items"]:
        if item["pk"]["S"] == PERSON and item["sk"]["S"].startswith(prefix):
            dynamodb.put_item(TableName=stack.world.table, Item=item | {attribute: value})


def test_an_intact_chain_ends_with_exit_code_0(stack: Connectable) -> None:
    """In words and as JSON."""
    result = stack.run("verify", PERSON)
    assert result.exit_code == 0
    assert "3 entries since 2026-11-03 14:00:00Z: nothing was changed, removed or inserted" in result.output
    code, report = stack.told("verify", PERSON)
    assert (code, report["intact"], report["entries"], report["findings"]) == (0, True, 3, [])


def test_a_changed_text_ends_with_exit_code_1(stack: Connectable) -> None:
    """And says in plain words what was found."""
    change(stack, "DECISION#", "body", {"S": "START"})
    result = stack.run("verify", PERSON)
    assert result.exit_code == 1
    assert "its body or the salt beside it was changed" in " ".join(result.output.split())
    code, report = stack.told("verify", PERSON)
    assert (code, [each["kind"] for each in report["findings"]]) == (1, ["TEXT_CHANGED"])


def test_everybody_is_verified_with_masked_numbers(stack: Connectable) -> None:
    """One line for each finding, and totals."""
    assert stack.run("verify", "--all").exit_code == 0
    change(stack, "FACT#", "kind", {"S": "REMOVED"})
    result = stack.run("verify", "--all")
    assert result.exit_code == 1
    assert PERSON not in result.output
    assert mask(PERSON) in result.output
    assert "2 numbers with 6 entries: 1 with findings" in " ".join(result.output.split())
    lines = [
        json.loads(line) for line in stack.run("verify", "--all", "--json").stdout.splitlines() if line.startswith('{"')
    ]
    assert [line["number"] for line in lines if "number" in line] == [mask(PERSON)]


def test_entries_of_an_older_version_are_counted(stack: Connectable) -> None:
    """Nothing can be said about them."""
    old = {"pk": {"S": PERSON}, "sk": {"S": "DECISION#2026-01-10T09:00:00.000Z#old"}, "asked": {"S": "OPT_OUT"},
           "recorded_at": {"S": "2026-01-10T09:00:01.000Z"}}  # fmt: skip
    client("dynamodb").put_item(TableName=stack.world.table, Item=old)
    result = stack.run("verify", PERSON)
    assert result.exit_code == 0
    assert "1 entries are older than the chain" in " ".join(result.output.split())


@pytest.mark.parametrize("arguments", [(), (PERSON, "--all"), ("not a number",)])
def test_wrong_arguments_end_with_exit_code_2(stack: Connectable, arguments: tuple[str, ...]) -> None:
    """Either a number or --all."""
    assert stack.run("verify", *arguments).exit_code == 2
