"""`sms-consent check` and `history`: their output for a ledger that inbound texts have written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from integration.local.served import OURS, Served

from .conftest import Command


@pytest.fixture(scope="module")
def opted_out(stack: Served) -> str:
    """Somebody who has texted STOP."""
    person = stack.person()
    stack.publish(person, "Stop.")
    stack.drain()
    return person


@pytest.fixture(scope="module")
def waiting(stack: Served) -> str:
    """Somebody whose second START came within 30 days."""
    person = stack.person()
    for body in ("STOP", "START", "STOP", "START"):
        stack.publish(person, body)
        stack.drain()
    return person


@pytest.fixture
def local(stack: Served, command: Command) -> Command:
    """The command, pointed at the local stack by nothing but AWS_ENDPOINT_URL."""

    def run(*arguments: str, **environment: str) -> Any:
        return command(*arguments, AWS_ENDPOINT_URL=stack.endpoint, **environment)

    return run


def told(result: Any) -> Any:
    """The JSON object."""
    return json.loads(result.stdout)


def test_check_says_that_a_number_is_opted_out_and_that_the_person_asked(
    local: Command, stack: Served, opted_out: str
) -> None:
    """Found by the stack's own output, without a table's name; AWS's own mark stands apart."""
    result = local("check", opted_out, "--json")
    (consent,) = told(result)["consents"]
    entry = stack.listed(opted_out)
    assert entry is not None
    assert result.exit_code == 0
    assert (consent["status"], consent["isOptedOut"], consent["endUserOptedOut"]) == ("OPTED_OUT", True, True)
    assert consent["applied"] is True
    assert consent["optOutList"] == stack.about["opt_out_list"]
    assert consent["listing"]["endUserOptedOut"] is False
    assert datetime.fromisoformat(consent["listing"]["at"]) == entry["OptedOutTimestamp"]


def test_check_tells_a_person_the_answer_first(local: Command, opted_out: str) -> None:
    """And what AWS says, with the word that it is its own."""
    lines = local("check", opted_out).output.splitlines()
    assert lines[0].split() == [opted_out, "opted", "out"]
    assert any("EndUserOptedOut=false, as set by AWS" in line for line in lines)


def test_check_says_until_when_an_opt_in_waits(local: Command, waiting: str) -> None:
    """Still opted out, until the 30 days are over."""
    (consent,) = told(local("check", waiting, "--json"))["consents"]
    deleted, released = (datetime.fromisoformat(consent[name]) for name in ("deletedAt", "releasedAt"))
    assert (consent["status"], consent["isOptedOut"]) == ("OPT_IN_PENDING", True)
    assert (released - deleted).days == 30
    assert "opted out until a pending opt-in" in local("check", waiting).output


def test_check_says_what_the_list_still_lacks(local: Command, stack: Served) -> None:
    """An opt-out holds from the moment it is recorded, while the list's API refuses."""
    person = stack.person()
    stack.fail("PutOptedOutNumber", times=1, error="AccessDeniedException")
    stack.publish(person, "STOP")
    stack.drain()
    (consent,) = told(local("check", person, "--json"))["consents"]
    assert (consent["isOptedOut"], consent["applied"], consent["due"]) == (True, False, "OPT_OUT")
    assert consent["attempts"] == 1
    assert "not updated yet, after 1 failed attempt" in local("check", person).output


def test_check_tells_of_one_list_where_it_is_asked_to(local: Command, stack: Served, opted_out: str) -> None:
    """By its name."""
    assert local("check", opted_out, "--list", stack.about["opt_out_list"]).exit_code == 0
    assert local("check", opted_out, "--list", "Default").exit_code == 1


@pytest.mark.parametrize("name", ["check", "history"])
@pytest.mark.slow
@pytest.mark.slow
def test_a_number_without_consents_has_exit_code_1(local: Command, stack: Served, name: str) -> None:
    """Exit code 1, and an empty list for programs."""
    nobody = stack.person()
    assert local(name, nobody).exit_code == 1
    assert f"{nobody}: nothing is known" in local(name, nobody).output
    assert [] in told(local(name, nobody, "--json")).values()


def test_history_tells_the_decisions_with_their_words_newest_first(local: Command, waiting: str) -> None:
    """Who asked for what, in which words, by which rule, and what it did."""
    decisions = told(local("history", waiting, "--json"))["decisions"]
    assert [decision["asked"] for decision in decisions] == ["OPT_IN", "OPT_OUT", "OPT_IN", "OPT_OUT"]
    first = decisions[-1]
    assert (first["author"], first["through"], first["body"]) == ("END_USER", OURS, "STOP")
    assert (first["tier"], first["rule"], first["matched"]) == ("KEYWORD", "keyword:aws/STOP", "STOP")
    assert first["outcome"] == "CHANGED"


@pytest.mark.slow
def test_history_tells_a_person_why_as_a_story(local: Command, opted_out: str) -> None:
    """What was texted only where it is asked for."""
    hidden, shown = (" ".join(local("history", opted_out, *each).output.split()) for each in ([], ["--show-texts"]))
    assert f"texted {OURS}: opted out by rule keyword:aws/STOP (“Stop”), on the list 0." in hidden
    assert "s later, confirmed" in hidden
    assert f"texted “Stop.” to {OURS}: opted out" in shown
    assert "“Stop.”" not in hidden


@pytest.mark.slow
def test_history_follows_a_long_life_to_its_end(local: Command, stack: Served) -> None:
    """More decisions than one page holds."""
    person = stack.person()
    for number in range(101):
        stack.publish(person, "STOP" if number % 2 == 0 else "Stop")
    stack.drain()
    assert len(told(local("history", person, "--json"))["decisions"]) == 101


@pytest.mark.parametrize(
    "written", ["{0}", " {0} ", "tel:{0}", "+1 (425) 555-{4}", "+1.425.555.{4}", "＋1 425 555 {4}"]
)
def test_a_number_is_known_however_it_is_written(local: Command, opted_out: str, written: str) -> None:
    """With its country code."""
    assert opted_out.startswith("+1425555")
    assert told(local("check", written.format(opted_out, 1, 2, 3, opted_out[-4:]), "--json"))["number"] == opted_out


def test_a_national_number_is_known_with_its_country(local: Command, opted_out: str) -> None:
    """As the person would say it."""
    national = f"(425) 555-{opted_out[-4:]}"
    assert told(local("check", national, "--country", "us", "--json"))["number"] == opted_out


@pytest.mark.parametrize("name", ["check", "history"])
def test_a_table_can_be_named_instead_of_a_stack(local: Command, stack: Served, opted_out: str, name: str) -> None:
    """By option, or as the functions have it."""
    assert local(name, opted_out, "--table", stack.about["table"], "--stack", "none").exit_code == 0
    assert local(name, opted_out, "--stack", "none", LEDGER_TABLE=stack.about["table"]).exit_code == 0


@pytest.mark.parametrize("name", ["check", "history"])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["--stack", "none"], "there is no stack none"), (["--table", "none"], "there is no such table")],
)
def test_a_deployment_that_is_not_there_is_no_answer(
    local: Command, opted_out: str, name: str, arguments: list[str], complaint: str
) -> None:
    """Exit code 3: neither yes nor no."""
    result = local(name, opted_out, *arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert complaint in result.stderr
    assert opted_out not in result.stderr


def test_a_ledger_that_cannot_be_reached_is_no_answer(command: Command) -> None:
    """Exit code 3, and no traceback."""
    result = command("check", "+14255550182", "--table", "any", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_a_missing_region_is_an_error(command: Command) -> None:
    """Only a local stack has a default region."""
    result = command("check", "+14255550182")
    advice = "sms-consent check: no AWS region is set: set AWS_REGION, or AWS_ENDPOINT_URL for a local stack\n"
    assert (result.exit_code, result.stderr) == (3, advice)


@pytest.mark.parametrize("name", ["check", "history"])
@pytest.mark.parametrize(
    "number", ["2065550139", "STOP", "", "+", "+0123456", "+14255550182" + "1" * 9, "+1425555o182"]
)
def test_what_is_no_number_is_refused_without_being_repeated(command: Command, name: str, number: str) -> None:
    """Exit code 2; nothing is asked of AWS."""
    result = command(name, number)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert len(number) < 4 or number not in result.stderr
