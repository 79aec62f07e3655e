"""An import is a record in the ledger: who, which file, how it was read, and what came of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.moving import HEADER, Moving
from support.world import PERSON

from sms_consent.adapters import clients
from sms_consent.domain.errors import Unavailable
from sms_consent_cli.commands.import_ import import_log

OTHER = "+14255550183"
CONTENT = f"{HEADER}{PERSON},2025-03-01T10:00:00Z\nnobody,2025-03-01\n"


def _listed(imports: Moving) -> list[dict[str, Any]]:
    imports.configured.command = "imports"
    shown = imports.configured.run("list", "--json")
    imports.configured.command = "import"
    assert shown.exit_code == 0, shown.output
    return [json.loads(line) for line in shown.stdout.splitlines()]


def _shown(imports: Moving, *arguments: str) -> Any:
    imports.configured.command = "imports"
    shown = imports.configured.run("show", *arguments)
    imports.configured.command = "import"
    return shown


def test_an_import_has_a_record(imports: Moving) -> None:
    """With the caller's identity, the file's name without its folder, its digest, and the counts."""
    file = imports.file(CONTENT)
    assert imports.run(file, "--source", "Twilio", "--by", "alice").exit_code == 1  # one line is rejected
    (record,) = _listed(imports)
    assert record["identity"].startswith("arn:aws:sts::123456789012:")
    assert (record["fileName"], record["status"]) == ("opt-outs.csv", "FINISHED")
    assert record["sha256"] == hashlib.sha256(CONTENT.encode()).hexdigest()
    assert (record["options"]["source"], record["options"]["by"]) == ("Twilio", "alice")
    assert record["columns"]["number"] == "number"
    assert record["counts"] == {"lines": 3, "optedOut": 1, "rejected": 1}
    assert {"begunAt", "finishedAt"} <= record.keys()


def test_a_record_can_be_shown(imports: Moving) -> None:
    """To people and as JSON; an unknown id is said to be one."""
    imports.run(imports.file(CONTENT), "--source", "Twilio")
    (record,) = _listed(imports)
    assert json.loads(_shown(imports, record["id"], "--json").stdout) == record
    text = _shown(imports, record["id"]).stdout
    for part in ("finished", "opt-outs.csv", record["sha256"][:40], "--source Twilio", "opted out", "rejected"):
        assert part in text
    unknown = _shown(imports, "20000101T000000-00000000")
    assert (unknown.exit_code, "there is no such import" in unknown.stderr) == (1, True)


def test_a_decision_refers_to_its_import(imports: Moving) -> None:
    """And to the place in the file, as before."""
    imports.done(HEADER + f"{PERSON},2025-03-01\n")
    imports.configured.world.sweep()
    (record,), (decision,) = _listed(imports), imports.configured.world.history()
    assert decision["import_id"] == {"S": record["id"]}
    assert decision["reference"] == {"S": "opt-outs.csv:2"}


def test_an_identity_that_aws_does_not_return_is_unknown(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import goes on, and says so."""

    class Denying:
        def get_caller_identity(self) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetCallerIdentity")

    monkeypatch.setattr(import_log.Deployment, "client", lambda *_: Denying())
    result = imports.done(HEADER + f"{PERSON},2025-03-01\n")
    assert "AWS did not return your identity (AccessDenied)" in result.stderr
    assert [record["identity"] for record in _listed(imports)] == ["unknown"]


def test_the_same_file_is_recognised(imports: Moving) -> None:
    """By its content, whatever its name; its lines change nothing."""
    imports.done(HEADER + f"{PERSON},2025-03-01\n")
    imports.configured.world.pass_time(seconds=1)
    again = imports.run(imports.file(HEADER + f"{PERSON},2025-03-01\n", "copy.csv"))
    first, second = _listed(imports)
    assert "this file was imported on" in again.stderr
    assert first["id"] in again.stderr
    assert second["counts"] == {"lines": 2, "unchanged": 1}


def test_an_interrupted_import_continues_its_record(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not finished until then."""
    ledger = type(imports.configured.world.parts.ledger)
    file = imports.file(f"{HEADER}{PERSON},2025-03-01\n{OTHER},2025-03-01\n")

    def failing(*_: Any, **__: Any) -> None:
        raise Unavailable("InternalServerError")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "save", failing)
        assert imports.run(file).exit_code == 3
    (begun,) = _listed(imports)
    assert begun["status"] == "RUNNING"
    assert imports.run(file).exit_code == 0
    (finished,) = _listed(imports)
    assert (finished["id"], finished["status"], finished["counts"]["optedOut"]) == (begun["id"], "FINISHED", 2)


def test_neither_a_dry_run_nor_a_refused_file_has_a_record(imports: Moving) -> None:
    """Nothing was imported."""
    imports.run(imports.file(CONTENT), "--dry-run")
    imports.run(imports.file("number\n" + PERSON + "\n"))
    assert _listed(imports) == []
    assert clients.dynamodb().scan(TableName=imports.configured.world.table)["Items"] == []


def test_what_a_newer_version_wrote_is_kept(imports: Moving) -> None:
    """An attribute and a status that this version does not know."""
    imports.done(HEADER + f"{PERSON},2025-03-01\n")
    (record,) = _listed(imports)
    key = {"pk": {"S": "IMPORTS"}, "sk": {"S": record["id"]}}
    table, client = imports.configured.world.table, clients.dynamodb()
    client.update_item(
        TableName=table, Key=key, UpdateExpression="SET #s = :s, later = :l",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "ARCHIVED"}, ":l": {"S": "kept"}},
    )  # fmt: skip
    assert _listed(imports)[0]["status"] == "UNKNOWN"
    records = import_log.DynamoImportRecords(client, table)
    stored = records.get(record["id"])
    assert stored is not None
    records.save(stored, stored)
    item = client.get_item(TableName=table, Key=key)["Item"]
    assert (item["status"], item["later"]) == ({"S": "ARCHIVED"}, {"S": "kept"})


def _told(imports: Moving, command: str, *arguments: str) -> str:
    imports.configured.command = command
    shown = imports.configured.run(PERSON, *arguments, COLUMNS="400")
    imports.configured.command = "import"
    assert shown.exit_code == 0, shown.output
    return shown.stdout


def test_history_and_check_show_the_import(imports: Moving) -> None:
    """Its date, file and line, and that the file does not say who asked. The age of the request is no delay."""
    imports.done(HEADER + f"{PERSON},2023-12-06\n", "--source", "Twilio")
    imports.configured.world.sweep()
    sentence = "from opt-outs.csv, line 2 (source Twilio); the file does not say who asked"
    history = _told(imports, "history")
    assert "imported on 3 Nov 2026 by arn:aws:sts::" in history
    assert f"{sentence}: opted out, on the list since 3 Nov 2026" in history
    assert "later" not in history
    assert sentence in _told(imports, "check")
    (record,) = _listed(imports)
    (decision,) = json.loads(_told(imports, "history", "--json"))["decisions"]
    (consent,) = json.loads(_told(imports, "check", "--json"))["consents"]
    assert decision["importId"] == record["id"]
    assert decision["import"] == consent["import"] == {
        "id": record["id"], "line": 2, **{name: record[name] for name in ("begunAt", "fileName", "identity")},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "words"), [("true", "the file says that the person asked"), ("no", "the person did not ask")]
)
def test_history_shows_what_the_file_says_about_who_asked(imports: Moving, said: str, words: str) -> None:
    """In its own column."""
    imports.done(f"number,opted_out_at,EndUserOptedOut\n{PERSON},2023-12-06,{said}\n")
    assert words in _told(imports, "history")


def test_a_line_of_an_earlier_release_is_recognised(imports: Moving) -> None:
    """It stored that the person had not asked where the file does not say; the id of the same line is unchanged."""
    imports.done(HEADER + f"{PERSON},2025-03-01T10:00:00Z\n")
    imports.configured.world.sweep()
    (decision,) = imports.configured.world.history()
    facts = "\n".join(("Default", PERSON, "OPT_OUT", "2025-03-01T10:00:00.000Z", "False"))
    assert decision["id"] == {"S": f"import-{hashlib.sha256(facts.encode()).hexdigest()[:32]}"}
    assert "end_user" not in decision
