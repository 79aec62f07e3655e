"""`sms-consent evaluate`, run as a command on a corpus of four texts."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from sms_consent_cli.commands.evaluate.command import evaluate
from sms_consent_cli.commands.evaluate.peers import PEERS

TEXTS = [
    {"id": "en-1", "text": "STOP", "label": "OPT_OUT", "language": "en", "kind": "keyword", "family": "a"},
    {"id": "en-2", "text": "WEEKEND", "label": "NONE", "language": "en", "kind": "passing", "family": "b"},
    {"id": "en-3", "text": "see you", "label": "NONE", "language": "en", "kind": "chat", "family": "c"},
    {"id": "fr-4", "text": "pomme de terre", "label": "OPT_OUT", "language": "fr", "kind": "odd", "family": "d"},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with those texts as the held-out part."""
    lines = [json.dumps(text) for text in TEXTS]
    (tmp_path / "heldout.jsonl").write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    (tmp_path / "chat.jsonl").write_text(lines[3] + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def app() -> typer.Typer:
    """The command alone."""
    app = typer.Typer()
    app.command()(evaluate)
    return app


def as_json(app: typer.Typer, *arguments: str) -> Any:
    """What the command prints with --json."""
    result = CliRunner().invoke(app, ["--json", *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_json_gives_count_share_and_interval_of_every_reader(app: typer.Typer, corpus: Path) -> None:
    """Ours and every peer's, on the same texts."""
    summary = as_json(app, "--corpus", str(corpus))
    assert summary["texts"] == 4
    assert list(summary["readers"]) == ["sms-consent", *(peer.name for peer in PEERS)]
    assert summary["readers"]["sms-consent"]["found"]["count"] == 1
    assert summary["readers"]["substring"]["touched"] == pytest.approx(
        {"count": 1, "of": 1, "share": 1.0, "low": 0.20655, "high": 1.0}
    )


def test_texts_are_shown_only_when_asked_for(app: typer.Typer, corpus: Path) -> None:
    """Authors of rules must not see held-out texts by accident."""
    assert as_json(app, "--corpus", str(corpus))["errors"] == []
    assert "pomme" not in CliRunner().invoke(app, ["--corpus", str(corpus)]).stdout
    [error] = as_json(app, "--corpus", str(corpus), "--show-errors", "5")["errors"]
    assert (error["id"], error["label"], error["read_as"]) == ("fr-4", "OPT_OUT", "NONE")


def test_the_tables_have_no_colour_in_a_pipe(app: typer.Typer, corpus: Path) -> None:
    """Escape sequences would end up in whatever reads it."""
    printed = CliRunner().invoke(app, ["--corpus", str(corpus)], env={"COLUMNS": None})
    assert printed.exit_code == 0
    assert "\x1b" not in printed.stdout
    for heading in ("trimmed exact match", "By language", "Confusion", "Opt-outs by tier"):
        assert heading in printed.stdout


def test_one_language_can_be_measured_alone(app: typer.Typer, corpus: Path) -> None:
    """The peers know English only; beside them, English alone is the fair comparison."""
    assert as_json(app, "--corpus", str(corpus), "--language", "fr")["readers"]["sms-consent"]["found"]["of"] == 1


def test_the_sms_spam_collection_counts_as_conversation(app: typer.Typer, corpus: Path, tmp_path: Path) -> None:
    """Human messages only."""
    spam = tmp_path / "SMSSpamCollection"
    spam.write_text("ham\tlunch?\nspam\tWIN\n", encoding="utf-8")
    summary = as_json(app, "--corpus", str(corpus), "--sms-spam", str(spam))
    assert summary["readers"]["sms-consent"]["conversation_touched"]["of"] == 2


def test_without_a_corpus_it_says_so(app: typer.Typer, tmp_path: Path) -> None:
    """The wheel has none; exit status 2, nothing on standard output."""
    result = CliRunner().invoke(app, ["--corpus", str(tmp_path)])
    assert result.exit_code == 2
    assert "heldout.jsonl cannot be read" in result.stderr
    assert result.stdout == ""
