"""`sms-consent explain` with a deployment's keywords, brand and replies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.configured import Configured, configured
from support.world import LIST, OURS

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.domain.ports import Sender

from .conftest import Command

CHOSEN = {
    "Brand": "Sign Me Up",
    "SupportContact": "help.example.com",
    "ExtraOptOutKeywords": "NO PROMOS",
    "ExtraHelpKeywords": "WHO",
    "OrdinaryWords": "YES",
}
TEXTS = ["no promos", "who", "yes", "Sign Me Up: You are", "STOP to opt out", "see you", "to opt back in."]
STANDARD = ["OPT_OUT", "UNCLEAR", "OPT_IN", "OPT_IN", "OPT_OUT", "NONE", "NONE"]
DEPLOYED = ["OPT_OUT", "HELP", "NONE", "NONE", "OPT_OUT", "NONE", "NONE"]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """A deployment with these settings."""
    with configured(monkeypatch, "explain") as made:
        made.deploy(**CHOSEN)
        yield made


def _intents(output: str) -> list[str]:
    return [json.loads(line)["intent"] for line in output.splitlines()]


def _lines(texts: list[str]) -> str:
    return "".join(json.dumps(text) + "\n" for text in texts)


@pytest.mark.parametrize(
    "form",
    [
        CHOSEN,
        {"Parameters": CHOSEN},
        [{"ParameterKey": name, "ParameterValue": value} for name, value in CHOSEN.items()],
    ],
)
def test_a_file_of_parameters_counts_before_the_first_deployment(command: Command, tmp_path: Path, form: Any) -> None:
    """In the forms that CloudFormation's own tools take; without one, the standard words apply."""
    file = tmp_path / "parameters.json"
    file.write_text(json.dumps(form), encoding="utf-8")
    result = command("explain", "--jsonl", "--parameters", str(file), stdin=_lines(TEXTS))
    assert _intents(result.stdout) == DEPLOYED
    assert _intents(command("explain", "--jsonl", stdin=_lines(TEXTS)).stdout)[3:] == STANDARD[3:]


@pytest.mark.parametrize("content", ["[1]", '"STOP"', "Brand"])
def test_a_file_that_holds_no_parameters_is_refused(command: Command, tmp_path: Path, content: str) -> None:
    """By its name, with exit code 2."""
    file = tmp_path / "parameters.json"
    file.write_text(content, encoding="utf-8")
    result = command("explain", "--parameters", str(file), "STOP")
    assert result.exit_code == 2
    assert "parameters.json" in result.stderr


def test_a_stacks_settings_count_as_in_its_functions(stack: Configured) -> None:
    """Its words and its brand."""
    assert _intents(stack.done("--jsonl", "--stack", "sms-consent", stdin=_lines(TEXTS)).stdout) == DEPLOYED


def test_a_senders_own_brand_counts(stack: Configured) -> None:
    """Its replies begin with it; the stack's brand then means what anybody's words mean."""
    sender = Sender(identity=OURS, list_name=LIST, brand="Subscribe")
    item = encode(sender)
    clients.dynamodb().put_item(TableName=stack.world.table, Item=item)
    texts = ["Sign Me Up: You are", "Subscribe: You are opted"]
    told = stack.done("--jsonl", "--stack", "sms-consent", "--sender", OURS, stdin=_lines(texts)).stdout
    assert _intents(told) == ["OPT_IN", "NONE"]


def test_a_missing_stack_is_an_error(stack: Configured) -> None:
    """With the exit code of a deployment that does not answer."""
    result = stack.run("--stack", "other", "STOP")
    assert result.exit_code == 3
    assert "there is no stack other" in result.stderr


@pytest.mark.parametrize("options", [["--stack", "a", "--parameters", "b"], ["--sender", OURS]])
def test_options_that_exclude_each_other_are_refused(command: Command, options: list[str]) -> None:
    """One deployment at a time; a sender is one of a stack."""
    assert command("explain", *options, "STOP").exit_code == 2
