"""RetentionFunction behind its real handler, in the deployment of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from handlers.retention import handler
from sms_consent.bootstrap.ledger_only import retention

__all__ = ["retention_function"]


class _Context:
    aws_request_id = "request"

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@contextmanager
def retention_function(monkeypatch: pytest.MonkeyPatch, days: str = "30") -> Iterator[Callable[..., int]]:
    """How many texts one invocation takes out."""
    monkeypatch.setenv("BODY_RETENTION_DAYS", days)
    retention.cache_clear()

    def run(milliseconds: int = 900_000) -> int:
        return handler({}, _Context(milliseconds))["texts"]  # type: ignore[arg-type]  # the member that the handler uses

    yield run
    retention.cache_clear()
