"""The two options of `doctor --deep` that make changes: they clean up, and affect no person."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from support.connectable import OWN_LIST, Connectable
from support.deep_account import DeepAccount

from sms_consent_cli.commands.connect.delivery_check import TEST_SENDER
from sms_consent_cli.commands.doctor.deep.api_probe import PREFIX

CHANGES = ("Create", "Delete", "Put", "Update", "Publish", "Send", "Set")


def _told(stack: Connectable, *arguments: str) -> tuple[int, Any]:
    return stack.told("doctor", "--deep", *arguments)


def _check(told: Any, name: str) -> list[tuple[str, str]]:
    return [(each["status"], each["message"]) for each in told["checks"] if each["check"] == name]


# --- a test STOP


@pytest.mark.slow
def test_a_test_stop_goes_through_the_stack_and_is_revoked(stack: Connectable) -> None:
    """By a START. The command itself changes no list."""
    _, told = _told(stack, "--send-test-stop")
    ((status, message),) = _check(told, "test STOP")
    assert (status, "a START removed it" in message) == ("PASS", True)
    assert stack.listed(OWN_LIST) == set()
    assert set(stack.changes()) == {"Publish"}
    assert [item["number"]["S"] for item in stack.world.history() if "number" in item] in (
        [],
        [TEST_SENDER, TEST_SENDER],
    )


def test_without_the_option_nothing_is_sent(stack: Connectable) -> None:
    """The checks only read."""
    _, told = _told(stack)
    assert _check(told, "test STOP") == []
    assert stack.changes() == []


def test_a_late_test_stop_fails_and_is_revoked(stack: Connectable) -> None:
    """A STOP that is only late would else stay on the list."""
    stack.deaf = True
    code, told = _told(stack, "--send-test-stop", "--wait", "5")
    ((status, message),) = _check(told, "test STOP")
    assert (code, status, "is not in the ledger after 5 s" in message) == (1, "FAIL", True)
    stack.deaf = False
    stack.hear()
    stack.world.pass_time(minutes=2)
    stack.sweep()
    assert stack.listed(OWN_LIST) == set()


# --- what AWS answers


@pytest.mark.slow
def test_learn_uses_lists_that_it_deletes(account: DeepAccount) -> None:
    """With a number reserved for fiction, which is not shown. No other list is touched."""
    before = {name: set(each.numbers) for name, each in account.world.backend.opt_out_lists.items()}
    account.calls.clear()
    code, told = account.deep("--learn")
    answers = {each["question"]: each["answer"] for each in told["learned"]}
    assert (code, _check(told, "learn")[0][0]) == (0, "PASS")
    assert answers["the first put by the API"] == "EndUserOptedOut=False"
    assert answers["whether a repeated put keeps the first time"] == "it does"
    assert "PHONE_NUMBER_CANNOT_BE_OPTED_IN" in answers["a second deletion from the same list within 30 days"]
    assert answers["a put on a list that does not exist"].endswith("ResourceType=opt-out-list")
    assert {name: set(each.numbers) for name, each in account.world.backend.opt_out_lists.items()} == before
    assert re.search(r"\+?1?\d{10}", json.dumps(told["learned"])) is None
    assert {call for call in account.calls if call.startswith(CHANGES)} == {
        "CreateOptOutList", "DeleteOptOutList", "PutOptedOutNumber", "DeleteOptedOutNumber",
    }  # fmt: skip


@pytest.mark.parametrize("operation", ["CreateOptOutList", "PutOptedOutNumber", "DescribeOptedOutNumbers"])
@pytest.mark.slow
def test_learn_without_permission_leaves_nothing(account: DeepAccount, operation: str) -> None:
    """UNKNOWN, with the permissions that it takes."""
    account.denied = {operation}
    _, told = account.deep("--learn")
    unknown = [each for each in told["checks"] if (each["check"], each["status"]) == ("learn", "UNKNOWN")]
    assert operation in unknown[0]["message"]
    assert "sms-voice:" in unknown[0]["fix"]
    assert [name for name in account.world.backend.opt_out_lists if name.startswith(PREFIX)] == []


def test_a_list_that_cannot_be_deleted_is_named_with_the_command_that_deletes_it(account: DeepAccount) -> None:
    """It holds one number, which is reserved for fiction."""
    account.denied = {"DeleteOptOutList"}
    code, told = account.deep("--learn")
    left = [each for each in told["checks"] if (each["check"], each["status"]) == ("learn", "FAIL")]
    assert code == 1
    assert [re.search(r"sms-consent lists delete sms-consent-learn-\w+", each["fix"]) is not None for each in left] == [
        True,
        True,
    ]


def test_an_unforeseen_error_in_between_still_deletes_the_lists(account: DeepAccount) -> None:
    """Such as the person's Ctrl-C."""

    def interrupted(_: Any) -> Any:
        raise KeyboardInterrupt

    account.changed["DeleteOptedOutNumber"] = interrupted
    from sms_consent_cli.commands.doctor.deep.api_probe import ApiProbe
    from sms_consent_cli.shared.deployment import Deployment

    with pytest.raises(KeyboardInterrupt):
        list(ApiProbe(Deployment()).run())
    assert [name for name in account.world.backend.opt_out_lists if name.startswith(PREFIX)] == []
