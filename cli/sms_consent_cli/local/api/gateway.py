"""Hand HTTP requests to ApiFunction on one port, as API Gateway's two HTTP APIs of the template do.

A request signed with AWS Signature Version 4 goes to the first API, which asks for IAM. Any other goes to the second API, which
has no authorizer: there ApiFunction verifies the access key.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from werkzeug.wrappers import Request, Response

from sms_consent_cli.local.aws_environment import ACCOUNT
from sms_consent_cli.local.function import FunctionFailed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Gateway", "Invoke"]

Invoke = Callable[[Mapping[str, Any]], Any]
"""Calls a function of the stack. Raises FunctionFailed."""

MOST_BYTES = 10 * 1024 * 1024
"""Maximum payload of an HTTP API, in bytes (a fixed quota)."""
MOST_TO_LAMBDA = 6 * 1024 * 1024
"""Maximum size of an event of a synchronous invocation, in bytes."""
DRAINED = 64 * 1024 * 1024
"""Bytes of a too large body that are read nevertheless, so that the client can read the response."""

_SIGV4 = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Za-z0-9_-]+)/\d{8}/[a-z0-9-]+/execute-api/aws4_request,\s*"
    r"SignedHeaders=[a-z0-9;-]+,\s*Signature=[0-9a-f]{64}"
)
_TEXT = re.compile(r"(text/|application/(json|javascript|xml|[a-z0-9.+-]+\+json))", re.IGNORECASE)


class Gateway:
    """A WSGI application."""

    def __init__(self, function: Invoke, *, access_keys: bool, now: Callable[[], datetime]) -> None:
        """``access_keys``: whether the second API exists. ``now``: the clock of the callers' signatures."""
        self._function = function
        self._access_keys = access_keys
        self._now = now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        body = _body(request)
        if body is None:
            return _own(413, "Request Entity Too Large")
        event = self._event(request)
        try:
            if self._is_for_iam(event):
                match = _SIGV4.fullmatch(event["headers"].get("authorization", ""))
                if match is None:
                    return _own(403, "Forbidden")
                # The secret of an access key id is unknown here: like moto, this accepts any signature.
                event["requestContext"]["authorizer"] = {"iam": _principal(match[1])}
            return _response(self._function({**event, **_as_payload(request, body)}))
        except FunctionFailed:
            return _own(500, "Internal Server Error")

    def _is_for_iam(self, event: Mapping[str, Any]) -> bool:
        authorization: str = event["headers"].get("authorization", "")
        return not self._access_keys or authorization.startswith("AWS4-HMAC-SHA256")

    def _event(self, request: Request) -> dict[str, Any]:
        now = self._now()
        return {
            "version": "2.0",
            "routeKey": "$default",
            # Percent-encoding is decoded, as in an HTTP API.
            "rawPath": request.path,
            "rawQueryString": request.query_string.decode("latin-1"),
            "queryStringParameters": {name: ",".join(values) for name, values in request.args.lists()},
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": "local",
                "domainName": request.host,
                "http": {
                    "method": request.method,
                    "path": request.path,
                    "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                    "sourceIp": request.remote_addr or "127.0.0.1",
                    "userAgent": request.headers.get("user-agent", ""),
                },
                "requestId": uuid4().hex,
                "routeKey": "$default",
                "stage": "$default",
                "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
                "timeEpoch": int(now.timestamp() * 1000),
            },
            "isBase64Encoded": False,
        }


def _body(request: Request) -> bytes | None:
    """Return the body, or None if it is too large."""
    found, size = [], 0
    while size < DRAINED and (chunk := request.stream.read(64 * 1024)):
        size += len(chunk)
        if size <= MOST_BYTES:
            found.append(chunk)
    return b"".join(found) if size <= min(MOST_BYTES, MOST_TO_LAMBDA) else None


def _as_payload(request: Request, body: bytes) -> dict[str, Any]:
    """Return the body as text if its content type says so and it is UTF-8, otherwise in base64."""
    if not body:
        return {}
    if _TEXT.match(request.headers.get("content-type", "text/plain")):
        with suppress(UnicodeDecodeError):
            return {"body": body.decode()}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _principal(access_key_id: str) -> dict[str, Any]:
    return {
        "accessKey": access_key_id,
        "accountId": ACCOUNT,
        "callerId": access_key_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{ACCOUNT}:user/{access_key_id}",
        "userId": access_key_id,
    }


def _response(answer: Mapping[str, Any]) -> Response:
    return Response(answer["body"], answer["statusCode"], dict(answer["headers"]))


def _own(status: int, message: str) -> Response:
    """Return a response of API Gateway itself, in its fixed form."""
    return Response(f'{{"message":"{message}"}}', status, content_type="application/json")
