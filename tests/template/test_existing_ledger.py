"""A stack can use the table and key of an earlier one, and is refused if only some of them are given."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from support.formation import Formation, formation
from support.template import REPOSITORY, template

TABLE, STREAM, KEY = "ExistingLedgerTable", "ExistingLedgerStreamArn", "ExistingKeyArn"
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/kept"
GIVEN = {
    TABLE: "kept",
    STREAM: f"{ARN}/stream/2026-11-03T14:00:00.000",
    KEY: "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
EVERYTHING = {"AccessKeys": "Enabled", "BodyRetentionDays": "365", "Tracing": "Enabled"}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def _formation(*names: str, **chosen: str) -> Formation:
    return formation(REPOSITORY / "template.yaml", **EVERYTHING, **{name: GIVEN[name] for name in names}, **chosen)


def test_a_new_stack_creates_no_table_and_no_key_if_it_is_given_them() -> None:
    """What the functions, policies and outputs name is what was given."""
    made = _formation(TABLE, STREAM, KEY)
    assert not made.of_type("AWS::DynamoDB::Table")
    assert not made.of_type("AWS::KMS::Key")
    assert made.dangling() == []
    for function in made.of_type("AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["LEDGER_TABLE"] == "kept"
    assert made.outputs["LedgerTableName"] == "kept"
    assert (made.outputs["LedgerStreamArn"], made.outputs["KeyArn"]) == (GIVEN[STREAM], GIVEN[KEY])


def test_every_permission_on_the_table_moves_to_the_existing_one() -> None:
    """Nothing else is left or added: the statements are the same, and so are the parts of the table that they name."""
    own, existing = (_ledger_permissions(_formation(*names)) for names in ((), (TABLE, STREAM, KEY)))
    moved = {
        (role, action, resource.replace("<LedgerTable.Arn>", ARN).replace("<LedgerTable.StreamArn>", GIVEN[STREAM]))
        for role, action, resource in own
    }
    assert moved == existing
    assert any(resource.endswith("/index/due") for _, _, resource in existing)


def _ledger_permissions(made: Formation) -> set[tuple[str, str, str]]:
    return {
        (name, action, resource)
        for name, role in made.of_type("AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        if action.startswith("dynamodb:")
        for resource in _listed(statement["Resource"])
    }


def test_what_was_encrypted_with_the_stacks_key_is_encrypted_with_the_existing_one() -> None:
    """And every role that may use the one may use the other."""
    for own, existing in (((), (KEY,)), ((TABLE, STREAM), (TABLE, STREAM, KEY))):
        before, after = (str(_formation(*names).resources) for names in (own, existing))
        assert "<Key" not in after
        assert GIVEN[KEY] not in before
        # The key's own resource names no key.
        assert len(re.findall("<Key(?:.Arn)?>", before)) == after.count(GIVEN[KEY])


def test_the_existing_stream_is_read() -> None:
    """From the oldest record on, so that what ``ledger prepare`` has written is published too."""
    made = _formation(TABLE, STREAM, KEY)
    sources = [each["EventSourceArn"] for each in made.of_type("AWS::Lambda::EventSourceMapping").values()]
    assert GIVEN[STREAM] in sources


PARTS = [set(each) - {""} for each in product(("", TABLE), ("", STREAM), ("", KEY))]


@pytest.mark.parametrize("given", PARTS, ids=["+".join(sorted(each)) or "nothing" for each in PARTS])
def test_part_of_a_ledger_is_refused_before_anything_is_created(given: set[str]) -> None:
    """A key alone may be given, for a new table; a table without its stream or key, or a stream without its table, may not."""
    refusals = _formation(*given).refusals()
    assert bool(refusals) is (given not in (set(), {KEY}, {TABLE, STREAM, KEY}))
    if TABLE in given:
        assert all("ledger prepare" in each for each in refusals)
    for missing in {STREAM, KEY} - given if TABLE in given else set():
        assert any(missing in each for each in refusals)


@pytest.mark.parametrize(
    ("parameter", "value", "accepted"),
    [
        *((name, value, True) for name, value in GIVEN.items()),
        (TABLE, "sms-consent-LedgerTable-1A", True),
        (TABLE, "a.b_c-d", True),
        (TABLE, ARN, False),
        (TABLE, "ab", False),
        (TABLE, "kept/index/due", False),
        (TABLE, "*", False),
        (STREAM, ARN, False),
        (STREAM, GIVEN[STREAM].replace("kept", "*"), False),
        (STREAM, GIVEN[STREAM].replace("aws:dynamodb:us-east-1", "aws-us-gov:dynamodb:us-gov-west-1"), True),
        (KEY, "1234abcd-12ab-34cd-56ef-1234567890ab", False),
        (KEY, "arn:aws:kms:us-east-1:123456789012:alias/sms", False),
        (KEY, "arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab", True),
        (KEY, "arn:aws:kms:us-east-1:123456789012:key/*", False),
    ],
)
def test_parameters_take_names_and_arns_as_aws_writes_them(parameter: str, value: str, accepted: bool) -> None:
    """An alias cannot stand in a policy, and a wildcard must not get into one."""
    pattern = template()["Parameters"][parameter]["AllowedPattern"]
    assert (re.fullmatch(pattern, value) is not None) is accepted


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
