"""The system clock, and what depends on it: the deadline of the invocation, and caches whose entries expire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sms_consent.domain.errors import OutOfTime
from sms_consent.domain.ports import Clock, ConsentLedger, Sender

__all__ = ["MARGIN", "Deadline", "SenderCache", "SystemClock", "TimedCache", "deadline"]

MARGIN = 1.0
"""Seconds kept for what follows the last call: logs, metrics, the response."""

REMEMBERED_FOR = timedelta(minutes=1)
MOST = 10_000
"""Entries that a cache keeps at once."""

K = TypeVar("K")
V = TypeVar("V")


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


class TimedCache(Generic[K, V]):
    """Reads a value when it is first needed, and again after a minute.

    Our own, since cachetools' TTLCache would keep an entry for longer when the clock is set back, and drops the expired value
    that the access keys fall back on. Threads may share it; two may then read the same value at once.
    """

    def __init__(self, read: Callable[[K], V], clock: Clock) -> None:
        """``read`` may raise; its error reaches the caller, and nothing is cached."""
        self._read = read
        self._clock = clock
        self._known: dict[K, tuple[datetime, V]] = {}

    def __call__(self, key: K) -> V:
        """Return the value, read at most a minute ago."""
        now = self._clock.now()
        known = self._known.get(key)
        if known is not None and timedelta() <= now - known[0] < REMEMBERED_FOR:
            return known[1]
        value = self._read(key)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = now, value
        return value

    def expired(self, key: K, within: timedelta) -> V | None:
        """Return the value that was read last if that was less than ``within`` ago."""
        known = self._known.get(key)
        return known[1] if known is not None and self._clock.now() - known[0] < within else None


class SenderCache(TimedCache[str, Sender | None]):
    """The settings of senders by identity, None for a sender without settings. A change takes effect within a minute."""

    def __init__(self, ledger: ConsentLedger, clock: Clock) -> None:
        super().__init__(ledger.sender, clock)
