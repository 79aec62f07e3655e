"""`sms-consent explain`, for people and line by line for programs."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from integration.local.served import COMMAND, REPOSITORY, environment

from .conftest import Command


def answers(output: str) -> list[dict[str, Any]]:
    """The objects of --jsonl."""
    return [json.loads(line) for line in output.splitlines()]


def shown(output: str) -> dict[str, str]:
    """The block for a person, a line for each name."""
    joined = re.sub(r" *\n {2,}", " ", output)
    return {name: value.strip() for name, value in re.findall(r"^(\S+(?: \S+)?)  +(.*)$", joined, re.MULTILINE)}


def test_explain_shows_matched_words_rule_and_consequence(command: Command) -> None:
    """The deciding words as they were sent, the rule's id and where it comes from."""
    block = shown(command("explain", " Stop. ").output)
    assert block["intent"] == "OPT_OUT"
    assert block["matched"] == "“Stop”"
    assert block["tier"] == "KEYWORD: the whole message is a keyword"
    assert block["rule"] == "keyword:aws/STOP"
    assert "docs.aws.amazon.com/sms-voice" in block["source"]
    assert block["normalised"] == "“‹stop›”"
    assert block["the sender"].startswith("is opted out at once")


def test_the_deciding_words_are_marked_in_what_the_rules_saw(command: Command) -> None:
    """In brackets, which a pipe keeps as well."""
    block = shown(command("explain", "Hi! TAKE me off yöur list, ok?").output)
    assert block["normalised"] == "“hi ‹take me off your list› ok”"


@pytest.mark.parametrize(
    ("body", "intent", "rule", "because"),
    [
        ('{"type":"SUGGESTION","text":"Stop","postbackData":"x"}', "OPT_OUT", "label:keyword:aws/STOP", "“Stop”"),
        ('{"type":"UNSUBSCRIBE"}', "OPT_OUT", "event:UNSUBSCRIBE", "“UNSUBSCRIBE”"),
        ('{"type":"RCS_TYPING"}', "NONE", "content:none", None),
        ("STOP", "OPT_OUT", "keyword:aws/STOP", "“STOP”"),
    ],
)
def test_rcs_content_is_explained_as_the_functions_read_it(
    command: Command, body: str, intent: str, rule: str, because: str | None
) -> None:
    """With --rcs; without it, a text that looks like JSON is a text."""
    result = command("explain", "--rcs", body)
    block = shown(result.output)
    assert (block["intent"], block["rule"], block.get("matched")) == (intent, rule, because)
    assert "RCS event" in block.get("tier", "") or not rule.startswith("event")
    (answer,) = answers(command("explain", "--rcs", "--jsonl", stdin=json.dumps(body)).output)
    assert (answer["text"], answer["intent"], answer["rule"]) == (body, intent, rule)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("STOP please", ["docs.aws.amazon.com/sms-voice", "Words that may stand beside a keyword"]),
        ("stpo", ["docs.aws.amazon.com/sms-voice", "Misspellings"]),
        ("take me off your list", ["47 CFR"]),
        ("slutt å sende meg meldinger", ["Norwegian", "Patterns that several languages share"]),
    ],
)
def test_a_rule_of_every_tier_is_shown_with_all_its_sources(command: Command, text: str, sources: list[str]) -> None:
    """Of the keyword, and of what lets it count although it is not the whole message."""
    told = " ".join(shown(command("explain", text).output)["source"].split())
    assert [source for source in sources if source not in told] == []


def test_an_ordinary_text_is_said_to_change_nothing(command: Command) -> None:
    """And names no rule, no words and no source."""
    block = shown(command("explain", "See you at the end of the week").output)
    assert (block["intent"], block["rule"]) == ("NONE", "none")
    assert set(block).isdisjoint({"matched", "tier", "source", "language"})
    assert "nothing is recorded" in block["the sender"]


def test_explain_shows_the_language_of_a_keyword(command: Command) -> None:
    """The reply will be in it."""
    assert shown(command("explain", "Désabonner").output)["language"] == "fr"


def test_each_argument_is_one_text(command: Command) -> None:
    """Whoever forgets the quotes is told."""
    result = command("explain", "stop", "texting")
    assert result.stdout.count("intent") == 2
    assert "put quotes around" in result.stderr
    assert command("explain", "stop", "thank you").stderr == ""


def test_a_hostile_text_is_shown_harmlessly(command: Command) -> None:
    """No escape sequence, no markup, no half character, and not all of a text that never ends."""
    for text in ("\x1b[2Jstop", "[bold]stop[/bold]", "\u202estop", "stop " + "x" * 100_000, ""):
        output = command("explain", text).output
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert len(output) < 3_000


def test_yes_is_said_to_depend_on_an_opt_out_before(command: Command) -> None:
    """It opts in nobody else; START does."""
    shown = " ".join(command("explain", "YES").output.split())
    assert "is opted in if their newest request was an opt-out; otherwise nothing is recorded or sent" in shown
    told = answers(command("explain", "--jsonl", stdin='"Yes"\n"START"\n').output)
    assert [(each["intent"], each.get("only_if_opted_out")) for each in told] == [("OPT_IN", True), ("OPT_IN", None)]


def test_every_json_string_is_answered_on_a_line(command: Command) -> None:
    """The keys of the contract, in order, and the text as it was given."""
    result = command("explain", "--jsonl", stdin='"STOP"\n"ok then"\n"START"\n"HELP"\n')
    assert result.exit_code == 0
    assert [list(each) for each in answers(result.output)] == [["text", "intent", "rule", "matched", "language"]] * 4
    assert [(each["text"], each["intent"]) for each in answers(result.output)] == [
        ("STOP", "OPT_OUT"), ("ok then", "NONE"), ("START", "OPT_IN"), ("HELP", "HELP"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "\0", "\n\u2028", "\ud83d", "🛑", "x" * 100_000, '"', "\\", "éé", "<script>", "\ufeffSTOP"]
)
def test_any_json_string_is_answered(command: Command, text: str) -> None:
    """In ASCII, so that no encoding on the way can fail, and in one line."""
    result = command("explain", "--jsonl", stdin=json.dumps(text) + "\n")
    (answer,) = answers(result.output)
    assert answer["text"] == text
    assert result.output.isascii()


def test_a_line_in_utf_8_is_read_with_its_letters_and_its_mark(command: Command) -> None:
    """A byte order mark, as some editors write it, and a line separator within a string."""
    result = command("explain", "--jsonl", stdin='\ufeff"ＳＴＯＰ\u2028"\r\n\n"הסר"'.encode())
    assert [each["intent"] for each in answers(result.stdout)] == ["OPT_OUT", "OPT_OUT"]
    assert result.exit_code == 0


def test_a_bad_line_is_named_and_the_others_are_answered(command: Command) -> None:
    """By its number and without quoting it; the exit code says that there was one."""
    lines = [b'"STOP"', b"STOP", b"5", b"null", b"[" * 100_000, b'"\xff"', b'{"text": "STOP"}', b'"START"']
    result = command("explain", "--jsonl", stdin=b"\n".join(lines))
    assert [each["text"] for each in answers(result.stdout)] == ["STOP", "START"]
    assert result.stderr.splitlines() == [f"line {number}: not a JSON string" for number in range(2, 8)]
    assert result.exit_code == 1


@pytest.mark.parametrize("arguments", [[], ["--jsonl", "STOP"]])
def test_a_call_that_makes_no_sense_is_refused(command: Command, arguments: list[str]) -> None:
    """Either texts or lines."""
    assert command("explain", *arguments).exit_code == 2


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    """`| head -1` ends the command without a traceback, as other commands end."""
    lines = '"STOP"\n' * 50_000
    with subprocess.Popen(  # noqa: S603  our own command
        [*COMMAND, "explain", "--jsonl"], cwd=REPOSITORY, env=environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write('"STOP"\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["intent"] == "OPT_OUT"
        process.stdout.close()
        try:
            process.stdin.write(lines)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == ""
        assert process.wait(120) == 0
