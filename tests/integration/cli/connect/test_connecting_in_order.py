"""`connect` and `disconnect` killed at every call: STOP is honoured at every moment, and another run completes the switch."""

from __future__ import annotations

import pytest
from support.connectable import NUMBER, OLD_LIST, OWN_LIST, Connectable

OPTED_OUT = ("+13035550100",)
CONNECT = ("connect", NUMBER, "--copy-opt-outs")
DISCONNECT = ("disconnect", NUMBER, "--copy-opt-outs")


def opted_out_before(stack: Connectable) -> None:
    """People whom AWS opted out, on the number's old list."""
    for number in OPTED_OUT:
        stack.world.aws.put_opted_out_number(OptOutListName=OLD_LIST, OptedOutNumber=number)


def hold(stack: Connectable, call: str) -> None:
    """Check what must be true after every call, and so after a kill."""
    assert stack.is_safe, f"after {call}, nobody honours STOP: {stack.handling()}"
    assert set(OPTED_OUT) <= stack.listed(stack.handling()[2]), (
        f"after {call}, texts would go out to somebody opted out"
    )


def left_behind(stack: Connectable) -> str:
    """Return the state that the next run finds."""
    return repr((stack.handling(), stack.listed(OWN_LIST), stack.listed(OLD_LIST), sorted(map(repr, stack.ledger()))))


def killed_everywhere(stack: Connectable, command: tuple[str, ...], after: tuple[object, ...]) -> int:
    """Kill the command after every call that changed the state, and run it again to its end."""
    restore = stack.snapshot()
    moments: list[str] = []

    def look(call: str) -> None:
        hold(stack, call)
        moments.append(left_behind(stack))

    with stack.looking(look):
        assert stack.quickly(*command) == 0
    assert stack.handling() == after
    states = dict.fromkeys(moments)
    for state in states:
        restore()
        with stack.looking(lambda call: hold(stack, call)):
            assert stack.quickly(*command, kill_at=moments.index(state) + 1) in (None, 0)
            hold(stack, "a kill")
            assert stack.quickly(*command) == 0, "a repetition does not complete it"
        assert stack.handling() == after
    return len(states)


@pytest.mark.slow
def test_connecting_is_safe_at_every_moment(stack: Connectable) -> None:
    """Wherever it is killed."""
    opted_out_before(stack)
    assert killed_everywhere(stack, CONNECT, (True, stack.topic, OWN_LIST, True)) > 7


@pytest.mark.slow
def test_disconnecting_is_safe_at_every_moment(stack: Connectable) -> None:
    """Wherever it is killed; everyone who opted out is on the list that the number returns to."""
    opted_out_before(stack)
    assert stack.quickly(*CONNECT) == 0
    stack.world.opt_out(number="+13035550102")
    assert killed_everywhere(stack, DISCONNECT, (False, stack.topic, OLD_LIST, False)) > 5
