"""`sms-consent lists`: idempotent creation, safe deletion, and groups."""

from __future__ import annotations

from typing import Any

import pytest
from support.configured import ARN
from support.world import LIST, OURS, PERSON

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.known_lists import CachedLists
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.ports import Sender
from sms_consent.domain.propagation import KnownList

FOREIGN = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Partner"


def _book(lists: Any) -> SenderStore:
    return SenderStore(clients.dynamodb(), lists.world.table)


def _names(lists: Any) -> set[str]:
    return {each["OptOutListName"] for each in lists.world.aws.describe_opt_out_lists()["OptOutLists"]}


# --- create


def test_a_list_is_created_with_its_tags(undeployed: Any) -> None:
    """Before there is any deployment, which may then be told its ARN."""
    created = undeployed.told("create", "News", "--tag", "team=crm", "--tag", "cost=")
    assert created == {"name": "News", "arn": ARN + "News", "created": True}
    tags = undeployed.world.aws.list_tags_for_resource(ResourceArn=ARN + "News")["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "crm", "cost": ""}


def test_creating_it_again_changes_nothing(undeployed: Any) -> None:
    """And succeeds, as a script wants it."""
    undeployed.done("create", "News", "--tag", "team=crm")
    assert "already exists" in undeployed.done("create", "News").stdout
    assert undeployed.told("create", "News")["created"] is False


def test_a_lost_response_is_recovered_by_repeating_the_command(undeployed: Any) -> None:
    """Whether the first request took effect or not."""
    undeployed.world.backend.fail_next("CreateOptOutList", "InternalServerException", 1, after_effect=True)
    assert undeployed.run("create", "News").exit_code == 3
    assert undeployed.told("create", "News")["arn"] == ARN + "News"


def test_the_same_name_is_the_same_request_to_aws(undeployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two operators, or two attempts, that both find no such list make one."""
    monkeypatch.setattr("sms_consent_cli.shared.account.Account.find", lambda *_: None)
    assert undeployed.told("create", "News") == undeployed.told("create", "News")


@pytest.mark.parametrize("name", ["", "Ne ws", "x" * 65, ARN + "News", "Nëws"])
def test_a_name_that_aws_would_refuse_is_refused_with_the_rule(undeployed: Any, name: str) -> None:
    """Before it is asked."""
    result = undeployed.run("create", name)
    assert result.exit_code == 2
    assert "1 to 64 letters, digits, _ and -" in result.stderr


def test_a_tag_without_a_value_is_refused(undeployed: Any) -> None:
    """An empty one is written with its sign."""
    assert "--tag takes KEY=VALUE" in undeployed.run("create", "News", "--tag", "team").stderr
    assert "News" not in _names(undeployed)


def test_one_list_too_many_is_explained(undeployed: Any) -> None:
    """An account has 25, unless AWS has raised it."""
    for number in range(22):
        undeployed.world.aws.create_opt_out_list(OptOutListName=f"List{number}")
    result = undeployed.run("create", "News")
    assert result.exit_code == 2
    assert "its quota of lists (25" in result.stderr


def test_a_denied_call_is_reported_by_its_code(undeployed: Any) -> None:
    """And nothing else of its message."""
    undeployed.world.backend.fail_next("CreateOptOutList", "AccessDeniedException", 1)
    result = undeployed.run("create", "News")
    assert result.exit_code == 3
    assert result.stderr == "sms-consent lists create: CreateOptOutList: AccessDeniedException\n"


# --- describe


def test_a_list_is_described_with_the_numbers_that_use_it(lists: Any) -> None:
    """In AWS, numbers and pools; here, senders."""
    _book(lists).write(Sender(identity="+12125550102", list_name=LIST))
    described = lists.told("describe", LIST)
    assert (described["arn"], described["shared"], described["obeyedBy"]) == (ARN + LIST, False, [OURS])
    assert described["here"] == {"name": LIST, "own": True, "senders": ["+12125550102"], "writable": True}
    shown = lists.done("describe", LIST).stdout
    assert "the stack's own list" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_list_is_described_without_a_deployment(undeployed: Any) -> None:
    """As far as AWS knows it."""
    assert "here" not in undeployed.told("describe", "Club")
    assert "used by" in undeployed.done("describe", ARN + "Club").stdout


def test_a_stack_that_was_named_must_be_there(undeployed: Any) -> None:
    """Half an answer would pass for a whole one."""
    result = undeployed.run("describe", "Club", "--stack", "nowhere")
    assert result.exit_code == 3
    assert "there is no stack nowhere" in result.stderr


@pytest.mark.parametrize("name", ["Culb", FOREIGN])
def test_a_list_that_is_not_there_is_said_to_be_missing(lists: Any, name: str) -> None:
    """Also one that another account does not share."""
    result = lists.run("describe", name)
    assert result.exit_code == 1
    assert f"there is no list {name}" in result.stderr


def test_numbers_are_counted_at_the_apis_rate(lists: Any) -> None:
    """A hundred a second: the API has no count. AWS's own entries are told apart."""
    for line in range(100, 350):
        lists.world.aws.put_opted_out_number(OptOutListName="Club", OptedOutNumber=f"+1425555{line:04}")
    assert lists.told("describe", "Club", "--count")["numbers"] == {"total": 250, "endUserOptedOut": 0}
    assert lists.waited == [1.0, 1.0]
    assert lists.world.calls().count("DescribeOptedOutNumbers") == 3


def test_a_count_keeps_to_the_deployments_rate(undeployed: Any) -> None:
    """AWS raises quotas on request."""
    undeployed.deploy(DescribeRequestsPerSecond="10")
    for line in range(100, 250):
        undeployed.world.aws.put_opted_out_number(OptOutListName="Club", OptedOutNumber=f"+1425555{line:04}")
    undeployed.done("describe", "Club", "--count")
    assert undeployed.waited == [0.1]


def test_without_being_asked_nothing_is_counted(lists: Any) -> None:
    """A list may hold millions."""
    lists.done("describe", "Club")
    assert "DescribeOptedOutNumbers" not in lists.world.calls()


# --- delete


def test_an_unused_list_is_deleted_and_unregistered(lists: Any) -> None:
    """In this order: an existing list must not be unknown."""
    lists.done("set", "Club", "--group", "promotions")
    assert lists.done("delete", "Club", "--yes").stdout == "Club is deleted, and forgotten here\n"
    assert "Club" not in _names(lists)
    assert _book(lists).groups() == {}


@pytest.mark.parametrize(("numbers", "told"), [(0, "is empty"), (1, "1 number on"), (3, "3 numbers on")])
def test_without_yes_the_numbers_on_the_list_are_reported(lists: Any, numbers: int, told: str) -> None:
    """They are who can be texted again."""
    for line in range(numbers):
        lists.world.aws.put_opted_out_number(OptOutListName="Club", OptedOutNumber=f"+142555501{line:02}")
    result = lists.run("delete", "Club")
    assert result.exit_code == 1
    assert told in result.stderr
    assert "--yes" in result.stderr
    assert "Club" in _names(lists)


def test_a_long_list_is_not_counted_to_its_end(lists: Any) -> None:
    """A hundred is enough to make one think."""
    for line in range(100, 250):
        lists.world.aws.put_opted_out_number(OptOutListName="Club", OptedOutNumber=f"+1425555{line:04}")
    assert "100 numbers or more on Club" in lists.run("delete", "Club").stderr


def test_the_stacks_own_list_is_never_deleted(lists: Any) -> None:
    """Every STOP goes there."""
    result = lists.run("delete", ARN + LIST, "--yes")
    assert result.exit_code == 1
    assert "is this deployment's own list" in result.stderr


def test_a_list_that_a_number_uses_is_not_deleted(lists: Any) -> None:
    """The number could text everyone on it again."""
    number = lists.world.aws.describe_phone_numbers()["PhoneNumbers"][0]["PhoneNumberId"]
    lists.world.aws.update_phone_number(PhoneNumberId=number, OptOutListName="Club")
    result = lists.run("delete", "Club", "--yes")
    assert result.exit_code == 1
    assert f"Club is used by {OURS}" in result.stderr
    assert "Club" in _names(lists)


def test_a_list_that_senders_use_is_not_deleted(lists: Any) -> None:
    """Their STOPs would stay due for ever."""
    for line in range(2, 7):
        _book(lists).write(Sender(identity=f"+1212555010{line}", list_name="Club"))
    result = lists.run("delete", "Club", "--yes")
    assert result.exit_code == 1
    assert "+12125550102, +12125550103, +12125550104 and 2 more" in result.stderr
    assert "Club" in _names(lists)


def test_a_list_that_aws_does_not_delete_is_reported_with_the_reason(undeployed: Any) -> None:
    """The account's default list cannot be deleted."""
    undeployed.deploy(own_list="Club")
    number = undeployed.world.aws.describe_phone_numbers()["PhoneNumbers"][0]["PhoneNumberId"]
    undeployed.world.aws.update_phone_number(PhoneNumberId=number, OptOutListName="Club")
    result = undeployed.run("delete", LIST, "--yes")
    assert result.exit_code == 1
    assert f"AWS keeps {LIST}: RESOURCE_DELETION_NOT_ALLOWED" in result.stderr


def test_a_deletion_that_was_interrupted_is_completed_by_repeating_it(lists: Any) -> None:
    """The list is gone, but still known."""
    lists.done("set", "Club")
    lists.world.aws.delete_opt_out_list(OptOutListName="Club")
    assert "is forgotten" in lists.done("delete", "Club", "--yes").stdout
    assert _book(lists).groups() == {}
    assert lists.run("delete", "Club", "--yes").exit_code == 1


def test_a_list_can_be_deleted_without_a_deployment(undeployed: Any) -> None:
    """Which is said, since nobody's senders were looked at."""
    assert "There is no deployment here" in undeployed.done("delete", "Club", "--yes").stdout


# --- what is known


def test_a_list_that_is_set_is_what_functions_know(lists: Any) -> None:
    """With its group; in one spelling."""
    lists.done("set", ARN + "Club", "--group", "promotions")
    lists.done("set", "Alerts")
    remembered = CachedLists(clients.dynamodb(), lists.world.table, lists.world.parts.clock)
    assert remembered() == (KnownList(name="Alerts"), KnownList(name="Club", group="promotions"))


def test_setting_what_is_set_writes_nothing(lists: Any) -> None:
    """As a script wants it."""
    lists.done("set", "Club", "--group", "promotions")
    before = lists.written()
    lists.done("set", "Club", "--group", "promotions")
    assert lists.written() == before


def test_a_group_is_kept_until_it_is_changed(lists: Any) -> None:
    """A list is in one at the most."""
    lists.done("set", "Club", "--group", "promotions")
    assert lists.done("set", "Club").stdout == "Club is known, in the group promotions\n"
    assert lists.done("set", "Club", "--group", "news").stdout == "Club is known, in the group news\n"
    assert lists.done("set", "Club", "--no-group").stdout == "Club is known, in no group\n"
    assert _book(lists).groups() == {"Club": None}


@pytest.mark.parametrize("arguments", [["--group", "a group"], ["--group", ""], ["--group", "a", "--no-group"]])
def test_what_cannot_be_a_group_is_refused(lists: Any, arguments: list[str]) -> None:
    """Nothing is written."""
    assert lists.run("set", "Club", *arguments).exit_code == 2
    assert lists.written() == []


def test_a_list_that_is_not_there_is_not_made_known(lists: Any) -> None:
    """Every opt-out for it would stay due."""
    result = lists.run("set", "Culb")
    assert result.exit_code == 2
    assert "there is no list Culb" in result.stderr
    assert lists.written() == []


def test_a_list_that_functions_may_not_write_to_is_noted_when_it_is_set(lists: Any) -> None:
    """With what to do."""
    assert f"add {ARN}Club to the stack's AdditionalOptOutListArns" in lists.done("set", "Club").stderr


def test_a_list_is_forgotten_unless_a_sender_counts_for_it(lists: Any) -> None:
    """Opt-outs for all lists then pass it by; the list itself stays."""
    _book(lists).write(Sender(identity="+12125550102", list_name="Club"))
    refused = lists.run("forget", "Club")
    assert (refused.exit_code, "Club is used by +12125550102" in refused.stderr) == (1, True)
    _book(lists).remove("+12125550102")
    lists.done("forget", ARN + "Club")
    assert _book(lists).groups() == {}
    assert "Club" in _names(lists)
    assert lists.run("forget", "Club").exit_code == 1


def test_the_lists_that_are_known_are_listed_with_what_the_scopes_make_of_them(undeployed: Any) -> None:
    """The stack's own first, known without being set."""
    undeployed.deploy(AdditionalOptOutListArns=ARN + "Club", OptOutScope="GROUP", OptInScope="SENDER")
    undeployed.done("set", "Club", "--group", "promotions")
    undeployed.done("set", "Alerts")
    _book(undeployed).write(Sender(identity="+12125550102", list_name="Club"))
    assert undeployed.told("list") == [
        {"name": LIST, "own": True, "senders": [], "writable": True},
        {"name": "Alerts", "own": False, "senders": [], "writable": False},
        {"name": "Club", "group": "promotions", "own": False, "senders": ["+12125550102"], "writable": True},
    ]
    shown = undeployed.done("list").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "missing from AdditionalOptOutListArns" in shown
    words = " ".join(shown.split())
    assert "An opt-out counts for every list of its group, an opt-in for the list of the sender" in words


def test_a_count_shows_no_number(lists: Any) -> None:
    """A count is of numbers, and shows none."""
    lists.world.aws.put_opted_out_number(OptOutListName="Club", OptedOutNumber=PERSON)
    printed = "".join(
        lists.run(*arguments).output for arguments in (["describe", "Club", "--count"], ["delete", "Club"], ["list"])
    )
    assert "5550182" not in printed
