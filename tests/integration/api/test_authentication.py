"""Authentication: every request without credentials gets the same 401."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from support.api_function import HOST, PRIMARY, SECONDARY, Api, authorization
from support.lambda_context import Context
from support.world import PERSON

from handlers.api import container, handler
from sms_consent.access.access_key import content_hash

TARGET = "/sms/optouts:add?api-version=2026-01-23"
BODY = json.dumps({"from": "+12125550101", "recipients": [{"to": PERSON}]}).encode()
UNAUTHORIZED = '{"error": {"code": "Unauthorized", "message": ""}}'


IAM = {
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261103/us-east-1/execute-api/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'a' * 64}"
}


def _refused_status(response: Any) -> bool:
    return (response.status_code, response.text) == (401, UNAUTHORIZED)


def _refused(api: Api, response: Any) -> bool:
    return (response.status_code, response.text, api.world.history()) == (401, UNAUTHORIZED, [])


def test_both_keys_are_accepted(api: Api) -> None:
    """Primary and secondary are valid at the same time."""
    for key in (PRIMARY, SECONDARY):
        assert api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, key)).status_code == 200


def test_the_decision_names_the_key(api: Api) -> None:
    """By its name, without the secret."""
    api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, SECONDARY))
    (decision,) = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert decision["actor"].startswith("access-key:secondary:")


def test_a_wrong_key_is_refused(api: Api) -> None:
    """Nothing is recorded."""
    assert _refused(api, api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, "d3Jvbmc=")))


def test_a_changed_body_is_refused(api: Api) -> None:
    """The signature covers the hash of the body."""
    assert _refused(api, api.send("POST", TARGET, BODY + b" ", api.signed("POST", TARGET, BODY)))


def test_a_signature_for_another_operation_is_refused(api: Api) -> None:
    """A remove with the signature of an add."""
    other = TARGET.replace("add", "remove")
    assert _refused(api, api.send("POST", other, BODY, api.signed("POST", TARGET, BODY)))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_skew_over_five_minutes_is_refused(api: Api, minutes: int) -> None:
    """In either direction."""
    headers = api.signed("POST", TARGET, BODY)
    moment = api.world.parts.clock.now() + timedelta(minutes=minutes)
    headers["x-ms-date"] = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers["authorization"] = authorization("POST", TARGET, headers)
    assert _refused(api, api.send("POST", TARGET, BODY, headers))


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW")
TARGETS = (
    TARGET,
    "/sms/optouts:add",
    "/sms/optouts:add?api-version=1999-01-01",
    "/sms/optouts%3Aremove?api-version=2026-01-23",
    "/sms/optouts:check",
    f"/numbers/{PERSON}",
    f"/numbers/{PERSON}/decisions?page=x&size=0",
    "/openapi.json",
    "/",
    "//",
    "/no/such/route",
    "/%ED%A0%80/../openapi.json?%ED%A0%80=%FF",
)
MALFORMED = (
    {},
    {"authorization": ""},
    {"authorization": "Bearer token"},
    {"authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="},
    {"authorization": f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={'A' * 43}="},
    {"x-ms-date": "Tue, 03 Nov 2026 14:00:00 GMT", "x-ms-content-sha256": content_hash(b"")},
)


@pytest.mark.parametrize("headers", MALFORMED, ids=str)
def test_every_method_and_path_answers_401_without_credentials(api: Api, headers: dict[str, str]) -> None:
    """With the same bytes, whether or not the route or version exists, and without an AWS call."""
    answers = set()
    with patch.object(BaseClient, "_make_api_call", side_effect=AssertionError("an AWS call")):
        for method in METHODS:
            for target in TARGETS:
                body = b"{" if method in {"POST", "PUT", "PATCH"} else b""
                response = api.send(method, target, body, headers)
                more = {name: value for name, value in response.headers.items() if name != "x-ms-request-id"}
                answers.add((response.status_code, json.dumps(more), "" if method == "HEAD" else response.text))
    assert {status for status, *_ in answers} == {401}
    assert {text for *_, text in answers} - {""} == {UNAUTHORIZED}
    assert len({headers for _, headers, _ in answers}) == 1


def test_a_refusal_does_not_decode_a_large_body(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anyone can send six megabytes. They are decoded and hashed for holders of a key only."""
    read: list[str] = []
    monkeypatch.setattr("api.event.ApiEvent.content", property(lambda _: read.append("decoded") or b""))
    body = b"\xff" * 1_000_000
    unsigned = api.send("POST", TARGET, body, {"content-type": "application/octet-stream"})
    wrong_key = api.send("POST", TARGET, body, api.signed("POST", TARGET, body, "d3Jvbmc="))
    assert (unsigned.status_code, wrong_key.status_code, read) == (401, 401, [])


def test_wrong_keys_read_the_secret_at_most_once_a_minute(api: Api) -> None:
    """However many are tried."""
    calls: list[str] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]  # the one place where every call passes

    def counted(client: Any, operation: str, parameters: Any) -> Any:
        calls.append(operation)
        return real(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", counted):
        for _ in range(20):
            assert _refused_status(api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, "d3Jvbmc=")))
    assert calls == ["GetSecretValue"]


def test_without_a_secret_only_iam_is_accepted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Access keys are refused without an AWS call."""
    for value in ("", None):
        with monkeypatch.context() as patched:
            patched.delenv("ACCESS_KEYS_SECRET")
            if value is not None:
                patched.setenv("ACCESS_KEYS_SECRET", value)
            container.cache_clear()
            assert _refused_status(api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY)))
            assert api.send("GET", "/openapi.json", headers=IAM).status_code == 200


@pytest.mark.parametrize("keys", [{"primary": "no base64!"}, {"primary": ""}, {}], ids=str)
def test_unusable_keys_are_answered_with_503(api: Api, keys: dict[str, str]) -> None:
    """Only a well-formed request of the present time gets it. Nothing is recorded, and IAM works as before."""
    api.set_keys(**keys)
    response = api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY))
    assert response.status_code == 503
    assert "could not be verified" in response.text
    assert api.world.history() == []
    assert _refused(api, api.send("POST", TARGET, BODY))
    assert api.send("POST", TARGET, BODY, IAM).status_code == 200


@pytest.mark.parametrize(
    "authorizer",
    [
        None,
        {},
        {"lambda": {}},
        {"lambda": None},
        {"lambda": {"caller": "", "signature": ""}},
        {"lambda": {"caller": "access-key:primary:0"}},
        {"lambda": {"caller": "access-key:primary:0", "signature": "0" * 32}},
        {"iam": {}},
        {"iam": {"userArn": None}},
        {"iam": {"userArn": ""}},
        {"jwt": {"claims": {"sub": "somebody"}}},
    ],
)
def test_an_event_without_a_principal_is_refused(api: Api, authorizer: dict[str, Any] | None) -> None:
    """The function requires an identity, not only the absence of a refusal."""
    event: dict[str, Any] = {
        "rawPath": "/openapi.json",
        "headers": {"x-ms-content-sha256": content_hash(b"")},
        "requestContext": {"requestId": "1", "http": {"method": "GET"}, "authorizer": authorizer},
    }
    assert handler(event, Context(milliseconds=29_000))["statusCode"] == 401  # type: ignore[arg-type]  # the members that it uses


def test_an_iam_principal_is_accepted_and_recorded(api: Api) -> None:
    """IAM is the only way unless access keys are enabled."""
    assert api.send("POST", TARGET, BODY, IAM).status_code == 200
    (decision,) = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert decision["actor"] == "arn:aws:iam::123456789012:user/AKIDEXAMPLE"


def test_a_rotated_key_is_valid_within_a_minute(api: Api) -> None:
    """The key that it replaced no longer is."""
    fresh = "ZnJlc2gtZnJlc2gtZnJlc2g="
    assert api.items("check")
    api.set_keys(primary=fresh, secondary=PRIMARY)
    api.world.pass_time(minutes=1)
    for key, status in ((fresh, 200), (PRIMARY, 200), (SECONDARY, 401)):
        assert api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, key)).status_code == status


def test_keys_are_read_once_a_minute(api: Api) -> None:
    """Secrets Manager costs time and money."""
    api.items("check")
    api.set_keys(primary="", secondary=SECONDARY)
    assert api.items("check")


def test_the_last_keys_are_used_while_secrets_manager_does_not_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a quarter of an hour, so that its outage does not stop opt-outs."""
    from sms_consent.adapters import secrets as access_keys
    from sms_consent.domain.errors import Unavailable

    api.items("check")

    def down(_: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(access_keys.CachedAccessKeys, "_read", down)
    api.world.pass_time(minutes=14)
    assert api.items("check")
    api.world.pass_time(minutes=2)
    assert api.opt_outs("check", PERSON).status_code == 503


def test_every_refusal_has_the_same_response(api: Api) -> None:
    """A difference would help to guess keys."""
    signed = api.signed("POST", TARGET, BODY)
    late = {**signed, "x-ms-date": "Tue, 03 Nov 2026 13:00:00 GMT"}
    late["authorization"] = authorization("POST", TARGET, late)
    answers = {
        (response.status_code, response.text, tuple(name for name, _ in response.headers))
        for response in (
            api.send("POST", TARGET, BODY),
            api.send("POST", TARGET, BODY, {**signed, "authorization": "HMAC-SHA256 nonsense"}),
            api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, "d3Jvbmc=")),
            api.send("POST", TARGET, b"other", signed),
            api.send("POST", TARGET, BODY, late),
        )
    }
    assert len(answers) == 1


def test_a_signature_for_another_host_is_refused(api: Api) -> None:
    """Such as for another service with the same keys."""
    headers = api.signed("POST", TARGET, BODY)
    assert headers["host"] == HOST
    assert _refused(api, api.send("POST", TARGET, BODY, {**headers, "host": "other.example.com"}))
