"""The local stack's API Gateway: its events, its own responses and its two APIs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import Client

from sms_consent_cli.local.api.gateway import Gateway
from sms_consent_cli.local.function import FunctionFailed

NOW = datetime(2026, 11, 3, 14, 0, tzinfo=UTC)
SIGV4 = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261103/us-east-1/execute-api/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'a' * 64}"
)


class _Recorder:
    """A function that records its events."""

    def __init__(self, answer: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self._answer = answer

    def __call__(self, event: Mapping[str, Any]) -> Any:
        self.events.append(json.loads(json.dumps(event)))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture
def function() -> _Recorder:
    return _Recorder({"statusCode": 202, "headers": {"x-one": "1"}, "body": "done", "isBase64Encoded": False})


def _open(function: Any, target: str = "/", *, access_keys: bool = True, **options: Any) -> Any:
    return Client(Gateway(function, access_keys=access_keys, now=lambda: NOW)).open(target, **options)


def test_an_event_has_the_form_of_payload_format_two(function: _Recorder) -> None:
    """The path is percent-decoded and the raw query is not, as in an HTTP API."""
    _open(function, "/numbers/%2B1?b=%20&a=1", method="POST", data="{}", content_type="application/json")
    (event,) = function.events
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/numbers/+1", "b=%20&a=1")
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["timeEpoch"] == int(NOW.timestamp() * 1000)


def test_names_of_headers_are_in_lower_case_and_repeated_ones_joined(function: _Recorder) -> None:
    """A second, unsigned header cannot replace the first."""
    _open(function, headers=[("X-Ms-Date", "one"), ("X-MS-DATE", "two")])
    assert function.events[0]["headers"]["x-ms-date"].replace(" ", "") == "one,two"


def test_a_binary_body_is_base64_encoded(function: _Recorder) -> None:
    """Binary by its media type or by its bytes."""
    _open(function, method="POST", data=b"{}", content_type="application/octet-stream")
    _open(function, method="POST", data=b"\xff", content_type="application/json")
    assert [base64.b64decode(event["body"]) for event in function.events] == [b"{}", b"\xff"]
    assert all(event["isBase64Encoded"] for event in function.events)


def test_a_request_without_an_iam_signature_has_no_identity(function: _Recorder) -> None:
    """Not even one that a caller claims. The function itself verifies access keys."""
    _open(function, headers={"x-amzn-authorizer": "admin"})
    assert "authorizer" not in function.events[0]["requestContext"]


def test_a_response_is_passed_on(function: _Recorder) -> None:
    """Status, headers and body."""
    response = _open(function)
    assert (response.status_code, response.text, response.headers["x-one"]) == (202, "done", "1")


def test_a_failing_function_is_an_internal_server_error() -> None:
    """In API Gateway's words."""
    response = _open(_Recorder(FunctionFailed("broken")))
    assert (response.status_code, response.text) == (500, '{"message":"Internal Server Error"}')


def test_a_request_signed_for_iam_has_its_principal(function: _Recorder) -> None:
    """It goes to the API that requires IAM."""
    _open(function, headers={"authorization": SIGV4})
    iam = function.events[0]["requestContext"]["authorizer"]["iam"]
    assert iam["userArn"] == "arn:aws:iam::123456789012:user/AKIDEXAMPLE"


@pytest.mark.parametrize(
    "authorization", ["AWS4-HMAC-SHA256", SIGV4.replace("execute-api", "s3"), SIGV4.replace("a" * 64, "short")]
)
def test_a_malformed_iam_signature_is_forbidden(function: _Recorder, authorization: str) -> None:
    """The function is not invoked."""
    response = _open(function, headers={"authorization": authorization})
    assert (response.status_code, function.events) == (403, [])


def test_without_access_keys_only_iam_is_accepted(function: _Recorder) -> None:
    """The template's default."""
    assert _open(function, access_keys=False).status_code == 403
    assert _open(function, access_keys=False, headers={"authorization": SIGV4}).status_code == 202


def test_more_than_an_event_holds_is_too_large(function: _Recorder) -> None:
    """Lambda's limit is six megabytes."""
    response = _open(function, method="POST", data=b"x" * (6 * 1024 * 1024 + 1))
    assert (response.status_code, function.events) == (413, [])
