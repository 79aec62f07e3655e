"""Invalid requests: each gets its documented status, and nothing is recorded in part."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.api_function import Api, api_function
from support.world import PERSON

TARGET = "/sms/optouts:add?api-version=2026-01-23"


def _body(**changed: Any) -> bytes:
    return json.dumps({"from": "+12125550101", "recipients": [{"to": PERSON}]} | changed).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"null",
        b"5",
        b"[]",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b'{"from": "\\ud800", "recipients": []}',
        b"[" * 10_000,
        b"[" + _body() + b"]",
        _body(recipients=[]),
        _body(recipients=None),
        _body(recipients={"to": PERSON}),
        _body(recipients=[PERSON]),
        _body(recipients=[None]),
        _body(recipients=[{"to": PERSON}, {"to": 14255550182}]),
        _body(recipients=[{"to": PERSON}, {}]),
        _body(**{"from": ""}),
        _body(**{"from": None}),
        _body(**{"from": 5}),
        _body(**{"from": "+1 (212) 555-0101"}),
        _body(**{"from": "x" * 257}),
        _body(reference="line\nline"),
        _body(channel="Phone!"),
    ],
    ids=repr,
)
def test_a_body_that_does_not_match_the_schema_is_a_bad_request(api: Api, body: bytes) -> None:
    """The response is 400 with problem details, and nothing is recorded for the valid recipients."""
    response = api.call("POST", TARGET, body)
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    assert json.loads(response.text)["errors"]
    assert api.world.history() == []


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_json_body_of_another_media_type_is_read(api: Api, media_type: str) -> None:
    """Powertools answers it with 415 by itself, but clients send it: urllib's default is a form's type."""
    assert api.call("POST", TARGET, _body(), content_type=media_type).status_code == 200


def test_the_version_is_checked_before_the_body(api: Api) -> None:
    """Powertools reports all errors of a request at once."""
    response = api.call("POST", "/sms/optouts:add?api-version=1999-01-01", b"x" * 70_000)
    assert json.loads(response.text)["error"]["code"] == "InvalidApiVersion"


@pytest.mark.parametrize("number", ["%22", "%0A", "%2B14255550182%0A", "%E2%82%AC", "a%5Cb"])
def test_every_character_in_a_number_is_a_bad_request(api: Api, number: str) -> None:
    """Powertools' own path parameters match only some characters."""
    assert api.call("GET", f"/numbers/{number}").status_code == 400


@pytest.mark.parametrize("count", [101, 1001])
def test_more_than_a_hundred_recipients_are_a_bad_request(api: Api, count: int) -> None:
    """Azure's published limit. None of them is opted out."""
    recipients = [{"to": f"+1425555{number:04}"} for number in range(count)]
    response = api.call("POST", TARGET, _body(recipients=recipients))
    assert response.status_code == 400
    assert list(json.loads(response.text)["errors"]) == ["recipients"]
    assert api.world.history() == []


@pytest.mark.slow
def test_a_hundred_recipients_are_served(api: Api) -> None:
    """All of them count as opted out at once, however many the list takes in a second."""
    numbers = [f"+1425555{number:04}" for number in range(100, 200)]
    assert {item["httpStatusCode"] for item in api.items("add", *numbers)} == {200}
    assert {item["isOptedOut"] for item in api.items("check", *numbers)} == {True}


@pytest.mark.parametrize(
    "recipient",
    ["+123", "14255550182", "+1 425 555 0182", "+04255550182", "+1425555018２", "+1234567890123456", " ", "x"],
)
def test_an_invalid_recipient_has_its_own_status(api: Api, recipient: str) -> None:
    """Also a number without its plus, whose country is unknown."""
    items = api.items("add", recipient, PERSON)
    assert [item["httpStatusCode"] for item in items] == [400, 200]
    assert items[0]["to"] == recipient


def test_ten_megabytes_are_too_large(api: Api) -> None:
    """API Gateway refuses them before the function is invoked."""
    response = api.call("POST", TARGET, b"x" * (10 * 1024 * 1024 + 1))
    assert (response.status_code, json.loads(response.text)) == (413, {"message": "Request Entity Too Large"})


def test_more_than_64_kibibytes_are_too_large(api: Api) -> None:
    """The response is a documented problem. API Gateway itself accepts megabytes."""
    response = api.call("POST", TARGET, _body(padding="x" * 70_000))
    assert (response.status_code, response.content_type) == (413, "application/problem+json")
    assert api.world.history() == []


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("POST", "/sms/optouts:purge?api-version=2026-01-23", 404),
        ("POST", "/sms/optouts:add/?api-version=2026-01-23", 404),
        ("POST", "/sms?api-version=2026-01-23", 404),
        ("GET", "/numbers", 404),
        ("GET", "/numbers/", 404),
        ("GET", TARGET, 405),
        ("DELETE", f"/numbers/{PERSON}", 405),
        ("POST", f"/numbers/{PERSON}/decisions", 405),
    ],
)
def test_unknown_paths_and_methods_get_azures_standard_error(api: Api, method: str, target: str, status: int) -> None:
    """For authenticated callers."""
    response = api.call(method, target)
    assert response.status_code == status
    assert set(json.loads(response.text)["error"]) == {"code", "message", "innerError"}
    assert status != 405 or response.headers["allow"] in {"GET", "POST"}


def test_an_unexpected_failure_is_answered_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exception's message may hold a number, so only its type is logged, with the request id of the response."""

    def broken(*_: object) -> None:
        raise LookupError(PERSON)

    monkeypatch.setattr("sms_consent.recording.channel_requests.ChannelRequests.check", broken)
    response = api.opt_outs("check", PERSON)
    assert response.status_code == 500
    assert PERSON not in response.text + "".join(capsys.readouterr())
    assert response.headers["x-ms-request-id"]


def test_an_unknown_value_of_unknown_senders_refuses_no_opt_out_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A misspelt setting counts as the default."""
    with api_function(monkeypatch, UNKNOWN_SENDERS="perhaps") as api:
        assert api.opt_outs("add", PERSON).status_code == 200
    (record,) = (each for each in caplog.records if each.message == "a setting cannot be used")
    assert vars(record)["setting"] == "UnknownSenders"


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(body=st.one_of(st.binary(max_size=200), _json_values.map(lambda value: json.dumps(value).encode())))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_random_body_is_a_bad_request(api: Api, body: bytes) -> None:
    """No body causes an undocumented response."""
    assert api.call("POST", TARGET, body).status_code == 400


@given(
    recipients=st.lists(
        st.one_of(st.text(min_size=1, max_size=20), st.from_regex(r"\+1425555019[0-9]", fullmatch=True)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_response_has_one_item_for_each_recipient_in_order(api: Api, recipients: list[str]) -> None:
    """For numbers, invalid texts and repetitions alike."""
    body = json.dumps({"from": "+12125550101", "recipients": [{"to": each} for each in recipients]}).encode()
    response = api.call("POST", TARGET.replace("add", "check"), body)
    assert [item["to"] for item in json.loads(response.text)["value"]] == recipients
