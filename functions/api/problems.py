"""How each failure is answered, in the forms that Azure Communication Services uses; none of them quotes what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from api.http import PROBLEM, Request, Response

__all__ = [
    "failed",
    "invalid",
    "keys_unavailable",
    "malformed",
    "method_not_allowed",
    "not_found",
    "too_large",
    "unauthorized",
    "unavailable",
    "unspecified_version",
    "unsupported_version",
]

_BAD_REQUEST = "https://tools.ietf.org/html/rfc9110#section-15.5.1"
_TOO_LARGE = "https://tools.ietf.org/html/rfc9110#section-15.5.14"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}[a-z-]{0,20}", re.ASCII)


def unauthorized() -> Response:
    """The same for every refusal: why would help whoever tries keys out."""
    return Response(
        401, {"error": {"code": "Unauthorized", "message": ""}}, headers={"www-authenticate": "HMAC-SHA256"}
    )


def unspecified_version() -> Response:
    """As Azure says it."""
    return _error(400, "ApiVersionUnspecified", "An API version is required, but was not specified.")


def unsupported_version(request: Request, version: str) -> Response:
    """As Azure says it. What does not look like a version is not repeated."""
    host, shown = request.headers.get("host", ""), version if _VERSION.fullmatch(version) else "requested"
    return _error(
        400,
        "InvalidApiVersion",
        f"The HTTP resource that matches the request URI 'https://{host}{request.path}' does not support the API version "
        f"'{shown}'.",
    )


def malformed(request: Request, error: ValidationError) -> Response:
    """A body that is not what the description says."""
    messages: dict[str, list[str]] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        messages.setdefault(_place(each["loc"]), []).append(each["msg"])
    return invalid(request, messages)


def invalid(request: Request, messages: Mapping[str, list[str]]) -> Response:
    """A bad request, with what is wrong about each field."""
    return _problem(request, 400, _BAD_REQUEST, "One or more validation errors occurred.", messages)


def too_large(request: Request, most: int) -> Response:
    """More than any request that could be served."""
    return _problem(
        request, 413, _TOO_LARGE, "The request is too large.", {"$": [f"The body must have at most {most} bytes."]}
    )


def not_found() -> Response:
    """No such route."""
    return _error(404, "NotFound", "There is no such resource.")


def method_not_allowed(allowed: Iterable[str]) -> Response:
    """A route, but with another method."""
    names = ", ".join(sorted(allowed))
    return _error(405, "MethodNotAllowed", f"The resource answers {names} only.", {"allow": names})


def unavailable() -> Response:
    """To be asked again; with the same x-ms-client-request-id, it does nothing twice."""
    return _error(503, "ServiceUnavailable", "The ledger did not answer. Send the request again.", {"retry-after": "1"})


def keys_unavailable() -> Response:
    """The access keys cannot be read, so nobody can be identified by one. Nothing was recorded."""
    message = "The access key could not be verified. Send the request again."
    return _error(503, "ServiceUnavailable", message, {"retry-after": "1"})


def failed() -> Response:
    """Unforeseen; the log has its kind."""
    return _error(500, "InternalServerError", "The request failed. It may have been recorded in part.")


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, {"error": {"code": code, "message": message, "innerError": None}}, headers=headers or {})


def _problem(request: Request, status: int, kind: str, title: str, messages: Mapping[str, list[str]]) -> Response:
    return Response(
        status,
        {
            "type": kind,
            "title": title,
            "status": status,
            "errors": dict(messages),
            "traceId": request.trace_id,
        },
        PROBLEM,
    )


def _place(location: tuple[int | str, ...]) -> str:
    """``recipients[0].to``; ``$`` for the body as a whole."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "$"
