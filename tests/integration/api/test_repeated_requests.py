"""Repeated requests take effect once, and a captured opt-in never undoes a STOP."""

from __future__ import annotations

import json
from typing import Any

from support.api_function import Api
from support.world import PERSON

TARGET = "/sms/optouts:add?api-version=2026-01-23"
BODY = json.dumps({"from": "+12125550101", "recipients": [{"to": PERSON}]}).encode()
REQUEST_ID = "7992b07e-b84c-45b7-a089-988382b74ca8"


def _decisions(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    return found


def _signed(api: Api, **more: str) -> dict[str, str]:
    return api.signed("POST", TARGET, BODY) | {name.replace("_", "-"): value for name, value in more.items()}


def test_a_repeat_of_microsofts_client_is_answered_and_recorded_once(api: Api) -> None:
    """The same bytes some seconds later, after the first response was lost."""
    headers = _signed(api, x_ms_client_request_id=REQUEST_ID)
    first = api.send("POST", TARGET, BODY, headers)
    api.world.pass_time(seconds=30)
    again = api.send("POST", TARGET, BODY, headers)
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert len(_decisions(api)) == 1


def test_a_repeat_with_a_new_signature_is_the_same_request(api: Api) -> None:
    """The client's request id identifies it."""
    api.items("add", PERSON, request_id=REQUEST_ID)
    api.world.pass_time(seconds=30)
    api.items("add", PERSON, request_id=REQUEST_ID)
    assert len(_decisions(api)) == 1


def test_a_late_repeat_does_not_undo_a_newer_decision(api: Api) -> None:
    """It has the time of its first arrival."""
    api.items("add", PERSON, request_id=REQUEST_ID)
    api.world.pass_time(minutes=1)
    api.items("remove")
    api.world.pass_time(minutes=1)
    (item,) = api.items("add", PERSON, request_id=REQUEST_ID)
    assert item["httpStatusCode"] == 409
    assert api.items("check")[0]["isOptedOut"] is False


def test_a_repeat_completes_the_first_attempt(api: Api) -> None:
    """The ledger was written and the list was not."""
    api.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    api.items("add", PERSON, request_id=REQUEST_ID)
    assert not api.world.listed()
    api.world.pass_time(minutes=1)
    api.items("add", PERSON, request_id=REQUEST_ID)
    assert api.world.listed()


def test_the_same_id_with_another_body_is_another_request(api: Api) -> None:
    """Some clients send a constant id."""
    for operation in ("add", "remove"):
        api.items(operation, PERSON, request_id="constant")
        api.world.pass_time(seconds=1)
    assert [each["asked"] for each in _decisions(api)] == ["OPT_IN", "OPT_OUT"]


def test_without_an_id_each_request_is_separate(api: Api) -> None:
    """Also within one second, the precision of a signature's date: add, remove and add again end opted out."""
    for operation in ("add", "remove", "add"):
        target = TARGET.replace("add", operation)
        assert api.call("POST", target, BODY).status_code == 200
        api.world.pass_time(milliseconds=100)
    assert api.items("check")[0]["isOptedOut"] is True
    assert len(_decisions(api)) == 3


def test_a_captured_opt_out_counts_again_with_another_id(api: Api) -> None:
    """The id is not signed. An opt-out is never refused, since opted out is the safe side."""
    headers = _signed(api, x_ms_client_request_id=REQUEST_ID)
    api.send("POST", TARGET, BODY, headers)
    api.world.pass_time(seconds=30)
    api.items("remove")
    api.world.pass_time(seconds=30)
    assert api.send("POST", TARGET, BODY, headers | {"x-ms-client-request-id": "mine"}).status_code == 200
    assert api.items("check")[0]["isOptedOut"] is True


def test_after_five_minutes_a_repeat_is_refused(api: Api) -> None:
    """Its date is too old, also for the client itself."""
    headers = _signed(api, x_ms_client_request_id=REQUEST_ID)
    api.send("POST", TARGET, BODY, headers)
    api.world.pass_time(minutes=6)
    assert api.send("POST", TARGET, BODY, headers).status_code == 401


def test_a_request_is_forgotten_after_an_hour(api: Api) -> None:
    """Then the same id is a new request."""
    api.items("add", PERSON, request_id="constant")
    api.world.pass_time(minutes=61)
    api.items("remove")
    api.world.pass_time(minutes=1)
    api.items("add", PERSON, request_id="constant")
    assert api.items("check")[0]["isOptedOut"] is True


def test_a_check_may_be_repeated(api: Api) -> None:
    """It changes nothing, so it is not stored."""
    body, target = BODY, TARGET.replace("add", "check")
    headers = api.signed("POST", target, body)
    for _ in range(3):
        assert api.send("POST", target, body, headers).status_code == 200
        api.world.pass_time(seconds=60)
