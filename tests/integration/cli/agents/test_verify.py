"""`sms-consent verify`: intact, changed by hand, all numbers, and what cannot be verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.connectable import OWN_LIST, Connectable, client
from support.world import OURS, PERSON

from sms_consent.adapters.dynamodb.chain import content_of
from sms_consent.domain.decision import Asked
from sms_consent.domain.evidence import digest_of_content
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


def test_a_number_without_a_chain_is_not_called_verified(stack: Connectable) -> None:
    """Nothing recorded, not yet, or all removed: the command cannot tell these apart, and says so."""
    result = stack.run("verify", "+12065550139")
    assert result.exit_code == 0
    assert "so there is nothing to verify: nothing is recorded" in " ".join(result.output.split())


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


def test_a_rewritten_chain_is_found_with_an_earlier_file_of_heads(stack: Connectable, tmp_path: Path) -> None:
    """Its digests all fit; only what was kept elsewhere does not."""
    file = tmp_path / "heads.jsonl"
    assert stack.run("verify", "--all", "--heads", str(file)).exit_code == 0
    assert (file.stat().st_mode & 0o777, PERSON in file.read_text()) == (0o600, False)
    assert stack.run("verify", "--all", "--against", str(file)).exit_code == 0
    rewrite(stack)
    assert stack.run("verify", "--all").exit_code == 0
    result = stack.run("verify", "--all", "--against", str(file))
    assert (result.exit_code, "entry 3 is not the one of the earlier file" in result.output) == (1, True)


def test_an_erased_history_is_no_difference_to_an_earlier_file(stack: Connectable, tmp_path: Path) -> None:
    """The entry ERASED takes its place. A number that is gone entirely is reported."""
    file = tmp_path / "heads.jsonl"
    stack.run("verify", "--all", "--heads", str(file))
    assert stack.run("erase", PERSON, "--yes").exit_code == 0
    assert stack.run("verify", "--all", "--against", str(file)).exit_code == 0
    for item in client("dynamodb").scan(TableName=stack.world.table)["Items"]:
        if item["pk"]["S"] == NEIGHBOUR:
            client("dynamodb").delete_item(TableName=stack.world.table, Key={"pk": item["pk"], "sk": item["sk"]})
    result = stack.run("verify", "--all", "--against", str(file))
    assert (result.exit_code, "1 numbers of the earlier file" in result.output) == (1, True)


def test_heads_are_not_written_over_an_existing_file(stack: Connectable, tmp_path: Path) -> None:
    """Nor read from one of another kind."""
    (tmp_path / "heads.jsonl").write_text("number\n")
    for option in ("--heads", "--against"):
        assert stack.run("verify", "--all", option, str(tmp_path / "heads.jsonl")).exit_code == 2


def rewrite(stack: Connectable) -> None:
    """Change the first entry and recompute everything after it, as somebody can who can write the whole table."""
    dynamodb, previous = client("dynamodb"), None
    found = [item for item in dynamodb.scan(TableName=stack.world.table)["Items"] if item["pk"]["S"] == PERSON]
    entries = sorted(
        (item for item in found if item["sk"]["S"] != "CHAIN" and "sequence" in item), key=lambda e: e["sequence"]["N"]
    )
    for entry in entries:
        forged = entry | {"language": {"S": "xx"}} | ({"previous": previous} if previous is not None else {})
        previous = {"S": digest_of_content(content_of(forged))}
        dynamodb.put_item(TableName=stack.world.table, Item=forged | {"digest": previous})
    for item in found:
        if item["sk"]["S"] == "CHAIN":
            dynamodb.put_item(TableName=stack.world.table, Item=item | {"digest": previous})
        if item["sk"]["S"].startswith("LIST#"):
            item["chain"]["M"]["digest"] = previous
            dynamodb.put_item(TableName=stack.world.table, Item=item)


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
