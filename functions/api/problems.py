"""Error responses in the formats of Azure Communication Services. They never contain input.

Errors about a field are problem details (RFC 9457); all others have Azure's ``{"error": {"code", "message"}}``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response, content_types

from api.event import ApiEvent
from api.models import ErrorResponse, Problem

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

__all__ = [
    "DESCRIBED_ERRORS",
    "ERROR",
    "PROBLEM",
    "ApiError",
    "failed",
    "invalid",
    "invalid_request",
    "keys_unavailable",
    "method_not_allowed",
    "not_found",
    "unauthorized",
    "unavailable",
]

_PROBLEM_JSON = "application/problem+json"
_BAD_REQUEST = "https://tools.ietf.org/html/rfc9110#section-15.5.1"
_TOO_LARGE = "https://tools.ietf.org/html/rfc9110#section-15.5.14"
_JSON_WORDING = {"model_type": "Input should be an object", "list_type": "Input should be a valid array"}
"""pydantic's messages for JSON. Within Powertools' validation, it has those for Python, which name classes."""
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}[a-z-]{0,20}", re.ASCII)

ERROR: Any = {content_types.APPLICATION_JSON: {"model": ErrorResponse}}
PROBLEM: Any = {_PROBLEM_JSON: {"model": Problem}}
DESCRIBED_ERRORS: dict[int, OpenAPIResponse] = {
    401: {"description": "No credentials or wrong ones. The response never says which.", "content": ERROR},
    429: {
        "description": "Throttled by API Gateway.",
        "content": {content_types.APPLICATION_JSON: {"schema": {"type": "object"}}},
    },
    500: {"description": "An unexpected failure.", "content": ERROR},
    503: {"description": "The ledger did not answer. Send the request again.", "content": ERROR},
}
"""The errors of every operation, for its OpenAPI description."""


class ApiError(Exception):
    """A request that gets an error response."""

    def __init__(self, response: Response[str]) -> None:
        super().__init__(response.status_code)
        self.response = response


def unauthorized() -> Response[str]:
    """Return the 401 response, the same for every reason, as a reason would help to guess keys."""
    body = {"error": {"code": "Unauthorized", "message": ""}}
    return _response(401, body, headers={"www-authenticate": "HMAC-SHA256"})


def invalid_request(event: ApiEvent, errors: Iterable[Mapping[str, Any]]) -> Response[str]:
    """Return the response to a request that failed validation. An unsupported API version takes precedence, then the body's size.

    Args:
        errors: pydantic's errors, whose locations begin with the part of the request.
    """
    messages: dict[str, list[str]] = {}
    for error in errors:
        if error["loc"] == ("query", "api-version"):
            return _unsupported_version(event, event.query_string_parameters.get("api-version", ""))
        if error["type"] == "too_large":
            return _problem(event, 413, _TOO_LARGE, "The request is too large.", {"$": [error["msg"]]})
        field = _field(error["loc"][1:])
        missing_body = (error["type"], field) == ("missing", "$")
        message = "A request body is required." if missing_body else _JSON_WORDING.get(error["type"], error["msg"])
        messages.setdefault(field, []).append(message)
    return invalid(event, messages)


def invalid(event: ApiEvent, messages: Mapping[str, list[str]]) -> Response[str]:
    """Return a 400 with the messages for each field."""
    return _problem(event, 400, _BAD_REQUEST, "One or more validation errors occurred.", messages)


def not_found() -> Response[str]:
    """Return a 404."""
    return _error(404, "NotFound", "There is no such resource.")


def method_not_allowed(allowed: Iterable[str]) -> Response[str]:
    """Return a 405, for a known path with another method."""
    names = ", ".join(sorted(allowed))
    return _error(405, "MethodNotAllowed", f"The resource answers {names} only.", {"allow": names})


def unavailable() -> Response[str]:
    """Return a 503. The request can be repeated with the same x-ms-client-request-id, without effect if it was processed."""
    return _error(503, "ServiceUnavailable", "The ledger did not answer. Send the request again.", {"retry-after": "1"})


def keys_unavailable() -> Response[str]:
    """Return a 503 for access keys that cannot be read. Nothing was recorded."""
    message = "The access key could not be verified. Send the request again."
    return _error(503, "ServiceUnavailable", message, {"retry-after": "1"})


def failed() -> Response[str]:
    """Return a 500 for an unexpected error, whose type is in the log."""
    return _error(500, "InternalServerError", "The request failed. It may have been recorded in part.")


def _unsupported_version(event: ApiEvent, version: str) -> Response[str]:
    if not version:
        return _error(400, "ApiVersionUnspecified", "An API version is required, but was not specified.")
    # A text that does not look like a version is not repeated.
    host, shown = event.headers.get("host", ""), version if _VERSION.fullmatch(version) else "requested"
    return _error(
        400,
        "InvalidApiVersion",
        f"The HTTP resource that matches the request URI 'https://{host}{event.raw_path}' does not support the API version "
        f"'{shown}'.",
    )


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response[str]:
    return _response(status, {"error": {"code": code, "message": message, "innerError": None}}, headers=headers)


def _problem(event: ApiEvent, status: int, kind: str, title: str, messages: Mapping[str, list[str]]) -> Response[str]:
    body = {"type": kind, "title": title, "status": status, "errors": messages, "traceId": _trace_id(event)}
    return _response(status, body, _PROBLEM_JSON)


def _response(
    status: int,
    body: Mapping[str, Any],
    content_type: str = content_types.APPLICATION_JSON,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    return Response(status, content_type, json.dumps(body), headers=headers)


def _trace_id(event: ApiEvent) -> str:
    """Return a trace id in W3C format, derived from API Gateway's request id."""
    digest = hashlib.sha256(event.request_context.request_id.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-00"


def _field(location: Sequence[int | str]) -> str:
    """Return a field's path, such as ``recipients[0].to``; ``$`` is the whole body."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "$"
