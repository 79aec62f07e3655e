"""The HMAC scheme of access keys, by itself."""

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


def test_a_request_of_microsofts_own_client_is_known_by_its_key() -> None:
    """A recorded one, so that a mistake that both our sides made would show."""
    assert signer(RECORDED, (AccessKey("secondary", b"other"), KEY), ARRIVED) is KEY


def test_its_body_has_the_hash_that_it_signed() -> None:
    """Over the bytes as they were sent."""
    assert content_hash(BODY) == RECORDED.headers["x-ms-content-sha256"]


def test_another_key_is_refused() -> None:
    """However many are valid."""
    others = AccessKey("primary", b"Secret"), AccessKey("secondary", b"secret ")
    assert _refusal(RECORDED, ARRIVED, *others) is Reason.SIGNATURE


@pytest.mark.parametrize("header", ["host", "x_ms_content_sha256"])
def test_every_signed_header_counts(header: str) -> None:
    """A signature for one host or body is none for another."""
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
def test_verb_path_and_query_are_signed_too(request_: SignedRequest) -> None:
    """An add is not a remove."""
    assert _refusal(request_) is Reason.SIGNATURE


@pytest.mark.parametrize("minutes", [-5, 5])
def test_five_minutes_of_difference_between_clocks_are_forgiven(minutes: int) -> None:
    """Either way."""
    dated = datetime(2026, 11, 22, 6, 11, 27, tzinfo=UTC)
    assert signer(RECORDED, (KEY,), dated + timedelta(minutes=minutes)) is KEY


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_clock_that_is_off_by_more_is_refused(seconds: int) -> None:
    """A request that was caught is of no use after five minutes."""
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
def test_what_is_no_signature_of_the_scheme_is_refused(authorization: str) -> None:
    """Fewer signed headers above all: then the body could be any."""
    assert _refusal(_but(authorization=authorization)) is Reason.UNREADABLE


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 06:11:27 GMT", "Sun, 22 Nov 99999 06:11:27 GMT"])
def test_a_date_that_cannot_be_read_is_refused(date: str) -> None:
    """It is refused, and nothing breaks."""
    assert _refusal(_but(x_ms_date=date)) in {Reason.UNREADABLE, Reason.CLOCK}


def test_no_signature_at_all_is_refused() -> None:
    """With a reason of its own, for the log."""
    assert _refusal(_but(authorization="")) is Reason.ABSENT


def test_characters_that_no_signature_holds_are_refused_like_others() -> None:
    """A comparison in constant time takes bytes, and must not break over what is none."""
    assert _refusal(_but(host="bücher.example", x_ms_content_sha256="é\udc80")) is Reason.SIGNATURE


@pytest.mark.parametrize(
    ("path", "query"), [("/\udc80", "a=1"), ("/", "\udc80=\udfff"), ("/%", "%&=&;"), ("", "a" * 9999)]
)
def test_paths_and_queries_that_cannot_be_encoded_are_refused_like_others(path: str, query: str) -> None:
    """Anybody can send them with a well-formed signature."""
    request = SignedRequest(method="GET", path=path, query=query, headers=RECORDED.headers)
    assert _refusal(request) is Reason.SIGNATURE


def test_a_path_is_the_same_with_its_percent_encoding_resolved() -> None:
    """A client signs %2B, and an HTTP API hands over a plus."""
    from support.api_function import authorization

    headers = {name: value for name, value in RECORDED.headers.items() if name != "authorization"}
    signed = authorization("GET", "/numbers/%2B14255550182", headers, "c2VjcmV0")
    headers["authorization"] = signed
    request = SignedRequest(method="GET", path="/numbers/+14255550182", query="", headers=headers)
    assert signer(request, (KEY,), ARRIVED) is KEY


def test_two_keys_are_valid_at_a_time() -> None:
    """So that callers can be moved from one to the other."""
    primary, secondary = read_keys('{"primary": "c2VjcmV0", "secondary": "b3RoZXI="}')
    assert (primary.name, primary.secret, secondary.name, secondary.secret) == (
        "primary",
        b"secret",
        "secondary",
        b"other",
    )


def test_an_empty_key_is_not_a_key() -> None:
    """Anybody could sign with it."""
    assert [key.name for key in read_keys('{"primary": "c2VjcmV0", "secondary": ""}')] == ["primary"]


@pytest.mark.parametrize(
    "secret", ["", "[]", "5", '{"primary": 5}', '{"primary": "no base64!"}', '{"primary": ""}', "{}"]
)
def test_a_secret_that_holds_no_keys_is_an_error_that_does_not_quote_it(secret: str) -> None:
    """Errors go to logs."""
    with pytest.raises(KeysError) as error:
        read_keys(secret)
    assert "no base64!" not in str(error.value)


def test_a_key_is_named_by_a_fingerprint_and_never_shown() -> None:
    """The name alone would mean another key after a rotation."""
    before, after = AccessKey("primary", b"secret"), AccessKey("primary", b"other")
    assert before.identity != after.identity
    assert "secret" not in repr(before)
    assert json.dumps(before.identity).count(":") == 2
