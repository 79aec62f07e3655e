"""`sms-consent local EVENT…`: the result of each text in the terminal, and the exit code."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from integration.local.served import run

from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.local.event_files import Way, read_event

pytestmark = pytest.mark.slow

ESCAPE = "\x1b"
Done = CompletedProcess[str]


@pytest.fixture(scope="module")
def good() -> Done:
    """Events that can all be processed, with the functions' logs."""
    return run("local", "--logs", *(f"events/{name}.json" for name in ("stop", "start", "ordinary", "help", "rcs")))


@pytest.fixture(scope="module")
def mixed() -> Done:
    """Some that cannot; and a START before a STOP that is older."""
    return run("local", *(f"events/{name}.json" for name in ("start", "stop", "batch_with_bad_record", "unreadable")))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split("[│┃]", line)[1:-1]]


def row(done: Done, file: str, text: str) -> list[str]:
    """The cells of the row that begins with a text, in a file's table; each on one line."""
    lines = done.stdout[done.stdout.index(f"events/{file}.json") :].splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("│") and text in _cells(line)[0])
    end = next(at for at in range(start, len(lines)) if not lines[at].startswith("│"))
    columns = zip(*(_cells(line) for line in lines[start:end]), strict=True)
    return [" ".join(part for part in column if part) for column in columns]


def test_a_stop_is_shown_with_its_intent_rule_consent_list_and_reply(good: Done) -> None:
    """Everything that the contract lists; the consent says that the person asked, the list says what AWS says."""
    text, intent, rule, consent, listed, reply = row(good, "stop", "STOP")
    assert text == "“STOP” +14255550182"
    assert intent == "OPT_OUT keyword"
    assert rule == "keyword:aws/STOP"
    assert consent == "OPTED_OUT EndUserOptedOut=true since 2026-11-03 14:02:11Z"
    assert listed.startswith("on it since")
    assert listed.endswith("AWS reports EndUserOptedOut=false")
    assert reply.startswith("Example Bank: You are opted out")


def test_events_run_in_turn_on_one_stack(good: Done) -> None:
    """START after STOP: its row shows how things stood after it."""
    assert row(good, "start", "START")[3:5] == ["OPTED_IN since 2026-11-05 09:30:45Z", "not on it"]


def test_an_ordinary_text_is_shown_without_intent(good: Done) -> None:
    """Read, and of no meaning for consent."""
    assert row(good, "ordinary", "Can we")[1:] == [
        *("NONE", "no request: ignored", "none recorded", "not on it", "none"),
    ]


def test_help_is_answered_with_the_support_contact(good: Done) -> None:
    """That of the demo's parameters."""
    assert "help.example.com" in row(good, "help", "HELP")[5]


def test_an_rcs_text_is_answered_by_its_agent(good: Done) -> None:
    """The agent that was texted is one of the stack's own."""
    assert row(good, "rcs", "STOP")[5].startswith("Example Bank: You are opted out")


def test_a_run_whose_texts_were_all_processed_ends_with_zero(good: Done) -> None:
    """Also where one asked for nothing."""
    assert good.returncode == 0
    assert good.stdout.splitlines()[-1] == "5 texts, all processed"


def test_the_functions_logs_are_shown_on_request_and_apart(good: Done) -> None:
    """On standard error, with numbers masked; and what the stack leaves out is said there too."""
    assert '"sender":"+1425•••0182"' in good.stderr
    assert "14255550182" not in good.stderr
    assert "left out (permissions are not checked here)" in good.stderr
    assert "request_id" not in good.stdout


def test_nothing_but_the_table_is_written_otherwise(mixed: Done) -> None:
    """Piped output contains no log lines, no warnings of libraries and no colours."""
    assert mixed.stderr == ""
    assert ESCAPE not in mixed.stdout
    assert {line[0] for line in mixed.stdout.splitlines()} <= set("e┏┃┡│├└┌7")


def test_an_older_stop_is_shown_as_stale(mixed: Done) -> None:
    """It changes nothing, and the list stays as the newer START left it."""
    _, _, rule, consent, listed, _ = row(mixed, "stop", "STOP")
    assert rule == "keyword:aws/STOP stale: a newer decision exists"
    assert consent.startswith("OPTED_IN")
    assert listed == "not on it"


def test_one_bad_record_of_a_batch_does_not_hold_up_the_others(mixed: Done) -> None:
    """The batch goes through the queue, whose partial failures are the template's."""
    assert row(mixed, "batch_with_bad_record", "Unsubscribe")[4].startswith("on it")
    assert row(mixed, "batch_with_bad_record", "““STOP” 🛑”")[4].startswith("on it")
    assert row(mixed, "batch_with_bad_record", "See you")[1] == "NONE"
    assert row(mixed, "batch_with_bad_record", "unreadable")[2].startswith("not processed:")


def test_what_cannot_be_read_is_shown_with_its_reason_and_fails_the_run(mixed: Done) -> None:
    """From the dead-letter queue, not from the function."""
    assert row(mixed, "unreadable", "unreadable")[2] == "not processed: the SNS Message is not JSON"
    assert mixed.returncode == 1
    assert mixed.stdout.splitlines()[-1] == "7 texts, 2 could not be processed"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("5", "not an event"),
        ("null", "not an event"),
        ("{}", "not an event"),
        ('{"Records": []}', "not an event"),
        ('{"Records": [5]}', "not an event"),
        ('{"Records": [{"eventSource": "aws:s3"}]}', "not an event"),
        ('{"Records": [{"body": "{}"}, {"Sns": {}}]}', "not an event"),
    ],
)
def test_a_file_that_is_no_event_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    """By its name and what is wrong."""
    file = tmp_path / "event.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(LocalError, match=f"^{re.escape(str(file))} is .*{complaint.removeprefix('is ')}"):
        read_event(file)


def test_a_record_that_holds_no_text_is_no_reason_to_refuse_the_file(tmp_path: Path) -> None:
    """What it ends as is the functions' to say."""
    file = tmp_path / "event.json"
    file.write_text('{"Records": [{"body": "5", "attributes": [], "messageAttributes": 1}]}', encoding="utf-8")
    event = read_event(file)
    assert event.way is Way.SQS
    assert event.records[0].text is None


def test_a_missing_file_ends_the_command_at_once(tmp_path: Path) -> None:
    """Exit code 2, one line, and nothing was run."""
    done = run("local", "events/stop.json", str(tmp_path / "missing.json"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"sms-consent local: {tmp_path}/missing.json: No such file or directory\n"
