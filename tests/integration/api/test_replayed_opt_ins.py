"""A replayed `:remove` returns its first result and changes nothing, for as long as its signature is valid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.exceptions import ClientError
from support.api_function import Api
from support.lambda_context import Context
from support.world import PERSON
from werkzeug.test import TestResponse

from handlers.api import handler
from sms_consent.adapters import clients
from sms_consent.domain.decision import Asked

TARGET = "/sms/optouts:remove?api-version=2026-01-23"
BODY = json.dumps({"from": "+12125550101", "recipients": [{"to": PERSON}]}).encode()
OTHER, THIRD = "+14255550183", "+14255550184"
ID = "x-ms-client-request-id"
SIGV4 = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261103/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, "


def _remove(api: Api, headers: Mapping[str, str], body: bytes = BODY) -> TestResponse:
    return api.send("POST", TARGET, body, headers)


def _key_signed(api: Api) -> dict[str, str]:
    return api.signed("POST", TARGET, BODY)


def _iam_signed(api: Api) -> dict[str, str]:
    return {"authorization": f"{SIGV4}Signature={'a1' * 32}", "x-amz-date": "20261103T140000Z"}


def _stop(api: Api) -> None:
    """Record a STOP by text from the person."""
    api.world.pass_time(milliseconds=200)
    api.world.opt_out()
    api.world.pass_time(milliseconds=200)


@pytest.fixture
def opted_out(api: Api) -> Api:
    """Return the API with the person opted out through another channel than a text."""
    api.items("add")
    api.world.pass_time(seconds=1)
    return api


@pytest.mark.parametrize(
    ("sign", "first_id", "later_id", "seconds"),
    [
        (_key_signed, None, None, 0),
        (_key_signed, None, "another", 4),
        (_key_signed, "its-own", "its-own", 250),
        (_key_signed, "its-own", "another", 0),
        (_iam_signed, None, None, 4),
        (_iam_signed, "its-own", None, 250),
        (_iam_signed, "its-own", "another", 0),
    ],
)
def test_a_replay_does_not_undo_a_stop(
    opted_out: Api, sign: Callable[[Api], dict[str, str]], first_id: str | None, later_id: str | None, seconds: int
) -> None:
    """With the same bytes or another id, at once or after minutes."""
    headers = sign(opted_out)
    first = _remove(opted_out, headers | ({ID: first_id} if first_id else {}))
    _stop(opted_out)
    opted_out.world.pass_time(seconds=seconds)
    for _ in range(2):
        again = _remove(opted_out, headers | ({ID: later_id} if later_id else {}))
        assert (again.status_code, again.text) == (first.status_code, first.text)
    assert opted_out.items("check")[0]["isOptedOut"] is True
    assert opted_out.world.listed()
    assert [item["asked"]["S"] for item in opted_out.world.history()].count("OPT_IN") == 1


def test_a_repeat_with_a_new_signature_and_the_same_id_does_not_undo_a_stop(opted_out: Api) -> None:
    """Nor does a replay of that request with another id."""
    first = _remove(opted_out, _key_signed(opted_out) | {ID: "same"})
    _stop(opted_out)
    opted_out.world.pass_time(minutes=20)
    anew = _key_signed(opted_out)
    for client_id in ("same", "mine", "mine"):
        again = _remove(opted_out, anew | {ID: client_id})
        assert (again.status_code, again.text) == (first.status_code, first.text)
    assert opted_out.items("check")[0]["isOptedOut"] is True


def test_a_replayed_deferred_opt_in_returns_its_first_date(opted_out: Api) -> None:
    """Also if the number is released meanwhile."""
    opted_out.items("remove")
    opted_out.world.pass_time(seconds=1)
    opted_out.items("add")
    opted_out.world.pass_time(seconds=1)
    headers = _key_signed(opted_out)
    first = _remove(opted_out, headers)
    assert json.loads(first.text)["value"][0]["httpStatusCode"] == 202
    _stop(opted_out)
    opted_out.world.pass_time(minutes=2)
    assert _remove(opted_out, headers).text == first.text


def test_recipients_missed_by_the_first_attempt_are_recorded_with_its_time(
    opted_out: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function stopped half-way. A person who texts STOP before the repeat stays opted out."""
    for number in (OTHER, THIRD):
        opted_out.items("add", number)
    opted_out.world.pass_time(seconds=1)
    body = json.dumps(
        {"from": "+12125550101", "recipients": [{"to": each} for each in (PERSON, OTHER, THIRD)]}
    ).encode()
    headers = opted_out.signed("POST", TARGET, body)
    with monkeypatch.context() as patched:
        _fail(patched, OTHER, SystemExit())
        with pytest.raises(SystemExit):
            _remove(opted_out, headers, body)
    began = opted_out.world.parts.clock.now()
    opted_out.world.pass_time(minutes=1)
    stop = opted_out.world.decision(Asked.OPT_OUT, number=THIRD)
    opted_out.world.parts.recorder.record(stop, "Default", reply_from=None)
    opted_out.world.pass_time(minutes=1)
    items = json.loads(_remove(opted_out, headers, body).text)["value"]
    assert [each["httpStatusCode"] for each in items] == [200, 200, 409]
    consents = [opted_out.world.parts.ledger.consent(number, "Default") for number in (PERSON, OTHER, THIRD)]
    assert [consent.decided_at for consent in consents if consent] == [began, began, stop.at]


def test_a_replay_retries_failed_recipients_only(opted_out: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger did not answer for one of them."""
    body = json.dumps({"from": "+12125550101", "recipients": [{"to": each} for each in (PERSON, OTHER)]}).encode()
    headers = opted_out.signed("POST", TARGET, body)
    with monkeypatch.context() as patched:
        _fail(patched, OTHER, _error("ThrottlingException"))
        first = _remove(opted_out, headers, body)
    assert [each["httpStatusCode"] for each in json.loads(first.text)["value"]] == [200, 500]
    _stop(opted_out)
    again = _remove(opted_out, headers, body)
    assert [each["httpStatusCode"] for each in json.loads(again.text)["value"]] == [200, 200]
    assert [each["isOptedOut"] for each in opted_out.items("check", PERSON, OTHER)] == [True, False]


@pytest.mark.parametrize("operation", ["add", "remove"])
def test_a_recipient_that_the_ledger_rejects_fails_alone(
    opted_out: Api,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    operation: str,
) -> None:
    """Its item has status 500, and the log has the kind of error without the number."""
    with monkeypatch.context() as patched:
        _fail(patched, OTHER, _error("ValidationException"))
        items = opted_out.items(operation, PERSON, OTHER, THIRD)
        assert [each["httpStatusCode"] for each in items] == [200, 500, 200]
        assert opted_out.opt_outs(operation, OTHER).status_code == 500
    told = "".join(capsys.readouterr()) + str([vars(each) for each in caplog.records])
    assert "ValidationException" in told
    assert "4255550183" not in told


def test_a_new_request_with_the_same_body_takes_effect(opted_out: Api) -> None:
    """It opts in a person who was opted out meanwhile."""
    _remove(opted_out, _key_signed(opted_out) | {ID: "one"})
    _stop(opted_out)
    opted_out.world.pass_time(seconds=2)
    assert _remove(opted_out, _key_signed(opted_out) | {ID: "two"}).status_code == 200
    assert opted_out.world.consent().status.value == "OPT_IN_PENDING"


def test_a_presigned_request_is_remembered_until_it_expires(opted_out: Api) -> None:
    """IAM allows presigned requests for days."""
    target = f"{TARGET}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=604800&X-Amz-Signature="
    first = _presigned(opted_out, target + "ab" * 32)
    _stop(opted_out)
    opted_out.world.pass_time(days=6)
    assert _presigned(opted_out, target + "AB" * 32) == first
    assert opted_out.world.consent().status.value == "OPTED_OUT"


def test_an_ecdsa_signature_is_identified_by_its_date(opted_out: Api) -> None:
    """ECDSA (version 4A) has a second valid form of each signature."""
    for signature in ("30" * 35, "31" * 35):
        headers = {"authorization": f"AWS4-ECDSA-P256-SHA256 Credential=A, Signature={signature}", "x-amz-date": "now"}
        _iam(opted_out, TARGET, headers)
        _stop(opted_out)
    assert opted_out.world.consent().status.value == "OPTED_OUT"


def test_a_read_may_be_repeated_for_five_minutes(api: Api) -> None:
    """No longer than a request that changes something."""
    headers = api.signed("GET", f"/numbers/{PERSON}")
    for seconds, status in ((0, 200), (299, 200), (2, 401)):
        api.world.pass_time(seconds=seconds)
        assert api.send("GET", f"/numbers/{PERSON}", headers=headers).status_code == status


def _presigned(api: Api, target: str) -> Any:
    return _iam(api, target, {})["body"]


def _iam(api: Api, target: str, headers: dict[str, str]) -> Any:
    """Invoke the handler with the event of a request whose IAM signature API Gateway has verified."""
    path, _, query = target.partition("?")
    event = {
        "rawPath": path, "rawQueryString": query, "queryStringParameters": dict(parse_qsl(query)), "headers": headers,
        "body": BODY.decode(),
        "requestContext": {
            "requestId": "1", "stage": "$default", "http": {"method": "POST"},
            "authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/a"}},
        },
    }  # fmt: skip
    return handler(event, Context(milliseconds=29_000))  # type: ignore[arg-type]  # the members that it uses


def _fail(monkeypatch: pytest.MonkeyPatch, number: str, error: BaseException) -> None:
    """Let every write of one number's consent fail."""
    client = clients.dynamodb()
    put = client.put_item

    def failing(**arguments: Any) -> Any:
        if arguments["Item"]["pk"].get("S") == number:
            raise error
        return put(**arguments)

    monkeypatch.setattr(client, "put_item", failing)


def _error(code: str) -> Exception:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutItem")
