"""HMAC signatures with access keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from sms_consent.access.access_key import (
    AccessKey,
    KeysError,
    Reason,
    Refused,
    SignedRequest,
    content_hash,
    read_keys,
    signer,
)

ARRIVED = datetime(2026, 11, 22, 6, 11, 29, tzinfo=UTC)
KEY = AccessKey("primary", b"secret")
BODY = b'{"from":"+12125550101","recipients":[{"to":"+14255550182"}]}'
# As @azure/communication-sms 1.2.0-beta.4 sent it, with the key "c2VjcmV0".
RECORDED = SignedRequest(
    method="POST",
    path="/sms/optouts:add",
    query="api-version=2025-05-29-preview",
    headers={
        "host": "127.0.0.1:32775",
        "x-ms-date": "Sun, 22 Nov 2026 06:11:27 GMT",
        "x-ms-content-sha256": "ir4zL5v9tZqogojlOsARpvn8+X//VpLjAs7ZWDH/AeE=",  # pragma: allowlist secret
        "authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256"
        "&Signature=HE1feUW/s1gkY17kf7hNMzObTb5skYUMxzoKKzdHZuA=",
    },
)


def _but(**headers: str) -> SignedRequest:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return SignedRequest(
        method=RECORDED.method, path=RECORDED.path, query=RECORDED.query, headers={**RECORDED.headers, **changed}
    )


def _refusal(request: SignedRequest, arrived_at: datetime = ARRIVED, *keys: AccessKey) -> Reason:
    with pytest.raises(Refused) as refused:
        signer(request, keys or (KEY,), arrived_at)
    return refused.value.reason


def test_a_recorded_request_of_microsofts_client_is_verified() -> None:
    """A recorded request shows a mistake that signer and verifier of this project might share."""
    assert signer(RECORDED, (AccessKey("secondary", b"other"), KEY), ARRIVED) is KEY


def test_the_content_hash_equals_the_recorded_one() -> None:
    """It is computed from the bytes as they were sent."""
    assert content_hash(BODY) == RECORDED.headers["x-ms-content-sha256"]


def test_another_key_is_refused() -> None:
    """Also if several keys are valid."""
    others = AccessKey("primary", b"Secret"), AccessKey("secondary", b"secret ")
    assert _refusal(RECORDED, ARRIVED, *others) is Reason.SIGNATURE


@pytest.mark.parametrize("header", ["host", "x_ms_content_sha256"])
def test_every_signed_header_is_verified(header: str) -> None:
    """A signature is valid for one host and one body only."""
    assert _refusal(_but(**{header: "another"})) is Reason.SIGNATURE


@pytest.mark.parametrize(
    "request_",
    [
        SignedRequest(method="PUT", path=RECORDED.path, query=RECORDED.query, headers=RECORDED.headers),
        SignedRequest(method="POST", path="/sms/optouts:remove", query=RECORDED.query, headers=RECORDED.headers),
        SignedRequest(method="POST", path=RECORDED.path, query="api-version=2026-01-23", headers=RECORDED.headers),
        SignedRequest(method="POST", path=RECORDED.path, query="", headers=RECORDED.headers),
    ],
    ids=["verb", "path", "query", "no query"],
)
def test_method_path_and_query_are_verified(request_: SignedRequest) -> None:
    """The signature of an add is not valid for a remove."""
    assert _refusal(request_) is Reason.SIGNATURE


@pytest.mark.parametrize("minutes", [-5, 5])
def test_clocks_may_differ_by_five_minutes(minutes: int) -> None:
    """In either direction."""
    dated = datetime(2026, 11, 22, 6, 11, 27, tzinfo=UTC)
    assert signer(RECORDED, (KEY,), dated + timedelta(minutes=minutes)) is KEY


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_greater_clock_skew_is_refused(seconds: int) -> None:
    """A captured request is useless after five minutes."""
    dated = datetime(2026, 11, 22, 6, 11, 27, tzinfo=UTC)
    assert _refusal(RECORDED, dated + timedelta(seconds=seconds)) is Reason.CLOCK


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer c2VjcmV0",
        "HMAC-SHA256 SignedHeaders=x-ms-date;host&Signature=HE1feUW/s1gkY17kf7hNMzObTb5skYUMxzoKKzdHZuA=",
        "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=",
        "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=zu klein",
        RECORDED.headers["authorization"] + "x",
    ],
)
def test_a_malformed_signature_is_refused(authorization: str) -> None:
    """Above all one with fewer signed headers, which would allow any body."""
    assert _refusal(_but(authorization=authorization)) is Reason.UNREADABLE


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 06:11:27 GMT", "Sun, 22 Nov 99999 06:11:27 GMT"])
def test_an_invalid_date_is_refused(date: str) -> None:
    """It raises no other error."""
    assert _refusal(_but(x_ms_date=date)) in {Reason.UNREADABLE, Reason.CLOCK}


def test_a_missing_signature_is_refused() -> None:
    """The log has a separate reason for it."""
    assert _refusal(_but(authorization="")) is Reason.ABSENT


def test_characters_outside_of_ascii_are_refused_as_a_wrong_signature() -> None:
    """The comparison in constant time takes bytes and must not fail on other text."""
    assert _refusal(_but(host="bücher.example", x_ms_content_sha256="é\udc80")) is Reason.SIGNATURE


@pytest.mark.parametrize(
    ("path", "query"), [("/\udc80", "a=1"), ("/", "\udc80=\udfff"), ("/%", "%&=&;"), ("", "a" * 9999)]
)
def test_paths_and_queries_that_cannot_be_encoded_are_refused_as_a_wrong_signature(path: str, query: str) -> None:
    """Any client can send them with a well-formed signature."""
    request = SignedRequest(method="GET", path=path, query=query, headers=RECORDED.headers)
    assert _refusal(request) is Reason.SIGNATURE


def test_a_percent_decoded_path_has_the_same_signature() -> None:
    """A client signs %2B, and an HTTP API passes on a plus."""
    from support.api_function import authorization

    headers = {name: value for name, value in RECORDED.headers.items() if name != "authorization"}
    signed = authorization("GET", "/numbers/%2B14255550182", headers, "c2VjcmV0")
    headers["authorization"] = signed
    request = SignedRequest(method="GET", path="/numbers/+14255550182", query="", headers=headers)
    assert signer(request, (KEY,), ARRIVED) is KEY


def test_two_keys_are_valid_at_a_time() -> None:
    """Callers can change from one to the other."""
    primary, secondary = read_keys('{"primary": "c2VjcmV0", "secondary": "b3RoZXI="}')
    assert (primary.name, primary.secret, secondary.name, secondary.secret) == (
        "primary",
        b"secret",
        "secondary",
        b"other",
    )


def test_an_empty_key_is_left_out() -> None:
    """Anyone could sign with an empty key."""
    assert [key.name for key in read_keys('{"primary": "c2VjcmV0", "secondary": ""}')] == ["primary"]


@pytest.mark.parametrize(
    "secret", ["", "[]", "5", '{"primary": 5}', '{"primary": "no base64!"}', '{"primary": ""}', "{}"]
)
def test_a_secret_without_keys_is_an_error_that_does_not_contain_it(secret: str) -> None:
    """Errors are logged."""
    with pytest.raises(KeysError) as error:
        read_keys(secret)
    assert "no base64!" not in str(error.value)


def test_a_key_is_identified_by_name_and_fingerprint_and_never_shown() -> None:
    """After a rotation, the name alone would mean another key."""
    before, after = AccessKey("primary", b"secret"), AccessKey("primary", b"other")
    assert before.identity != after.identity
    assert "secret" not in repr(before)
    assert json.dumps(before.identity).count(":") == 2
