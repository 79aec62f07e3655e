"""A message log of another provider: each person's texts are classified by the deployment's rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_clock import FakeClock
from support.memory_ledger import MemoryLedger
from support.moving import Moving
from support.world import OURS, PERSON

from sms_consent.domain.consent import Due, Status
from sms_consent.domain.decision import Author
from sms_consent.domain.errors import Unavailable
from sms_consent_cli.commands.import_.columns import Column
from sms_consent_cli.commands.import_.importer import FileImport
from sms_consent_cli.commands.import_.message_log import MessageLines
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.row import ColumnSettings
from sms_consent_cli.shared.classification import actions_by, standard
from sms_consent_cli.shared.written_time import TimeFormat

OTHER = "+14255550183"
THEIRS = "+12125550199"
# Twilio's Message resource as a table: the newest text first (twilio.com/docs/messaging/api/message-resource).
TWILIO = "Sid,Direction,From,To,Body,Status,DateSent\n"
TEXTS = ("--text-column", "Body")


def _line(body: str, at: str, sender: str = PERSON, direction: str = "inbound") -> str:
    to = THEIRS if direction == "inbound" else PERSON
    return f'SM1,{direction},{sender},{to},"{body}",received,{at}\n'


def _imported(imports: Moving, lines: str, *options: str) -> Result:
    return imports.done(TWILIO + lines, *TEXTS, *options)


def _decisions(imports: Moving) -> list[dict[str, Any]]:
    return [
        {name: next(iter(value.values())) for name, value in item.items()}
        for item in imports.configured.world.history()
    ]


def _status(imports: Moving, number: str = PERSON) -> Status | None:
    consent = imports.consent(number)
    return consent.status if consent is not None else None


def test_a_stop_of_the_log_opts_out_at_its_own_time(imports: Moving) -> None:
    """With rule, matched words and rules version, as the person's own request; the list waits behind what people text now."""
    _imported(imports, _line("Stop.", "2024-05-01T10:00:00Z"), "--source", "Twilio")
    consent = imports.consent(PERSON)
    assert consent is not None
    assert (consent.status, consent.end_user_opted_out) == (Status.OPTED_OUT, True)
    assert (consent.decided_at, consent.due) == (datetime(2024, 5, 1, 10, tzinfo=UTC), Due.IMPORTED)
    imports.configured.world.sweep()
    assert (imports.listed(), imports.configured.world.texts()) == ({PERSON}, [])
    (decision,) = _decisions(imports)
    assert (decision["author"], decision["through"], decision["rule"]) == ("END_USER", THEIRS, "keyword:aws/STOP")
    assert (decision["matched"], decision["body"], decision["reference"]) == ("Stop", "Stop.", "opt-outs.csv:2")
    assert decision["rules_version"]
    assert decision["import_id"]


def test_the_newest_text_of_each_person_counts(imports: Moving) -> None:
    """Whatever the order of the lines."""
    _imported(
        imports,
        _line("START", "2024-05-03T10:00:00Z")
        + _line("please stop texting me", "2024-05-02T10:00:00Z", OTHER)
        + _line("STOP", "2024-05-01T10:00:00Z")
        + _line("START", "2024-04-01T10:00:00Z", OTHER),
    )
    assert (_status(imports), _status(imports, OTHER)) == (Status.OPTED_IN, Status.OPTED_OUT)


@pytest.mark.parametrize(("first", "expected"), [("STOP", Status.OPTED_IN), ("hello", None)])
def test_yes_counts_only_after_an_opt_out(imports: Moving, first: str, expected: Status | None) -> None:
    """The lines are in the opposite order of the texts."""
    result = _imported(imports, _line("Yes", "2024-05-02T10:00:00Z") + _line(first, "2024-05-01T10:00:00Z"))
    assert _status(imports) is expected
    assert ("1 opted in" in result.stdout) is (expected is Status.OPTED_IN)


def test_texts_of_the_company_count_for_nobody(imports: Moving) -> None:
    """They contain the words of an opt-out."""
    result = _imported(
        imports,
        _line("STOP", "2024-05-01T10:00:00Z", THEIRS, "outbound-api")
        + _line("STOP", "2024-05-01T10:00:00Z", THEIRS, "outbound-reply"),
    )
    assert imports.configured.written() == []
    assert result.stdout == "0 opted out, 2 sent by the company\n"


def test_unclear_texts_and_help_change_nothing_and_are_counted(imports: Moving) -> None:
    """Neither do texts that ask for nothing."""
    result = _imported(
        imports,
        _line("HELP", "2024-05-01T10:00:00Z")
        + _line("wrong number", "2024-05-01T10:00:00Z")
        + _line("see you at five", "2024-05-01T10:00:00Z"),
        "--json",
    )
    counts = json.loads(result.stdout)
    assert (counts["help"], counts["unclear"], counts["skipped"], counts["optedOut"]) == (1, 1, 1, 0)
    assert imports.configured.written() == []


def test_the_deployments_own_keywords_count(imports: Moving) -> None:
    """And its action for each tier."""
    lines = _line("basta ya", "2024-05-01T10:00:00Z") + _line("please stop texting me", "2024-05-01T10:00:00Z", OTHER)
    imports.configured.redeploy(ExtraOptOutKeywords="basta ya", TierActions="COMPANY=ASK,SENTENCE=ASK")
    _imported(imports, lines)
    assert (_status(imports), _status(imports, OTHER)) == (Status.OPTED_OUT, None)


def test_a_log_that_does_not_say_who_sent_a_text_is_refused(imports: Moving) -> None:
    """Unless people sent all of them."""
    file = imports.file(f"originationNumber,destinationNumber,messageBody,timestamp\n{PERSON},{OURS},STOP,2024-05-01\n")
    refused = imports.run(file, "--text-column", "messageBody")
    assert (refused.exit_code, "--direction-column" in refused.stderr) == (2, True)
    assert imports.run(file, "--text-column", "messageBody", "--all-inbound").exit_code == 0
    assert _status(imports) is Status.OPTED_OUT


def test_a_line_that_cannot_be_read_is_rejected(imports: Moving) -> None:
    """A direction, time or number; but only if the text asks for something."""
    lines = (
        _line("STOP", "2024-05-01T10:00:00Z", direction="sideways")
        + _line("STOP", "")
        + _line("STOP", "2024-05-01T10:00:00Z", sender="32665")
        + _line("hello", "", sender="32665")
        + _line("STOP", "2024-05-01T10:00:00Z", sender="whatsapp:+14255550182")
    )
    result = imports.run(imports.file(TWILIO + lines), *TEXTS)
    assert (result.exit_code, imports.configured.written()) == (1, [])
    assert [row["import_line"] for row in imports.rejects()] == ["2", "3", "4"]


def test_texts_that_the_deployment_would_not_keep_any_more_are_not_stored(imports: Moving) -> None:
    """The matched words are."""
    imports.configured.redeploy(BodyRetentionDays="90")
    _imported(
        imports,
        _line("Stop.", "2024-05-01T10:00:00Z") + _line("Stop.", "2026-10-01T10:00:00Z", OTHER),
        "--list",
        "Club",
    )
    imports.configured.world.sweep()
    bodies = {each["number"]: (each.get("body"), each["matched"]) for each in _decisions(imports)}
    assert bodies == {PERSON: (None, "Stop"), OTHER: ("Stop.", "Stop")}


def test_importing_the_log_again_changes_nothing(imports: Moving) -> None:
    """Not even its everyday words."""
    lines = _line("Yes", "2024-05-02T10:00:00Z") + _line("STOP", "2024-05-01T10:00:00Z")
    _imported(imports, lines)
    before = imports.configured.written()
    _imported(imports, lines)
    assert imports.configured.written() == before


def test_an_interrupted_import_of_a_log_has_the_same_result(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The everyday words of lines that were processed before are recorded at the end of the second run."""
    world, calls = imports.configured.world, iter(range(100))
    ledger = type(world.parts.ledger)
    save = ledger.save

    def failing(*arguments: Any, **more: Any) -> None:
        if next(calls) == 1:
            raise Unavailable("InternalServerError")
        save(*arguments, **more)

    file = imports.file(
        TWILIO
        + _line("Yes", "2024-05-02T10:00:00Z")
        + _line("STOP", "2024-05-01T10:00:00Z")
        + _line("STOP", "2024-05-01T10:00:00Z", OTHER)
    )
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "save", failing)
        assert imports.run(file, *TEXTS, "--workers", "1").exit_code == 3
    assert imports.run(file, *TEXTS, "--workers", "1").exit_code == 0
    assert (_status(imports), _status(imports, OTHER)) == (Status.OPTED_IN, Status.OPTED_OUT)


def test_a_dry_run_shows_columns_and_counts_without_a_text(imports: Moving) -> None:
    """Numbers are masked."""
    file = imports.file(TWILIO + _line("please stop texting me", "2024-05-01T10:00:00Z"))
    result = imports.run(file, *TEXTS, "--dry-run")
    assert imports.configured.written() == []
    for part in (
        "texted by “From”",
        "direction “Direction”",
        "time “DateSent”",
        "1 ask for an opt-out",
        "+1425•••0182",
    ):
        assert part in result.stderr
    assert "texting me" not in result.stderr + result.stdout
    assert PERSON not in result.stderr + result.stdout


@pytest.mark.parametrize("option", [("--all-opted-out",), ("--end-user",), ("--as-of", "2025-01-01")])
def test_options_that_say_who_opted_out_are_refused(imports: Moving, option: tuple[str, ...]) -> None:
    """The texts say it."""
    result = imports.run(imports.file(TWILIO + _line("STOP", "2024-05-01")), *TEXTS, *option)
    assert (result.exit_code, f"{option[0]} is not for message logs" in result.stderr) == (2, True)


def test_undoing_a_log_leaves_what_people_texted_unless_it_is_requested(imports: Moving) -> None:
    """A texted STOP is not undone by accident."""
    _imported(imports, _line("STOP", "2024-05-01T10:00:00Z"))
    imports.configured.command = "imports"
    (record,) = [json.loads(line) for line in imports.configured.run("list", "--json").stdout.splitlines()]
    kept = imports.configured.run("undo", record["id"], "--yes", "--json")
    assert (json.loads(kept.stdout)["texted"], _status(imports)) == (1, Status.OPTED_OUT)
    undone = imports.configured.run("undo", record["id"], "--yes", "--json", "--texted")
    assert (json.loads(undone.stdout)["notListed"], _status(imports)) == (1, Status.OPTED_IN)


def test_history_shows_the_text_with_its_log(imports: Moving) -> None:
    """The age of the text is no delay."""
    _imported(imports, _line("STOP", "2024-05-01T10:00:00Z"))
    imports.configured.world.sweep()
    imports.configured.command = "history"
    shown = imports.configured.run(PERSON, COLUMNS="400").stdout
    assert f"texted {THEIRS} (imported on 3 Nov 2026 by arn:aws:sts::" in shown
    assert "from opt-outs.csv, line 2): opted out by rule keyword:aws/STOP" in shown
    assert "later" not in shown
    assert Author.END_USER.value == _decisions(imports)[0]["author"]


SAID = {"STOP": True, "START": False, "YES": None, "see you at five": None}
TEXTED = st.lists(
    st.tuples(st.sampled_from([PERSON, OTHER]), st.sampled_from(sorted(SAID)), st.integers(1, 9)), max_size=12
)


def _expected(texts: list[tuple[str, str, int]], person: str) -> bool | None:
    """Whether the person is opted out, by their texts in order of time; at equal times an opt-out counts last."""
    state: bool | None = None
    asked_at = 0
    for _, body, hour in sorted(
        (each for each in texts if each[0] == person), key=lambda each: (each[2], each[1] == "STOP")
    ):
        if body in {"STOP", "START"}:
            state, asked_at = SAID[body], hour
        elif body == "YES" and state is True and hour > asked_at:
            state, asked_at = False, hour
    return state


@settings(deadline=None, max_examples=60)
@given(texts=TEXTED, workers=st.integers(1, 4))
def test_any_order_of_lines_ends_as_the_order_of_times(texts: list[tuple[str, str, int]], workers: int) -> None:
    """With everyday words among them, and several texts at the same time."""
    ledger = MemoryLedger()
    now = datetime(2026, 11, 3, tzinfo=UTC)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "messages.csv"
        path.write_text(TWILIO + "".join(_line(body, f"2024-05-01T1{hour}:00:00Z", who) for who, body, hour in texts))
        file = NumberFile.at(path, {Column.TEXT: "Body"})
        chosen = ColumnSettings(
            columns=file.columns, now=now, times=TimeFormat(), region=None, as_of=None, own_list="Default",
            list_name=lambda given: given, source=None, end_user=False,
        )  # fmt: skip
        reader = MessageLines(chosen, standard(), actions_by({}), all_inbound=False, keep_texts=None)
        file_import = FileImport(
            file, chosen, ledger=ledger, clock=FakeClock(now), opt_ins=False, workers=workers, state=None, reader=reader
        )
        assert len(list(file_import.run(lambda: 0.0))) == len(texts)
    for person in (PERSON, OTHER):
        consent = ledger.consents.get((person, "Default"))
        found = None if consent is None else consent.status is Status.OPTED_OUT
        assert found is _expected(texts, person)
