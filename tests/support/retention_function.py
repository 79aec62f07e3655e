"""RetentionFunction behind its real handler, in the deployment of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from handlers.retention import handler
from sms_consent.bootstrap.ledger_only import retention
from support.lambda_context import Context

__all__ = ["retention_function"]


@contextmanager
def retention_function(monkeypatch: pytest.MonkeyPatch, days: str = "30") -> Iterator[Callable[..., int]]:
    """How many texts one invocation takes out."""
    monkeypatch.setenv("BODY_RETENTION_DAYS", days)
    retention.cache_clear()

    def run(milliseconds: int = 900_000) -> int:
        return handler({}, Context(milliseconds=milliseconds))["texts"]  # type: ignore[arg-type]  # the member that the handler uses

    yield run
    retention.cache_clear()
