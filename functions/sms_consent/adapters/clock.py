"""The system clock, and the deadline of the invocation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sms_consent.domain.errors import OutOfTime

__all__ = ["MARGIN", "Deadline", "SystemClock", "deadline"]

MARGIN = 1.0
"""Seconds kept for what follows the last call: logs, metrics, the response."""


class SystemClock:
    """The machine's clock as the ``Clock`` port."""

    def now(self) -> datetime:
        """Return the UTC time to the millisecond."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def latest(self) -> datetime:
        """Return the same: AWS keeps the clocks of functions exact."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Deadline:
    """The end of the current invocation. One object serves a process, since Lambda runs one invocation at a time in it.

    Outside an invocation, time is unlimited.
    """

    def __init__(self) -> None:
        self._remaining_ms: Callable[[], int] | None = None

    @contextmanager
    def of(self, remaining_ms: Callable[[], int]) -> Iterator[None]:
        """Apply the limit of an invocation inside the context. ``remaining_ms`` is ``get_remaining_time_in_millis`` of its
        context."""
        self._remaining_ms = remaining_ms
        try:
            yield
        finally:
            self._remaining_ms = None

    def allows(self, seconds: float) -> bool:
        """Return whether work of this duration would end in time."""
        remaining_ms = self._remaining_ms
        return remaining_ms is None or remaining_ms() / 1000 - MARGIN >= seconds

    def require(self, seconds: float, **_: Any) -> None:
        """Raise OutOfTime unless work of this duration would end in time. Also a handler of botocore's ``before-call``."""
        if not self.allows(seconds):
            raise OutOfTime("too little time left in this invocation")


deadline = Deadline()
"""The end of the current invocation. A client starts no call that could outlast it."""
