"""A number on the local stack, by commands only: disconnected, connected again, an agent's request, the history."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import time_machine
from click.testing import Result
from integration.local.served import OURS, Served, served
from typer.testing import CliRunner

from sms_consent_cli.main import app

pytestmark = pytest.mark.slow

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """A separate stack, since its number is switched."""
    with served() as running:
        yield running


@pytest.fixture
def command(stack: Served, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A command that knows only the address of AWS."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "LEDGER_TABLE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint)
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def text(stack: Served, sender: str, body: str) -> str | None:
    """Send a text from the person's phone; return its id if it was published."""
    inbound_id: str | None = stack.post("/_local/text", {"from": sender, "to": OURS, "body": body})[
        "inbound_message_id"
    ]
    stack.drain()
    return inbound_id


def test_a_number_is_connected_and_disconnected(stack: Served, command: Command) -> None:
    """STOP is honoured at every moment, and no opt-out is lost."""
    told = json.loads(command("disconnect", OURS, "--json").stdout)
    assert (told["honouredBy"], told["connected"]) == ("AWS", False)
    by_aws, by_stack = stack.person(), stack.person()
    assert text(stack, by_aws, "STOP") is None
    assert stack.listed(by_aws) is not None
    told = json.loads(command("connect", OURS, "--json").stdout)
    assert (told["honouredBy"], told["connected"]) == ("the stack", True)
    assert [step["state"] for step in told["steps"]] == ["done"] * 3
    assert text(stack, by_stack, "STOP") is not None
    assert command("check", by_stack).exit_code == 0


def test_an_agents_request_counts_at_the_stacks_time(stack: Served, command: Command) -> None:
    """The stack may be far ahead: a request must not be older than an earlier text."""
    person = stack.person()
    stack.advance(40 * 86_400)
    text(stack, person, "Stop. Thanks")
    stack.advance(1)  # an opt-in counts from the start of its second
    done = command("opt-in", person, "--by", "alice", "--channel", "phone")
    assert (done.exit_code, "is opted in on" in done.output) == (0, True)
    assert stack.listed(person) is None
    story = " ".join(command("history", person).output.split())
    assert "asked by phone; entered by alice (cli): opted in, off the list" in story


def test_a_stop_right_after_an_agents_opt_in_counts(stack: Served, command: Command) -> None:
    """The agent's machine is nearly five minutes ahead of AWS, whose responses say what time it is there."""
    person = stack.person()
    there = datetime.fromisoformat(stack.get("/_local/clock")["now"])
    with time_machine.travel(there + timedelta(minutes=4, seconds=50)):
        done = command("opt-in", person)
    assert done.exit_code == 0
    assert "ahead of AWS's" in done.stderr
    text(stack, person, "STOP")
    assert stack.consent(person)["status"] == "OPTED_OUT"
    assert stack.listed(person) is not None


def test_the_stack_answers_with_its_own_time(stack: Served) -> None:
    """As AWS does, also after it was moved on."""
    stack.advance(86_400)
    answer = stack.client("dynamodb").list_tables()["ResponseMetadata"]["HTTPHeaders"]["date"]
    now = datetime.fromisoformat(stack.get("/_local/clock")["now"])
    assert timedelta() <= now - parsedate_to_datetime(answer) < timedelta(seconds=5)
