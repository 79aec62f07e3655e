"""Commands record and functions call the list, so a suspended or slow machine cannot undo a STOP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.connectable import NUMBER, OLD_LIST, OWN_LIST, Connectable, client
from support.world import PERSON

from sms_consent.adapters.dynamodb.codec import encode, to_attributes
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked
from sms_consent_cli.shared.deployment import FOR_FUNCTIONS_ONLY, Deployment


def consent(stack: Connectable, list_name: str = OWN_LIST) -> Consent:
    found = stack.world.parts.ledger.consent(PERSON, list_name)
    assert found is not None
    return found


COMMANDS: list[list[str]] = [
    ["opt-out", PERSON],
    ["opt-in", PERSON],
    ["opt-out", PERSON, "--list", OLD_LIST],
    ["connect", NUMBER, "--copy-opt-outs"],
    ["disconnect", NUMBER, "--copy-opt-outs"],
    ["reconcile"],
    ["check", PERSON],
    ["history", PERSON],
    ["lists", "describe", OWN_LIST, "--count"],
    ["senders", "list"],
    ["export"],
    ["erase", PERSON, "--yes"],
]


@pytest.mark.slow
def test_no_command_calls_the_list_or_sends_a_text(stack: Connectable) -> None:
    """One after the other, while there is work for each of them."""
    stack.world.backend.receive_text("+14255550183", NUMBER, "STOP")
    made: set[str] = set()
    for command in COMMANDS:
        stack.calls.clear()
        result = stack.run(*command)
        assert result.exit_code in {0, 1}, (command, result.output)
        made |= set(stack.calls)
        stack.world.pass_time(minutes=2)
    assert {"Invoke", "DescribeOptedOutNumbers", "UpdatePhoneNumber"} <= made
    assert made.isdisjoint(FOR_FUNCTIONS_ONLY)


def test_the_commands_client_refuses_such_calls(stack: Connectable) -> None:
    """Whatever a command's code would try."""
    sms: Any = Deployment().sms_voice()
    listed = {"OptOutListName": OWN_LIST, "OptedOutNumber": PERSON}
    arguments = {
        "SendTextMessage": {"DestinationPhoneNumber": PERSON, "MessageBody": "x"},
        "SendRcsMessage": {"DestinationPhoneNumber": PERSON, "OriginationIdentity": "rcs-1"},
    }
    for operation in FOR_FUNCTIONS_ONLY:
        with pytest.raises(RuntimeError, match="a command must not call"):
            sms._make_api_call(operation, arguments.get(operation, listed))
    assert stack.listed(OWN_LIST) == set()


def test_an_agent_needs_few_permissions(stack: Connectable) -> None:
    """Those in docs/operations.md: the ledger, invoking SweepFunction, and describing the stack."""
    for command in ("opt-out", "opt-in", "opt-out", "opt-out", "check", "history"):
        assert stack.run(command, PERSON).exit_code == 0
        stack.world.pass_time(minutes=1)
    needed = {"DescribeStacks", "GetCallerIdentity", "GetItem", "PutItem", "Query", "TransactWriteItems", "Invoke"}
    assert set(stack.calls) == needed


def test_a_command_that_dies_after_recording_leaves_no_lease(stack: Connectable) -> None:
    """The next STOP is put on the list at once, and the opt-in is done without the command."""
    assert stack.run("opt-out", PERSON).exit_code == 0
    stack.world.pass_time(minutes=1)
    stack.deaf = True
    with stack.machine_ahead(timedelta(minutes=4, seconds=50)):
        assert stack.run("opt-in", PERSON).exit_code == 0
    standing = consent(stack)
    assert (standing.status, standing.lease, standing.settled) == (Status.OPTED_IN, None, False)
    stack.text("STOP")
    assert (consent(stack).status, consent(stack).settled) == (Status.OPTED_OUT, True)
    assert PERSON in stack.listed(OWN_LIST)


@pytest.mark.parametrize(("pause", "ahead"), [(1, -60), (1, -95), (1, -240), (95, 0), (3600, 290)])
def test_a_stop_while_a_command_is_suspended_stays_on_the_list(stack: Connectable, pause: int, ahead: int) -> None:
    """The machine sleeps right after the opt-in is recorded, also for longer than a lease, and with a wrong clock."""
    stack.text("STOP")
    stack.world.pass_time(minutes=30)
    slept: list[str] = []

    def look(call: str) -> None:
        if call == "PutItem" and not slept:
            slept.append(call)
            stack.world.pass_time(seconds=pause)
            stack.text("STOP")

    with stack.looking(look), stack.machine_ahead(timedelta(seconds=ahead)):
        result = stack.run("opt-in", PERSON)
    assert slept
    assert result.exit_code == 1
    assert "a newer request applies: opted out" in result.output
    for _ in range(3):
        stack.world.pass_time(minutes=1)
        stack.sweep()
    assert (consent(stack).status, PERSON in stack.listed(OWN_LIST)) == (Status.OPTED_OUT, True)


def test_the_function_is_invoked_for_the_number_alone(stack: Connectable) -> None:
    """Other due work waits for the schedule."""
    stack.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    other = "+14255550183"
    stack.world.parts.recorder.record(stack.world.decision(Asked.OPT_OUT, number=other), OWN_LIST, reply_from=None)
    stack.world.pass_time(minutes=1)
    assert stack.run("opt-out", PERSON).exit_code == 0
    assert stack.invoked == [{"numbers": [{"number": PERSON, "list": OWN_LIST}]}]
    assert stack.listed(OWN_LIST) == {PERSON}


def test_throttled_work_is_retried_while_the_command_waits(stack: Connectable) -> None:
    """The agent need not wait for the schedule."""
    stack.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    code, told = stack.told("opt-out", PERSON)
    assert (code, told["due"], len(stack.invoked)) == (0, [], 2)
    assert PERSON in stack.listed(OWN_LIST)


def test_a_list_that_denies_every_call_is_not_retried_continuously(stack: Connectable) -> None:
    """Its back-off is a minute: that is the schedule's work."""
    stack.world.backend.fail_next("PutOptedOutNumber", "AccessDeniedException", 50)
    code, told = stack.told("opt-out", PERSON)
    assert (code, told["due"]) == (0, [OWN_LIST])
    assert len(stack.invoked) == 1


def test_every_list_in_the_scope_is_waited_for(stack: Connectable) -> None:
    """Lists that are not updated are named."""
    stack.redeployed(OptOutScope="ALL")
    known = {"pk": "LISTS", "sk": "LISTS", "lists": {OLD_LIST: {}}, "revision": 1}
    client("dynamodb").put_item(TableName=stack.world.table, Item=to_attributes(known))
    stack.deaf = True
    code, told = stack.told("opt-out", PERSON)
    assert (code, sorted(told["due"])) == (0, [OLD_LIST, OWN_LIST])


def test_without_permission_to_invoke_it_is_recorded_and_due(stack: Connectable) -> None:
    """The schedule of the function does it."""
    stack.may_invoke = False
    started = stack.world.parts.clock.now()
    result = stack.run("opt-out", PERSON)
    assert result.exit_code == 0
    assert "SweepFunction could not be invoked (AccessDeniedException)" in result.stderr
    assert "Recorded and due" in result.stdout
    assert 85 <= (stack.world.parts.clock.now() - started).total_seconds() <= 95
    stack.sweep()
    assert PERSON in stack.listed(OWN_LIST)


def test_a_list_that_is_updated_later_is_waited_for(stack: Connectable) -> None:
    """As when the schedule comes first."""
    stack.may_invoke = False
    seen: list[str] = []

    def look(call: str) -> None:
        seen.append(call)
        if seen.count("Query") == 5:
            stack.sweep()

    with stack.looking(look):
        result = stack.run("opt-out", PERSON)
    assert (result.exit_code, "the opt-out list is up to date" in result.stdout) == (0, True)


def test_waiting_ends_if_nothing_would_be_retried_meanwhile(stack: Connectable) -> None:
    """A list that AWS refuses for hours is no reason to keep an agent for 90 seconds."""
    stack.deaf = True
    assert stack.run("opt-out", PERSON).exit_code == 0
    standing = consent(stack)
    item = encode(standing, {"due_at": "2026-11-03T20:00:00.000Z"})
    client("dynamodb").put_item(TableName=stack.world.table, Item=item)
    started = stack.world.parts.clock.now()
    code, told = stack.told("opt-out", PERSON)
    assert (code, told["due"]) == (0, [OWN_LIST])
    assert (stack.world.parts.clock.now() - started).total_seconds() < 2


def test_a_rejected_number_is_not_reported_as_listed(stack: Connectable) -> None:
    """Nothing is due for it, and the list is not updated."""
    stack.deaf = True
    assert stack.run("opt-out", PERSON).exit_code == 0
    rejected = encode(consent(stack), {"due": None, "due_at": None, "decided_by": "before"})

    def look(call: str) -> None:
        if call == "TransactWriteItems":
            client("dynamodb").put_item(TableName=stack.world.table, Item=rejected)

    with stack.looking(look):
        result = stack.run("opt-out", PERSON)
    assert (result.exit_code, "AWS rejects the number" in result.stdout) == (0, True)


def test_json_stays_one_object(stack: Connectable) -> None:
    """Progress goes to standard error."""
    stack.may_invoke = False
    result = stack.run("opt-out", PERSON, "--json")
    assert json.loads(result.stdout)["due"] == [OWN_LIST]
