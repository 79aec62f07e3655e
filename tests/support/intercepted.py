"""Ports whose calls pass through a function of the test, which may count, fail, delay or kill them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Intercepted", "Killed"]


class Killed(BaseException):
    """The end of a process. Nothing in the product catches it, as no code runs after a real kill."""


class Intercepted:
    """A port that makes each call through ``around(name, arguments, effect)``, and returns what that returns.

    ``arguments`` are the values, positional ones first.
    """

    def __init__(self, inner: Any, around: Callable[[str, tuple[Any, ...], Callable[[], Any]], Any]) -> None:
        self.inner = inner
        self._around = around

    def __getattr__(self, name: str) -> Any:
        member = getattr(self.inner, name)
        if not callable(member):
            return member
        return lambda *given, **named: self._around(name, (*given, *named.values()), lambda: member(*given, **named))
