"""`sms-consent senders`: settings are checked before they are written, and functions read what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.configured import ARN
from support.world import LIST, OURS

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.ports import Sender

FOREIGN = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Partner"


def _found(senders: Any, identity: str = OURS) -> Sender | None:
    """As a function finds it."""
    sender: Sender | None = senders.world.parts.ledger.sender(identity)
    return sender


def _known(senders: Any) -> dict[str, str | None]:
    return SenderStore(clients.dynamodb(), senders.world.table).groups()


# --- set


def test_what_is_set_is_what_functions_read(senders: Any) -> None:
    """List, brand, contact and language of one number."""
    senders.done(
        "set",
        OURS,
        "--list",
        "Club",
        "--brand",
        "The Club",
        "--support-contact",
        "club.example.com",
        "--language",
        "de",
    )
    assert _found(senders) == Sender(
        identity=OURS, list_name="Club", brand="The Club", support_contact="club.example.com", language="de"
    )


def test_a_sender_without_a_list_uses_the_stacks_list(senders: Any) -> None:
    """To answer under another brand takes no other list."""
    senders.done("set", OURS, "--brand", "The Club")
    assert _found(senders) == Sender(identity=OURS, list_name=LIST, brand="The Club")


def test_options_not_given_are_kept_and_empty_ones_cleared(senders: Any) -> None:
    """A change of brand is no change of list."""
    senders.done("set", OURS, "--list", "Club", "--brand", "The Club", "--language", "de")
    senders.done("set", OURS, "--brand", "", "--support-contact", "club.example.com")
    assert _found(senders) == Sender(identity=OURS, list_name="Club", support_contact="club.example.com", language="de")


def test_an_agent_can_reply_from_a_pool(senders: Any) -> None:
    """And from itself again."""
    agent = "rcs-0f3a9c1d7b5e48260a1b2c3d4e5f6071"
    assert "replies from “pool-1”" in senders.done("set", agent, "--reply-from", "pool-1").stdout
    assert _found(senders, agent) == Sender(identity=agent, list_name=LIST, reply_from="pool-1")
    senders.done("set", agent, "--brand", "The Club")
    assert _found(senders, agent) == Sender(identity=agent, list_name=LIST, brand="The Club", reply_from="pool-1")
    senders.done("set", agent, "--reply-from", "")
    assert _found(senders, agent) == Sender(identity=agent, list_name=LIST, brand="The Club")
    assert "replies are sent from a number" in senders.run("set", agent, "--reply-from", "here").output


def test_setting_the_same_again_says_so(senders: Any) -> None:
    """And writes nothing."""
    assert "unchanged" not in senders.done("set", OURS, "--list", "Club").stdout
    before = senders.written()
    assert "unchanged" in senders.done("set", OURS, "--list", "Club").stdout
    assert senders.written() == before


@pytest.mark.parametrize("identity", ["+12125550101", "12345", "pool-5a1c", "rcs-0f3e"])
def test_numbers_short_codes_pools_and_agents_are_senders(senders: Any, identity: str) -> None:
    """Whatever an inbound text, or the API's from, can name."""
    senders.done("set", identity, "--list", "Club")
    assert _found(senders, identity) is not None


@pytest.mark.parametrize("identity", ["2125550101", "+0125550101", "Example", "phone-5a1c", "", " ", "+1212555٠101"])
def test_what_no_text_can_name_is_refused(senders: Any, identity: str) -> None:
    """It would be a setting that nothing ever reads."""
    result = senders.run("set", identity, "--list", "Club")
    assert result.exit_code == 2
    assert "a sender is a number as +12125550101" in result.stderr
    assert senders.written() == []


def test_a_list_that_does_not_exist_is_refused_with_those_that_do(senders: Any) -> None:
    """A typing mistake would leave every STOP due."""
    result = senders.run("set", OURS, "--list", "Culb")
    assert result.exit_code == 2
    assert (
        "there is no list Culb in this account and region; existing lists: Alerts, Club, Default, Marketing"
        in result.stderr
    )
    assert senders.written() == []


def test_a_list_of_another_account_that_is_not_shared_is_refused(senders: Any) -> None:
    """The account cannot see it, so its functions could not write to it."""
    result = senders.run("set", OURS, "--list", FOREIGN)
    assert result.exit_code == 2
    assert "shared with this account" in result.stderr


def test_a_list_is_accepted_unchecked_on_request(senders: Any) -> None:
    """Such as one whose sharing is not yet accepted; it keeps its ARN, which is its only name."""
    senders.done("set", OURS, "--list", FOREIGN, "--no-check")
    assert _found(senders) == Sender(identity=OURS, list_name=FOREIGN)


@pytest.mark.parametrize("name", ["Cl ub", "*", "arn:aws:sns:us-east-1:123456789012:Club", "x" * 65])
def test_what_cannot_be_a_list_is_refused_without_asking_aws(senders: Any, name: str) -> None:
    """Also where nothing is checked there."""
    assert senders.run("set", OURS, "--list", name, "--no-check").exit_code == 2


def test_a_list_has_one_name_in_the_ledger(senders: Any) -> None:
    """By its ARN and by its name it would be two, which could disagree on one person."""
    senders.done("set", OURS, "--list", ARN + "Club")
    assert _found(senders) == Sender(identity=OURS, list_name="Club")


@pytest.mark.parametrize("own", ["Club", ARN + "Club"])
@pytest.mark.parametrize("given", ["Club", ARN + "Club"])
def test_the_stacks_own_list_has_one_name(undeployed: Any, own: str, given: str) -> None:
    """The stack's output is the list's name, or its ARN if it existed before: the ledger has the name."""
    undeployed.deploy(own_list=own)
    undeployed.done("set", OURS, "--list", given)
    assert _found(undeployed) == Sender(identity=OURS, list_name="Club")


def test_a_brand_that_makes_a_reply_too_long_is_refused_with_its_size(senders: Any) -> None:
    """Before it fails at a confirmation."""
    result = senders.run("set", OURS, "--brand", "The Very Long Name of a Club " * 4)
    assert result.exit_code == 2
    assert "Shorten the brand" in result.stderr
    assert senders.written() == []


def test_a_reply_is_measured_with_what_it_takes_from_the_stack(undeployed: Any) -> None:
    """The sender's brand and the stack's contact stand in one text."""
    undeployed.deploy(SupportContact="help.example.com/a-path-that-is-as-long-as-it-may-be-or-60")
    result = undeployed.run("set", OURS, "--brand", "A Brand That Would Fit By Itself")
    assert result.exit_code == 2
    assert "Shorten" in result.stderr


def test_a_language_without_replies_is_refused_with_those_that_have_some(senders: Any) -> None:
    """Nobody would notice an English reply in time."""
    result = senders.run("set", OURS, "--language", "tlh")
    assert result.exit_code == 2
    assert "there are no replies in 'tlh'; supported languages: ar, da, de, en," in result.stderr


def test_all_problems_are_reported_at_once(senders: Any) -> None:
    """So that one correction is enough."""
    stderr = senders.run("set", "Example", "--list", "Culb", "--language", "tlh").stderr
    assert all(part in stderr for part in ("a sender is", "no list Culb", "no replies in 'tlh'"))


def test_a_list_of_a_sender_is_known_from_then_on(senders: Any) -> None:
    """An opt-out that counts for all lists must not miss one that is in use; what group it is in stays."""
    senders.done("set", OURS, "--list", "Club")
    assert _known(senders) == {"Club": None}
    SenderStore(clients.dynamodb(), senders.world.table).change_groups(lambda _: {"Club": "promotions"})
    senders.done("set", OURS, "--brand", "The Club")
    assert _known(senders) == {"Club": "promotions"}


def test_a_list_that_functions_may_not_write_to_is_noted(undeployed: Any) -> None:
    """Until it is deployed, every opt-out of the sender stays due."""
    undeployed.deploy(AdditionalOptOutListArns=f"{ARN}Club,{ARN}Alerts")
    assert "note" not in undeployed.done("set", "+12125550102", "--list", "Club").stderr
    assert "note" not in undeployed.done("set", "+12125550102", "--list", LIST).stderr
    note = undeployed.done("set", "+12125550102", "--list", "Marketing").stderr
    assert f"add {ARN}Marketing to the stack's AdditionalOptOutListArns" in note


def test_a_number_with_another_list_in_aws_is_noted(undeployed: Any) -> None:
    """AWS would allow its texts to everyone who opted out."""
    undeployed.deploy(AdditionalOptOutListArns=ARN + "Club")
    note = undeployed.done("set", OURS, "--list", "Club").stderr
    assert f"{OURS} uses the list {LIST} in AWS, not Club" in note
    number = undeployed.world.aws.describe_phone_numbers()["PhoneNumbers"][0]["PhoneNumberId"]
    undeployed.world.aws.update_phone_number(PhoneNumberId=number, OptOutListName="Club")
    assert undeployed.done("set", OURS, "--list", "Club").stderr == ""


def test_a_caller_who_may_not_describe_numbers_may_set_a_sender(senders: Any) -> None:
    """Only a note hangs on it."""
    senders.world.backend.fail_next("DescribePhoneNumbers", "AccessDeniedException", 1)
    senders.done("set", OURS, "--list", "Club")
    assert _found(senders) is not None


@pytest.mark.parametrize("operation", ["DescribeOptOutLists", "DescribePhoneNumbers"])
def test_nothing_is_set_while_aws_does_not_answer(senders: Any, operation: str) -> None:
    """What could not be checked is not written."""
    senders.world.backend.fail_next(operation, "InternalServerException", 10)
    result = senders.run("set", OURS, "--list", "Club")
    assert (result.exit_code, result.stderr) == (3, f"sms-consent senders set: {operation}: InternalServerException\n")
    assert senders.written() == []


def test_without_a_stack_the_ledger_can_be_named(undeployed: Any) -> None:
    """Then nothing is known of its brand, and its list must be given."""
    table = ("--table", undeployed.world.table)
    assert "give --list" in undeployed.run("set", OURS, *table).stderr
    undeployed.done("set", OURS, "--list", "Club", *table)
    assert undeployed.run("set", OURS, "--brand", "x" * 150, *table).exit_code == 2


def test_without_a_stack_or_a_table_nothing_is_guessed(undeployed: Any) -> None:
    """The message says how to name one."""
    result = undeployed.run("list")
    assert result.exit_code == 3
    assert "there is no stack sms-consent in this account and region: give --stack or --table" in result.stderr


# --- list


def test_no_senders_is_an_answer(senders: Any) -> None:
    """And what it means."""
    assert "No sender has settings" in senders.done("list").stdout
    assert senders.told("list") == []


def test_the_list_shows_every_sender_and_its_lists_group(senders: Any) -> None:
    """Our own numbers, so whole."""
    senders.done("set", "+12125550102", "--list", "Club", "--brand", "The Club", "--language", "de")
    senders.done("set", OURS, "--support-contact", "help2.example.com")
    SenderStore(clients.dynamodb(), senders.world.table).change_groups(lambda groups: {**groups, "Club": "promotions"})
    assert senders.told("list") == [
        {"identity": OURS, "optOutList": LIST, "supportContact": "help2.example.com"},
        {
            "identity": "+12125550102",
            "optOutList": "Club",
            "group": "promotions",
            "brand": "The Club",
            "language": "de",
        },
    ]
    shown = senders.done("list").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "+12125550102  Club     promotions  The Club" in shown
    assert "\x1b" not in shown


def test_senders_are_listed_without_reading_consents(senders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table holds millions of them."""
    senders.done("set", OURS, "--list", "Club")
    senders.world.opt_out()
    read = []
    api_call = clients.dynamodb()._make_api_call

    def watched(operation: str, parameters: Any) -> Any:
        answer = api_call(operation, parameters)
        read.append((operation, answer.get("ScannedCount")))
        return answer

    monkeypatch.setattr(clients.dynamodb(), "_make_api_call", watched)
    senders.told("list")
    assert read == [("Query", 1), ("GetItem", None)]


# --- remove


def test_a_removed_sender_counts_for_the_stacks_list_again(senders: Any) -> None:
    """Functions find no settings, and neither does the list; its own list stays known, since people opted out of it."""
    senders.done("set", OURS, "--list", "Club")
    senders.done("remove", OURS)
    assert _found(senders) is None
    assert senders.told("list") == []
    assert _known(senders) == {"Club": None}


def test_removing_what_has_no_settings_says_so(senders: Any) -> None:
    """Perhaps it was a typing mistake."""
    result = senders.run("remove", OURS)
    assert result.exit_code == 1
    assert "has no settings" in result.stderr


@contextmanager
def _interrupted_after(writes: int) -> Iterator[None]:
    """The operator presses Ctrl-C after so many writes that change a sender."""
    api_call, made = clients.dynamodb()._make_api_call, []

    def interrupted(operation: str, parameters: Any) -> Any:
        if operation in {"PutItem", "DeleteItem"} and "LISTS" not in str(parameters):
            if len(made) == writes:
                raise KeyboardInterrupt
            made.append(operation)
        return api_call(operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients.dynamodb(), "_make_api_call", interrupted)
        yield


def _told_and_known(senders: Any) -> tuple[list[str], str | None]:
    """The sender's list as it is listed, and as functions find it."""
    known = _found(senders)
    return [each["optOutList"] for each in senders.told("list")], known.list_name if known is not None else None


def test_an_interrupted_set_is_listed_and_completed_by_repeating_it(senders: Any) -> None:
    """Whatever functions know is listed, and what is asked for again is compared with both."""
    senders.done("set", OURS, "--list", "Club")
    with _interrupted_after(1):
        senders.run("set", OURS, "--list", "Alerts")
    assert _told_and_known(senders) == (["Alerts"], "Club")
    senders.done("set", OURS, "--list", "Club")
    assert _told_and_known(senders) == (["Club"], "Club")


def test_an_interrupted_removal_is_completed_by_repeating_it(senders: Any) -> None:
    """Functions forget it first."""
    senders.done("set", OURS, "--list", "Club")
    with _interrupted_after(1):
        senders.run("remove", OURS)
    assert _told_and_known(senders) == (["Club"], None)
    senders.done("remove", OURS)
    assert _told_and_known(senders) == ([], None)


# --- several at once


def test_two_operators_at_once_lose_nothing(senders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read may be out of date when it is written: then it is read again."""
    book = SenderStore(clients.dynamodb(), senders.world.table)
    read = book._item
    others = iter(["Marketing", "Alerts"])

    def overtaken(key: Any) -> Any:
        found = read(key)
        if other := next(others, None):
            SenderStore(clients.dynamodb(), senders.world.table).change_groups(lambda groups: {**groups, other: None})
        return found

    monkeypatch.setattr(book, "_item", overtaken)
    book.change_groups(lambda groups: {**groups, "Club": "promotions"})
    assert _known(senders) == {"Alerts": None, "Club": "promotions", "Marketing": None}
