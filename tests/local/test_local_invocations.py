"""Lambda's Invoke at the local stack: its functions run as their alias in AWS does."""

from __future__ import annotations

import json

import pytest
from local.served import Served


def test_a_function_is_invoked_for_its_answer(stack: Served) -> None:
    """By its name and alias; an error of the function is told as Lambda tells it."""
    functions = stack.client("lambda")
    done = functions.invoke(FunctionName="SweepFunction", Qualifier="live", Payload=b"{}")
    assert (done["StatusCode"], json.load(done["Payload"])) == (200, {})
    asked = {"numbers": []}
    done = functions.invoke(FunctionName="SweepFunction", Payload=json.dumps(asked).encode())
    assert "error" in json.load(done["Payload"])
    failed = functions.invoke(FunctionName="InboundFunction", Payload=b"[]")
    assert failed["FunctionError"] == "Unhandled"


def test_a_function_is_invoked_without_waiting(stack: Served) -> None:
    """It has run by the end of a drain."""
    person = stack.person()
    stack.fail("PutOptedOutNumber", 1, "AccessDeniedException")
    stack.publish(person, "STOP")
    stack.drain()
    assert stack.listed(person) is None
    request = {"numbers": [{"number": person, "list": stack.about["opt_out_list"]}]}
    stack.advance(59)
    invoked = stack.client("lambda").invoke(
        FunctionName="SweepFunction", InvocationType="Event", Payload=json.dumps(request).encode()
    )
    assert invoked["StatusCode"] == 202
    stack.drain()
    assert stack.listed(person) is not None  # a second before it would have been due for the schedule


@pytest.mark.parametrize(("name", "qualifier"), [("NoFunction", "live"), ("SweepFunction", "7")])
def test_an_unknown_function_or_version_is_refused(stack: Served, name: str, qualifier: str) -> None:
    """As AWS refuses it."""
    functions = stack.client("lambda")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName=name, Qualifier=qualifier)


def test_a_payload_that_is_not_json_is_refused(stack: Served) -> None:
    """400."""
    functions = stack.client("lambda")
    with pytest.raises(functions.exceptions.InvalidRequestContentException):
        functions.invoke(FunctionName="SweepFunction", Payload=b"{")
