"""Who gets in: nobody without credentials, and every refusal is the same."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.api_function import HOST, PRIMARY, SECONDARY, Api, authorization
from support.world import PERSON

from api.handler import handler
from sms_consent.access import content_hash

TARGET = "/sms/optouts:add?api-version=2026-01-23"
BODY = json.dumps({"from": "+12125550101", "recipients": [{"to": PERSON}]}).encode()
UNAUTHORIZED = '{"error": {"code": "Unauthorized", "message": ""}}'


class _Context:
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


def _refused(api: Api, response: Any) -> bool:
    return (response.status_code, response.text, api.world.history()) == (401, UNAUTHORIZED, [])


def test_either_key_lets_in(api: Api) -> None:
    """Primary and secondary are valid at the same time."""
    for key in (PRIMARY, SECONDARY):
        assert api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, key)).status_code == 200


def test_the_decision_names_the_key(api: Api) -> None:
    """Not the secret of it."""
    api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, SECONDARY))
    (decision,) = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert decision["actor"].startswith("access-key:secondary:")


def test_a_wrong_key_is_refused(api: Api) -> None:
    """Nothing is recorded."""
    assert _refused(api, api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, "d3Jvbmc=")))


def test_another_body_than_the_signed_one_is_refused(api: Api) -> None:
    """The authorizer, which sees no body, has let it through; the function has not."""
    assert _refused(api, api.send("POST", TARGET, BODY + b" ", api.signed("POST", TARGET, BODY)))


def test_another_operation_than_the_signed_one_is_refused(api: Api) -> None:
    """A remove with the signature of an add."""
    other = TARGET.replace("add", "remove")
    assert _refused(api, api.send("POST", other, BODY, api.signed("POST", TARGET, BODY)))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_off_is_refused(api: Api, minutes: int) -> None:
    """By more than five minutes, either way."""
    headers = api.signed("POST", TARGET, BODY)
    moment = api.world.parts.clock.now() + timedelta(minutes=minutes)
    headers["x-ms-date"] = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers["authorization"] = authorization("POST", TARGET, headers)
    assert _refused(api, api.send("POST", TARGET, BODY, headers))


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", TARGET),
        ("POST", "/sms/optouts:check"),
        ("GET", f"/numbers/{PERSON}"),
        ("GET", f"/numbers/{PERSON}/decisions"),
        ("GET", "/openapi.json"),
        ("GET", "/"),
        ("GET", "/no/such/route"),
        ("OPTIONS", TARGET),
        ("HEAD", "/openapi.json"),
    ],
)
def test_nothing_answers_without_credentials(api: Api, method: str, target: str) -> None:
    """Not even that there is no such route."""
    response = api.send(method, target)
    assert response.status_code == 401
    assert method == "HEAD" or response.text == UNAUTHORIZED


@pytest.mark.parametrize(
    "authorizer",
    [
        None,
        {},
        {"lambda": {}},
        {"lambda": None},
        {"lambda": {"caller": "", "signature": ""}},
        {"lambda": {"caller": "access-key:primary:0"}},
        {"iam": {}},
        {"iam": {"userArn": None}},
        {"iam": {"userArn": ""}},
        {"jwt": {"claims": {"sub": "somebody"}}},
    ],
)
def test_a_route_that_lost_its_authorizer_lets_nobody_in(api: Api, authorizer: dict[str, Any] | None) -> None:
    """The function asks for a proof of who calls, not for the lack of a refusal."""
    event: dict[str, Any] = {
        "rawPath": "/openapi.json",
        "headers": {"x-ms-content-sha256": content_hash(b"")},
        "requestContext": {"requestId": "1", "http": {"method": "GET"}, "authorizer": authorizer},
    }
    assert handler(event, _Context())["statusCode"] == 401  # type: ignore[arg-type]  # the members that it uses


def test_a_principal_that_the_gateway_vouches_for_gets_in_and_is_named(api: Api) -> None:
    """By IAM, which is how the API is called unless access keys are enabled."""
    signature = "a" * 64
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261103/us-east-1/execute-api/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    }
    assert api.send("POST", TARGET, BODY, headers).status_code == 200
    (decision,) = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert decision["actor"] == "arn:aws:iam::123456789012:user/AKIDEXAMPLE"


def test_a_key_works_within_a_minute_of_its_rotation(api: Api) -> None:
    """And the one that it replaced no longer does."""
    fresh = "ZnJlc2gtZnJlc2gtZnJlc2g="
    assert api.items("check")
    api.set_keys(primary=fresh, secondary=PRIMARY)
    api.world.pass_time(minutes=1)
    for key, status in ((fresh, 200), (PRIMARY, 200), (SECONDARY, 401)):
        assert api.send("POST", TARGET, BODY, api.signed("POST", TARGET, BODY, key)).status_code == status


def test_keys_are_read_once_a_minute_and_not_for_every_request(api: Api) -> None:
    """Secrets Manager takes its time and its price."""
    api.items("check")
    api.set_keys(primary="", secondary=SECONDARY)
    assert api.items("check")


def test_the_last_keys_hold_while_secrets_manager_does_not_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a quarter of an hour; an outage elsewhere must not keep opt-outs out."""
    from sms_consent.aws import access_keys
    from sms_consent.errors import Unavailable

    api.items("check")

    def down(_: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(access_keys.RememberedAccessKeys, "_read", down)
    api.world.pass_time(minutes=14)
    assert api.items("check")
    api.world.pass_time(minutes=2)
    with pytest.raises(Unavailable):
        api.opt_outs("check", PERSON)


def test_why_somebody_was_refused_is_not_told_to_them(api: Api) -> None:
    """Whoever tries keys out learns nothing from the difference."""
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
    """Such as for the same keys at somebody else's service."""
    headers = api.signed("POST", TARGET, BODY)
    assert headers["host"] == HOST
    assert _refused(api, api.send("POST", TARGET, BODY, {**headers, "host": "other.example.com"}))
