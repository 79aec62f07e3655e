"""The content of an export: every consent with its decision, and texts on request only."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from support.moving import Moving, files_of_at_most
from support.world import LIST, OURS, PERSON

from sms_consent.adapters import clients
from sms_consent.domain.decision import Asked, Author

OTHER = "+14255550183"


def _texted(exports: Moving, number: str = PERSON, asked: Asked = Asked.OPT_OUT, **fields: Any) -> None:
    evidence = {
        "tier": "SENTENCE", "rule": "sentence:take-me-off", "matched": "take me off", "language": "en",
        "rules_version": "2026-11", "body": "please take me off your list",
    }  # fmt: skip
    world = exports.configured.world
    world._record(world.decision(asked, number=number, **(evidence | fields)))


def _rows(exports: Moving, *options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exports.configured.done(*options).stdout)))


def _objects(exports: Moving, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exports.configured.done("--format", "jsonl", *options).stdout.splitlines()]


def test_a_row_has_the_state_and_its_evidence(exports: Moving) -> None:
    """Status, time, who asked, what AWS says, through what and by which rule."""
    _texted(exports, id="text-1")
    (row,) = _rows(exports)
    assert row == {
        "number": PERSON, "list": LIST, "status": "OPTED_OUT", "decided_at": "2026-11-03T14:00:00.000Z",
        "end_user_opted_out": "true", "released_at": "", "applied": "true",
        "aws_listed_at": "2026-11-03T14:00:00.000Z", "aws_end_user_opted_out": "false", "source": "END_USER",
        "through": OURS, "actor": "", "reference": "", "tier": "SENTENCE", "rule": "sentence:take-me-off",
        "language": "en", "rules_version": "2026-11", "decision_id": "text-1",
        "recorded_at": "2026-11-03T14:00:00.000Z", "asked_out_at": "2026-11-03T14:00:00.000Z", "import_id": "",
        "first_asked_out_at": "2026-11-03T14:00:00.000Z", "asked_out_count": "1",
    }  # fmt: skip


def test_json_lines_say_what_check_and_history_say(exports: Moving) -> None:
    """With the same names, one object a line."""
    _texted(exports, id="text-1")
    (found,) = _objects(exports)
    assert (found["number"], found["endUserOptedOut"], found["listing"]["endUserOptedOut"]) == (PERSON, True, False)
    assert (found["decision"]["id"], found["decision"]["rule"]) == ("text-1", "sentence:take-me-off")


def test_json_lines_have_the_facts_behind_each_status(exports: Moving) -> None:
    """In order, of each number's own."""
    _texted(exports)
    _texted(exports, OTHER)
    exports.configured.world.pass_time(minutes=1)
    _texted(exports, asked=Asked.OPT_IN)
    found = {each["number"]: [fact["kind"] for fact in each["facts"]] for each in _objects(exports)}
    assert found == {PERSON: ["LISTED", "REPLIED", "REMOVED", "REPLIED"], OTHER: ["LISTED", "REPLIED"]}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_texts_are_exported_only_on_request(exports: Moving, form: str) -> None:
    """Neither the text nor the words in it that decided."""
    _texted(exports)
    hidden = exports.configured.done("--format", form).stdout
    shown = exports.configured.done("--format", form, "--show-texts").stdout
    assert "take me off" not in hidden
    assert "please take me off your list" in shown


def test_a_decision_that_is_not_in_the_history_yet_is_evidence_too(exports: Moving) -> None:
    """As after an import, until sweep has taken it there."""
    file = exports.file(f"number,opted_out_at,source\n{PERSON},2025-03-01T10:00:00Z,Twilio\n")
    exports.configured.command = "import"
    exports.configured.done(str(file))
    exports.configured.command = "export"
    (row,) = _rows(exports)
    assert (row["source"], row["actor"], row["reference"]) == ("IMPORT", "Twilio", "opt-outs.csv:2")
    assert (row["applied"], row["decided_at"]) == ("false", "2025-03-01T10:00:00.000Z")


def test_a_consent_whose_history_is_gone_is_exported_all_the_same(exports: Moving) -> None:
    """What should be does not hang on why."""
    _texted(exports, id="text-1")
    for item in exports.configured.world.history():
        clients.dynamodb().delete_item(TableName="ledger", Key={name: item[name] for name in ("pk", "sk")})
    (row,), (found,) = _rows(exports), _objects(exports)
    assert (row["status"], row["rule"], row["decision_id"]) == ("OPTED_OUT", "", "text-1")
    assert "decision" not in found


def test_one_list_may_be_chosen_and_who_may_not_be_texted(exports: Moving) -> None:
    """A waiting opt-in may not be texted yet."""
    world = exports.configured.world
    _texted(exports)
    world.recorder = world.parts.recorder.record(world.decision(Asked.OPT_OUT, number=OTHER), "Club", reply_from=None)
    world.pass_time(minutes=1)
    _texted(exports, asked=Asked.OPT_IN)
    assert {row["number"] for row in _rows(exports)} == {PERSON, OTHER}
    assert [row["number"] for row in _rows(exports, "--list", "Club")] == [OTHER]
    assert [row["number"] for row in _rows(exports, "--opted-out")] == [OTHER]
    for asked in (Asked.OPT_OUT, Asked.OPT_IN):
        world.pass_time(minutes=1)
        _texted(exports, asked=asked)
    (waiting,) = [row for row in _rows(exports, "--opted-out") if row["number"] == PERSON]
    assert (waiting["status"], waiting["released_at"][:10]) == ("OPT_IN_PENDING", "2026-12-03")


@pytest.mark.slow
def test_everything_comes_out_once_however_many_pages_it_takes(
    exports: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else that is in the ledger."""
    numbers = [f"+1425555{at:04}" for at in range(300, 330)]
    file = exports.file("number,opted_out_at\n" + "".join(f"{number},2025-03-01\n" for number in numbers))
    exports.configured.command = "import"
    exports.configured.done(str(file))
    exports.configured.world.sweep()
    exports.configured.command = "export"
    monkeypatch.setattr("sms_consent.adapters.dynamodb.consent_export.PAGE", 7)
    monkeypatch.setattr("sms_consent.adapters.dynamodb.consent_export.MOST", 9)
    assert sorted(row["number"] for row in _rows(exports)) == numbers


def test_nothing_in_it_is_a_formula(exports: Moving) -> None:
    """What a stranger wrote is opened in a spreadsheet; numbers keep their plus and are none."""
    _texted(exports, body="=cmd|' /C calc'!A0", matched="@x", author=Author.AGENT, actor="-1+1", reference="+1;2")
    (row,) = _rows(exports, "--show-texts")
    assert (row["number"], row["through"]) == (PERSON, OURS)
    assert (row["text"], row["matched"], row["actor"], row["reference"]) == (
        "'=cmd|' /C calc'!A0", "'@x", "'-1+1", "'+1;2",
    )  # fmt: skip


def test_what_is_exported_can_be_imported(exports: Moving) -> None:
    """Into another deployment: times, and whether the people had asked, are as they were."""
    _texted(exports)
    file = exports.folder / "out.csv"
    exports.configured.done("-o", str(file), "--show-texts")
    for item in exports.configured.written():
        clients.dynamodb().delete_item(TableName="ledger", Key={name: item[name] for name in ("pk", "sk")})
    exports.configured.command = "import"
    exports.configured.done(str(file))
    consent = exports.consent(PERSON)
    assert consent is not None
    assert (consent.decided_at, consent.end_user_opted_out) == (datetime(2026, 11, 3, 14, tzinfo=UTC), True)
    assert consent.outbox is not None
    assert consent.outbox.body == "please take me off your list"


def test_a_file_is_its_owners_and_whole_or_not_there(exports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list of who may not be texted is worse than none."""
    _texted(exports)
    file = exports.folder / "out.jsonl"
    told = exports.configured.done("-o", str(file))
    assert (told.stdout, told.stderr) == ("", f"1 consents in {file}\n")
    assert json.loads(file.read_text())["number"] == PERSON
    assert file.stat().st_mode & 0o777 == 0o600
    again = exports.run("-o", file)
    assert (again.exit_code, "--overwrite" in again.stderr) == (2, True)
    monkeypatch.setattr("sms_consent.adapters.dynamodb.consent_export.found_by_key", _broken)
    other = exports.folder / "other.csv"
    with pytest.raises(ArithmeticError):
        raise exports.run("-o", other).exception or AssertionError
    assert list(exports.folder.iterdir()) == [file]


def _broken(*_: object) -> None:
    raise ArithmeticError


def test_an_empty_ledger_is_a_heading(exports: Moving) -> None:
    """And no failure."""
    assert exports.configured.done().stdout.startswith("number,list,status")
    assert exports.configured.done("--format", "jsonl").stdout == ""


def test_a_missing_folder_and_a_missing_ledger_are_reported(exports: Moving) -> None:
    """By exit codes of their own."""
    nowhere = exports.run("-o", exports.folder / "no" / "out.csv")
    assert (nowhere.exit_code, "No such file or directory" in nowhere.stderr) == (2, True)
    no_table = exports.run("--table", "nothing")
    assert (no_table.exit_code, "there is no such table" in no_table.stderr) == (3, True)


@pytest.mark.parametrize("name", ["c.json", "C.JSON"])
def test_the_name_of_the_file_chooses_the_format(exports: Moving, name: str) -> None:
    """A .json file is one array, with or without consents."""
    file = exports.folder / name
    exports.configured.done("-o", str(file))
    assert json.loads(file.read_text()) == []
    for number in (PERSON, OTHER):
        _texted(exports, number, id=f"text-{number[-1]}")
    exports.configured.done("-o", str(file), "--overwrite")
    assert {each["number"] for each in json.loads(file.read_text())} == {PERSON, OTHER}


def test_a_repeated_stop_keeps_its_first_and_latest_time(exports: Moving) -> None:
    """And how often the person asked."""
    _texted(exports, id="text-1", at=datetime(2026, 1, 5, tzinfo=UTC))
    _texted(exports, id="text-2")
    (row,) = _rows(exports)
    assert (row["first_asked_out_at"], row["asked_out_at"], row["asked_out_count"]) == (
        "2026-01-05T00:00:00.000Z", "2026-11-03T14:00:00.000Z", "2",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["consents.xls", "consents"])
def test_a_name_that_chooses_no_format_is_refused(exports: Moving, name: str) -> None:
    """Rather than to write CSV under it; --format says what it is."""
    refused = exports.run("-o", exports.folder / name)
    assert (refused.exit_code, ".csv, .json or .jsonl" in refused.stderr) == (2, True)
    assert list(exports.folder.iterdir()) == []
    assert exports.run("-o", exports.folder / name, "--format", "csv").exit_code == 0


@pytest.mark.slow
def test_a_full_disk_leaves_no_file(exports: Moving) -> None:
    """The limit on a file's size fails a write as a full disk does."""
    for at in range(40):
        _texted(exports, f"+1425555{at + 300:04}", id=f"text-{at}")
    with files_of_at_most(2000):
        result = exports.run("-o", exports.folder / "out.csv")
    assert (result.exit_code, list(exports.folder.iterdir())) == (2, [])
    assert "out.csv: File too large" in result.stderr
