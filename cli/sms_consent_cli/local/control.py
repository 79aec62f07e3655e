"""Control of the served stack over HTTP, for tests: time, inbound texts, faults, and waiting for completion."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

import moto_sms_voice
from moto_sms_voice.pinpointsmsvoicev2.exceptions import ServiceError
from sms_consent.domain.time import as_text
from sms_consent_cli.local.assembly import Local
from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.demo_numbers import DEFAULT
from sms_consent_cli.local.local_time import span_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["PREFIX", "Control"]

PREFIX = "/_local"
"""No AWS API has paths with this prefix."""


class _Refused(Exception):
    """An invalid request. The response is a JSON object with ``error``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """A WSGI application for everything below ``/_local``."""

    def __init__(self, local: Local, description: Mapping[str, Any], certificate: str) -> None:
        self._stack = local.stack
        self._description = description
        self._certificate = certificate
        self._backend = moto_sms_voice.backend(ACCOUNT, REGION)
        self._actions: dict[tuple[str, str], Callable[[dict[str, Any]], object]] = {
            ("GET", ""): self._describe,
            ("GET", "/clock"): self._now,
            ("POST", "/clock"): self._advance,
            ("POST", "/drain"): self._drain,
            ("GET", "/texts"): self._texts,
            ("POST", "/text"): self._text,
            ("POST", "/faults"): self._faults,
            ("GET", "/env-vars"): self._env_vars,
            ("GET", "/certificate"): lambda _: self._certificate,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            answer, status = self._answer(request), 200
        except _Refused as refusal:
            answer, status = {"error": str(refusal)}, refusal.status
        if isinstance(answer, str):  # the certificate, to save as a file
            return Response(answer, content_type="application/x-pem-file")(environ, start_response)
        return Response(json.dumps(answer) + "\n", status, content_type="application/json")(environ, start_response)

    def _answer(self, request: Request) -> object:
        path = request.path.removeprefix(PREFIX).rstrip("/")
        action = self._actions.get((request.method, path))
        if action is None:
            methods = [method for method, known in self._actions if known == path]
            if methods:
                raise _Refused(405, f"use {' or '.join(methods)}")
            known = ", ".join(sorted({PREFIX + path for _, path in self._actions}))
            raise _Refused(404, f"not found; the paths are {known}")
        return action(_object(request) if request.method == "POST" else {"address": request.host_url.rstrip("/")})

    def _describe(self, _: dict[str, Any]) -> object:
        return self._description

    def _now(self, _: dict[str, Any]) -> object:
        return {"now": as_text(self._stack.time.now())}

    def _advance(self, given: dict[str, Any]) -> object:
        seconds = _take(given, "advance_seconds", int, float)
        _reject_unknown(given)
        try:
            span = span_of(seconds)
        except ValueError as error:
            raise _Refused(400, f"advance_seconds {error}") from error
        return {"now": as_text(self._stack.advance(span))}

    def _drain(self, given: dict[str, Any]) -> object:
        _reject_unknown(given)
        drained = self._stack.drain()
        return {
            "now": as_text(drained.now),
            "in_flight": drained.in_flight,
            "stuck": drained.stuck,
            "next_due_at": as_text(drained.next_due_at) if drained.next_due_at is not None else None,
        }

    def _texts(self, _: dict[str, Any]) -> object:
        return [
            {
                "to": text.to,
                "from": text.from_,
                "body": text.body,
                "at": _moment(text.at),
                "message_id": text.message_id,
            }
            for text in self._backend.sent_texts()
        ]

    def _text(self, given: dict[str, Any]) -> object:
        sender, to, body = (_take(given, name, str) for name in ("from", "to", "body"))
        _reject_unknown(given)
        try:
            inbound_id = self._backend.receive_text(sender, to, body)
        except ServiceError as error:
            known = f"{DEFAULT} is one; --number adds another"
            raise _Refused(
                404, f"to is no number that this stack can receive texts for ({error.code}): {known}"
            ) from error
        self._stack.wake()
        return {"inbound_message_id": inbound_id}

    def _faults(self, given: dict[str, Any]) -> object:
        operation, error = (_take(given, name, str) for name in ("operation", "error"))
        times = _take({"times": 1} | given, "times", int)
        given.pop("times", None)
        _reject_unknown(given)
        try:
            self._backend.fail_next(operation, error, times)
        except ValueError as problem:
            raise _Refused(400, str(problem)) from problem
        return {}

    def _env_vars(self, asked: dict[str, Any]) -> object:
        """Return a file for ``sam local invoke --env-vars``, which cannot resolve a template's references itself.

        The endpoint is the address of this request: a container cannot reach this machine by loopback.
        """
        endpoint = {"AWS_ENDPOINT_URL": asked["address"]}
        return {name: function.environment | endpoint for name, function in self._stack.functions.items()}


def _object(request: Request) -> dict[str, Any]:
    """Return the body as an object, empty if there is no body. The content type is ignored."""
    try:
        given = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError) as error:
        raise _Refused(400, "the body is not JSON") from error
    if not isinstance(given, dict):
        raise _Refused(400, "the body is not a JSON object")
    return given


def _take(given: dict[str, Any], name: str, *types: type) -> Any:
    value = given.pop(name, None)
    if not isinstance(value, types) or isinstance(value, bool):
        raise _Refused(400, f"{name} is missing or not a {'number' if int in types else 'string'}")
    return value


def _reject_unknown(given: Mapping[str, Any]) -> None:
    """Raise _Refused for unknown members: ignoring a misspelt one would hide a mistake."""
    if given:
        raise _Refused(400, f"unknown: {', '.join(sorted(given))}")


def _moment(naive: datetime) -> str:
    """Return the time as text. moto's times are naive UTC."""
    return as_text(naive.replace(tzinfo=UTC))
