"""`sms-consent prove`: the file that it writes, and when it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.connectable import Connectable, client
from support.world import PERSON

from sms_consent_cli.commands.prove.dossier import schema

from .conftest import HISTORIES, SCHEMA, dossier_of, keyword, prove

pytestmark = pytest.mark.slow


def test_the_committed_schema_is_that_of_the_models() -> None:
    """Write it with ``python -m sms_consent_cli.commands.prove.dossier > schemas/cli/dossier.json``."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema()
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", HISTORIES)
def test_every_history_follows_the_schema(stack: Connectable, tmp_path: Path, name: str) -> None:
    """The same object in a file and on standard output."""
    HISTORIES[name](stack, tmp_path)
    file = tmp_path / "dossier.json"
    assert prove(stack, "-o", str(file), "--show-texts").exit_code == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(written)
    assert written == dossier_of(stack, "--show-texts")
    assert written["number"] == PERSON


def test_the_file_is_readable_by_its_owner_only(stack: Connectable, tmp_path: Path) -> None:
    """It is personal data. Nothing is left beside it."""
    keyword(stack, tmp_path)
    file = tmp_path / "dossier.html"
    assert prove(stack, "--output", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_an_existing_file_is_replaced_only_with_force(stack: Connectable, tmp_path: Path) -> None:
    """And is left as it was otherwise."""
    keyword(stack, tmp_path)
    file = tmp_path / "dossier.json"
    file.write_text("mine")
    refused = prove(stack, "-o", str(file))
    assert (refused.exit_code, file.read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert prove(stack, "-o", str(file), "--force").exit_code == 0
    assert json.loads(file.read_text())["number"] == PERSON


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "dossier.docx"), "neither FILE.html nor FILE.json"),
        (("-o", "dossier.pdf"), "print it from a browser"),
        (("-o", "dossier"), "neither FILE.html nor FILE.json"),
        (("-o", "dossier.html", "--json"), "leave one of them out"),
        (("-o", "nowhere/dossier.html"), "there is no directory nowhere"),
        (("-o", "folder.html"), "is a directory"),
        (("--timezone", "Mars/Olympus"), "there is no such time zone"),
        (("--timezone", "../../etc/passwd"), "there is no such time zone"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(
    stack: Connectable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    """With exit code 2 and what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    stack.calls.clear()
    refused = prove(stack, *options)
    assert (refused.exit_code, stack.calls) == (2, [])
    assert said in refused.stderr


def test_nothing_recorded_is_said_and_no_file_is_written(stack: Connectable, tmp_path: Path) -> None:
    """Exit code 1. An absence proves nothing, and the message says so."""
    file = tmp_path / "dossier.html"
    for options in ((), ("--json",), ("-o", str(file))):
        result = prove(stack, *options)
        assert (result.exit_code, result.stdout, file.exists()) == (1, "", False)
        assert "nothing is recorded" in result.stderr
        assert "no proof" in result.stderr


def test_a_ledger_without_access_is_reported(
    stack: Connectable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3, and no file."""
    monkeypatch.setenv("LEDGER_TABLE", "elsewhere")
    file = tmp_path / "dossier.html"
    result = prove(stack, "-o", str(file))
    assert (result.exit_code, file.exists()) == (3, False)
    assert "there is no such table" in result.stderr


def test_the_terminal_shows_a_summary_with_the_masked_number(stack: Connectable, tmp_path: Path) -> None:
    """The number is in full in the file only."""
    keyword(stack, tmp_path)
    shown = prove(stack).output + prove(stack, "-o", str(tmp_path / "dossier.html")).output
    assert PERSON not in shown
    assert "+1425•••0182: No. This person is opted out." in shown
    assert "since 3 November 2026, 14:00:00 UTC" in shown


def test_the_dossier_names_its_origin(stack: Connectable, tmp_path: Path) -> None:
    """Tool, time, table, account and caller."""
    keyword(stack, tmp_path)
    origin: Any = dossier_of(stack)["origin"]
    assert origin["tool"] == "sms-consent"
    assert (origin["account"], origin["region"], origin["table"]) == ("123456789012", "us-east-1", stack.world.table)
    assert origin["createdAt"].startswith("2026-11-04T")
    assert origin["caller"] == client("sts").get_caller_identity()["Arn"]


def test_an_entry_that_was_changed_by_hand_is_said_first(stack: Connectable, tmp_path: Path) -> None:
    """On the first page, and on the terminal."""
    keyword(stack, tmp_path)
    table = client("dynamodb")
    (item, *_) = [
        each
        for each in table.scan(TableName=stack.world.table)["Items"]
        if each["sk"]["S"].startswith("DECISION#") and each["pk"]["S"] == PERSON
    ]
    table.put_item(TableName=stack.world.table, Item=item | {"matched": {"S": "START"}})
    result = prove(stack, "-o", str(tmp_path / "dossier.html"))
    assert result.exit_code == 0
    assert "warning: The chain of entries does not match in 1 place (R1)." in result.stderr
    verification = dossier_of(stack)["verification"]
    assert verification["result"] == "NOT_INTACT"
    assert "was changed" in verification["findings"][0]
    assert "The chain of entries does not match" in (tmp_path / "dossier.html").read_text(encoding="utf-8")
