"""Senders, groups and scope on the local stack: commands that know only the address of AWS, and texts through the stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from integration.local.served import OURS, Served, run, served

pytestmark = pytest.mark.slow

ARN = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/"


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """Two further lists, an opt-out that counts for a group, an opt-in for one list."""
    arns = f"AdditionalOptOutListArns={ARN}Club,{ARN}Marketing"
    with served("--parameter", arns, "--parameter", "OptOutScope=GROUP") as running:
        yield running


@pytest.fixture(scope="module")
def promotions(stack: Served) -> str:
    """The number texts as the club, whose list is in one group with that for marketing; the name of that group."""
    for arguments in (
        ("senders", "set", OURS, "--list", "Club", "--brand", "The Club", "--language", "de"),
        ("lists", "set", "Club", "--group", "promotions"),
        ("lists", "set", "Marketing", "--group", "promotions"),
    ):
        done = run(*arguments, AWS_ENDPOINT_URL=stack.endpoint)
        assert done.returncode == 0, done.stderr
    return "promotions"


def _lists(stack: Served, person: str) -> dict[str, str]:
    """By list, what should be."""
    done = run("check", person, "--json", AWS_ENDPOINT_URL=stack.endpoint)
    consents: list[dict[str, Any]] = json.loads(done.stdout)["consents"]
    assert all(consent["applied"] for consent in consents)
    return {consent["optOutList"]: consent["status"] for consent in consents}


def _listed(stack: Served, person: str, name: str) -> bool:
    numbers = stack.client("pinpoint-sms-voice-v2").describe_opted_out_numbers(OptOutListName=name)["OptedOutNumbers"]
    return person in {each["OptedOutNumber"] for each in numbers}


def test_a_stop_to_one_sender_counts_for_its_group(stack: Served, promotions: str) -> None:
    """And is answered once, in the name and language of the sender that was texted."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    assert _lists(stack, person) == {"Club": "OPTED_OUT", "Marketing": "OPTED_OUT"}
    assert _listed(stack, person, "Club")
    assert _listed(stack, person, "Marketing")
    (reply,) = stack.texts_to(person)
    assert reply["body"].startswith("The Club: Sie sind abgemeldet")


def test_one_text_is_one_decision_in_the_history(stack: Served, promotions: str) -> None:
    """Whatever it counts for."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    done = run("history", person, "--json", AWS_ENDPOINT_URL=stack.endpoint)
    assert [decision["outcome"] for decision in json.loads(done.stdout)["decisions"]] == ["CHANGED"]


def test_a_start_counts_for_the_senders_list_where_that_is_its_scope(stack: Served, promotions: str) -> None:
    """The other list keeps its opt-out."""
    person = stack.person()
    for body in ("STOP", "START"):
        stack.publish(person, body)
        stack.drain()
    assert _lists(stack, person) == {"Club": "OPTED_IN", "Marketing": "OPTED_OUT"}


def test_a_throttled_list_follows_by_itself(stack: Served, promotions: str) -> None:
    """Each list is synced on its own; nothing is lost."""
    person = stack.person()
    stack.fail("PutOptedOutNumber", 3)
    stack.publish(person, "STOP")
    stack.drain()
    stack.advance(180)
    stack.drain()
    assert _listed(stack, person, "Club")
    assert _listed(stack, person, "Marketing")


def test_the_list_of_lists_explains_the_scopes(stack: Served, promotions: str) -> None:
    """From the stack's own parameters."""
    done = run("lists", "list", AWS_ENDPOINT_URL=stack.endpoint)
    assert "An opt-out counts for every list of its group" in " ".join(done.stdout.split())
    assert "missing" not in done.stdout
    assert promotions in done.stdout
