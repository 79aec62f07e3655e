"""Which request is answered by what, once its caller is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from api import problems
from api.caller import Caller
from api.http import Request, Response
from api.openapi import description
from api.opt_outs import OptOuts
from api.people import People
from sms_consent.domain.errors import TryAgain

__all__ = ["Answered", "Api"]


@dataclass(frozen=True, slots=True)
class _Call:
    """A request by somebody who may come in."""

    request: Request
    caller: Caller
    number: str
    hurry_from: datetime


@dataclass(frozen=True, slots=True)
class _Route:
    path: str
    method: str
    answer: Callable[[_Call], Response]

    def match(self, path: str) -> re.Match[str] | None:
        return re.fullmatch(self.path.replace("{number}", "(?P<number>[^/]+)"), path)


@dataclass(frozen=True, slots=True)
class Answered:
    """A response, and what a log may say about it: the route, never the path, which may hold a number."""

    response: Response
    route: str = "none"
    caller: str | None = None
    refusal: str | None = None


class Api:
    """All routes."""

    def __init__(self, opt_outs: OptOuts, people: People) -> None:
        self._routes = (
            _Route("/sms/optouts:add", "POST", lambda call: opt_outs.add(call.request, call.caller, call.hurry_from)),
            _Route(
                "/sms/optouts:remove", "POST", lambda call: opt_outs.remove(call.request, call.caller, call.hurry_from)
            ),
            _Route("/sms/optouts:check", "POST", lambda call: opt_outs.check(call.request)),
            _Route("/numbers/{number}", "GET", lambda call: people.number(call.request, call.number)),
            _Route("/numbers/{number}/decisions", "GET", lambda call: people.decisions(call.request, call.number)),
            _Route("/openapi.json", "GET", lambda _: Response(200, description())),
        )

    def answer(self, request: Request, caller: Caller, hurry_from: datetime) -> Answered:
        """After ``hurry_from``, what takes long is left to others."""
        path = unquote(request.path)
        found = [(route, match) for route in self._routes if (match := route.match(path)) is not None]
        for route, match in found:
            if route.method == request.method:
                call = _Call(request, caller, match.groupdict().get("number", ""), hurry_from)
                return self._answer(route, call)
        if found:
            return Answered(problems.method_not_allowed(route.method for route, _ in found), caller=caller.identity)
        return Answered(problems.not_found(), caller=caller.identity)

    def _answer(self, route: _Route, call: _Call) -> Answered:
        try:
            return Answered(route.answer(call), route.path, call.caller.identity)
        except TryAgain:
            return Answered(problems.unavailable(), route.path, call.caller.identity)
