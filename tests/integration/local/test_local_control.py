"""Invalid requests to the stack's own paths and to Lambda's Invoke are refused, so that no test passes by mistake."""

from __future__ import annotations

import json

import pytest
from integration.local.served import OURS, Served


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/_local/clock", {"advance_seconds": -1}, "advance_seconds"),
        ("/_local/clock", {"advance_seconds": "3600"}, "advance_seconds"),
        ("/_local/clock", {"advance_seconds": True}, "advance_seconds"),
        ("/_local/clock", {"advance_seconds": 1e12}, "advance_seconds"),
        ("/_local/clock", b'{"advance_seconds": NaN}', "advance_seconds"),
        ("/_local/clock", {"advance_second": 1}, "advance_seconds"),
        ("/_local/clock", {"advance_seconds": 1, "zone": "UTC"}, "zone"),
        ("/_local/clock", [], "object"),
        ("/_local/clock", b"{", "JSON"),
        ("/_local/clock", b"[" * 100_000, "JSON"),
        ("/_local/drain", {"timeout": 1}, "timeout"),
        ("/_local/faults", {"operation": "PutOptedOutNumbers", "error": "ThrottlingException"}, "PutOptedOutNumbers"),
        ("/_local/faults", {"operation": "PutOptedOutNumber", "error": "ThrottlingException", "times": 0}, "times"),
        ("/_local/faults", {"operation": "PutOptedOutNumber", "error": "ThrottlingException", "times": 1.5}, "times"),
        ("/_local/faults", {"operation": "PutOptedOutNumber"}, "error"),
        ("/_local/text", {"from": "+14255550182", "to": OURS}, "body"),
        ("/_local/text", {"from": "+14255550182", "to": OURS, "body": 5}, "body"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_the_name_of_what_is_wrong(
    stack: Served, path: str, body: object, named: str
) -> None:
    """400 and a JSON object that names it, never its value."""
    status, answer = stack.ask("POST", path, body)
    assert (status, list(answer)) == (400, ["error"])
    assert named in answer["error"]


def test_an_unknown_path_is_answered_with_those_that_there_are(stack: Served) -> None:
    """404, and not an answer of some AWS API."""
    status, answer = stack.ask("GET", "/_local/clocks")
    assert status == 404
    assert "/_local/clock" in answer["error"]


def test_a_path_asked_by_the_wrong_method_names_the_right_one(stack: Served) -> None:
    """405."""
    assert stack.ask("GET", "/_local/drain") == (405, {"error": "use POST"})
    assert stack.ask("POST", "/_local/texts") == (405, {"error": "use GET"})


def test_a_fault_without_a_number_of_times_happens_once(stack: Served) -> None:
    """The next call only."""
    sms = stack.client("pinpoint-sms-voice-v2")
    stack.post("/_local/faults", {"operation": "DescribePhoneNumbers", "error": "AccessDeniedException"})
    with pytest.raises(sms.exceptions.AccessDeniedException):
        sms.describe_phone_numbers()
    assert [number["PhoneNumber"] for number in sms.describe_phone_numbers()["PhoneNumbers"]] == [OURS]


def test_every_functions_environment_can_be_had_for_sam_local_invoke(stack: Served) -> None:
    """SAM's own command leaves references as they stand; the values are those that CloudFormation made."""
    environments = stack.get("/_local/env-vars")
    assert {"InboundFunction", "SweepFunction"} <= set(environments)
    inbound = environments["InboundFunction"]
    assert inbound["LEDGER_TABLE"] == stack.about["table"]
    assert inbound["OPT_OUT_LIST"] == stack.about["opt_out_list"]
    assert inbound["CONFIRMATION_GRACE_SECONDS"] == "60"
    assert inbound["AWS_ENDPOINT_URL"] == stack.about["aws_endpoint"]
    assert {type(value) for value in inbound.values()} == {str}


def test_a_function_is_invoked_for_its_answer(stack: Served) -> None:
    """By its name and alias; an error of the function is reported as Lambda reports it."""
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
