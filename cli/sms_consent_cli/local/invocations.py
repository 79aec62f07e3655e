"""Lambda's Invoke operation for the functions of the local stack, which moto cannot run in this process.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from sms_consent_cli.local.function import FunctionFailed
from sms_consent_cli.local.stack import LocalStack

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Invocations"]

_PATH = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?")
_QUALIFIERS = frozenset({"", "$LATEST", "live"})
"""The alias in template.yaml and the unpublished version. Both mean the same code here."""


class Invocations:
    """A WSGI application for this one operation."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack

    def serves(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request is an invocation."""
        return environ.get("REQUEST_METHOD") == "POST" and _PATH.fullmatch(environ.get("PATH_INFO", "")) is not None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        match = _PATH.fullmatch(request.path)
        named = unquote(match["name"]) if match is not None else ""
        # A name, an ARN, or either with a qualifier.
        name, _, qualifier = named.rpartition(":function:")[2].partition(":")
        qualifier = request.args.get("Qualifier", qualifier)
        if name not in self._stack.functions or qualifier not in _QUALIFIERS:
            return _refused(404, "ResourceNotFoundException", f"Function not found: {name}")
        try:
            event = json.loads(request.get_data() or b"{}")
        except (ValueError, RecursionError):
            return _refused(400, "InvalidRequestContentException", "Could not parse request body into json")
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return Response(status=204)
        if kind == "Event":
            self._stack.call_later(name, event)
            return Response(status=202)
        try:
            return _json(200, self._stack.call(name, event))
        except FunctionFailed as failed:
            answer = _json(200, {"errorMessage": str(failed), "errorType": "FunctionFailed"})
            answer.headers["X-Amz-Function-Error"] = "Unhandled"
            return answer


def _refused(status: int, code: str, message: str) -> Response:
    answer = _json(status, {"Type": "User", "Message": message})
    answer.headers["X-Amzn-ErrorType"] = code
    return answer


def _json(status: int, content: Any) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
