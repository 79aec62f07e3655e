"""`connect rcs-…`: agents are changed by UpdateRcsAgent, with the checks and the order of numbers."""

from __future__ import annotations

from typing import Any

import pytest
from support.connectable import NUMBER, OLD_LIST, OWN_LIST, Connectable, client

from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.domain.ports import Sender

AGENT = "rcs-0f3a9c1d7b5e48260a1b2c3d4e5f6071"


@pytest.fixture
def agent(stack: Connectable) -> Any:
    """An agent whose STOPs AWS handles."""
    stack.number_id = AGENT  # what ``stack`` looks at after each call
    return stack.world.backend.add_rcs_agent(AGENT)


@pytest.mark.parametrize("name", [AGENT, f"arn:aws:sms-voice:us-east-1:123456789012:rcs-agent/{AGENT}"])
def test_an_agent_is_connected_and_given_back(stack: Connectable, agent: Any, name: str) -> None:
    """With the opt-outs that AWS made for it."""
    stack.world.aws.put_opted_out_number(OptOutListName=OLD_LIST, OptedOutNumber="+13035550100")
    before = stack.handling()
    assert stack.quickly("connect", name, "--dry-run", "--carry") == 0
    assert (stack.handling(), stack.changes()) == (before, [])
    assert stack.quickly("connect", name, "--carry") == 0
    assert stack.handling() == (True, stack.topic, OWN_LIST, True)
    assert "+13035550100" in stack.listed(OWN_LIST)
    assert stack.quickly("connect", name) == 0
    assert stack.changes() == []
    assert stack.quickly("disconnect", name, "--carry") == 0
    assert stack.handling() == (False, stack.topic, OLD_LIST, False)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["connect", "disconnect"])
def test_an_agent_is_safe_wherever_the_command_is_killed(stack: Connectable, agent: Any, command: str) -> None:
    """After each call somebody honours STOP, and a repetition completes it."""
    if command == "disconnect":
        assert stack.quickly("connect", AGENT) == 0
    restore = stack.snapshot()
    moments: list[Any] = []

    def look(call: str) -> None:
        _hold(stack, call)
        moments.append(stack.handling())

    with stack.looking(look):
        assert stack.quickly(command, AGENT, "--forget") == 0
    after = stack.handling()
    states = list(dict.fromkeys(moments))
    assert len(states) > 2
    for state in states:
        restore()
        with stack.looking(lambda call: _hold(stack, call)):
            assert stack.quickly(command, AGENT, "--forget", kill_at=moments.index(state) + 1) in (None, 0)
            assert stack.quickly(command, AGENT, "--forget") == 0
        assert stack.handling() == after


def _hold(stack: Connectable, call: str) -> None:
    assert stack.is_safe, f"after {call}, nobody honours STOP: {stack.handling()}"


def test_an_agent_in_a_pool_is_set_by_its_pool(stack: Connectable, agent: Any) -> None:
    """AWS refuses to change it on its own."""
    agent.pool_id = "pool-1"
    assert stack.quickly("connect", AGENT) == 1
    assert "connect the pool" in stack.found("number")[1]


def test_a_pool_of_agents_is_connected(stack: Connectable, agent: Any) -> None:
    """Its members are numbers and agents."""
    number = stack.world.backend.by_number(NUMBER)
    pool_id = stack.world.aws.create_pool(OriginationIdentity=number.phone_number_id, MessageType="TRANSACTIONAL")[
        "PoolId"
    ]
    agent.pool_id = pool_id
    assert stack.quickly("connect", pool_id) == 0
    assert "2 members" in stack.found("number")[1]
    assert stack.handling() == (True, stack.topic, OWN_LIST, True)


def test_a_pool_is_connected_by_a_caller_who_may_not_read_agents(stack: Connectable) -> None:
    """Existing policies of operators go on working."""
    pool_id = stack.world.aws.create_pool(OriginationIdentity=stack.number_id, MessageType="TRANSACTIONAL")["PoolId"]
    stack.world.backend.fail_next("DescribeRcsAgents", "AccessDeniedException", 9)
    assert stack.quickly("connect", pool_id) == 0


@pytest.mark.parametrize(("status", "code"), [("PENDING", 1), ("CREATED", 1), ("PARTIAL", 0), ("TESTING", 0)])
def test_an_agent_that_gets_texts_can_be_connected(stack: Connectable, agent: Any, status: str, code: int) -> None:
    """An agent that is launched in some countries, or on test devices, gets texts."""
    agent.status = status
    assert stack.quickly("connect", AGENT) == code
    assert status in str(stack.report and [check.message for check in stack.report.checks])


def test_what_an_agent_may_lack_is_a_note(stack: Connectable, agent: Any) -> None:
    """Its unsubscribe events, and permission to reply; neither loses a STOP that is texted."""
    assert stack.quickly("connect", AGENT, "--dry-run") == 0
    assert (stack.found("events")[0], stack.found("replies")[0]) == ("NOTE", "NOTE")
    stack.world.aws.update_rcs_agent(RcsAgentId=AGENT, TwoWayRcsEventsEnabled=["ALL"])
    sender = encode(Sender(identity=AGENT, list_name=OWN_LIST, reply_from=AGENT))
    client("dynamodb").put_item(TableName=stack.world.table, Item=sender)
    assert stack.quickly("connect", AGENT, "--dry-run") == 0
    assert stack.found("events")[0] == "GOOD"
    assert stack.report is not None
    assert "replies" not in {check.name for check in stack.report.checks}


def test_a_change_that_does_not_show_stops_it(stack: Connectable, agent: Any) -> None:
    """AWS refuses UpdateRcsAgent: nothing is half done, and the report says who honours STOP."""
    stack.world.backend.fail_next("UpdateRcsAgent", "ConflictException", 1)
    assert stack.quickly("connect", AGENT) == 3
    assert stack.is_safe
    assert stack.report is not None
    assert stack.report.honoured_by == "AWS"


def test_an_unknown_agent_is_bad_input(stack: Connectable) -> None:
    """Exit code 2."""
    result = stack.run("connect", "rcs-1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no RCS agent rcs-1" in result.stderr
