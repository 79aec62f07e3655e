"""A clock that only moves when it is told to, or when somebody waits by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["NOON", "FakeClock", "WaitingClock"]

NOON = datetime(2026, 11, 3, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """The ``Clock`` port without real waiting."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def latest(self) -> datetime:
        return self.now()

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, elapsed: timedelta) -> None:
        """Time never runs backwards; it is kept to the millisecond, as the real clock gives it."""
        self.move_to(self._now + max(elapsed, timedelta()))

    def move_to(self, moment: datetime) -> None:
        """Rounded up: who waits until a moment finds it has come."""
        if moment > self._now:
            excess = moment.microsecond % 1000
            self._now = moment + timedelta(microseconds=(1000 - excess) % 1000)


class WaitingClock:
    """The clock of a simulated worker: other things happen while it sleeps."""

    def __init__(self, now: Callable[[], datetime], wait: Callable[[timedelta], object]) -> None:
        self.now = now
        self.latest = now
        self._wait = wait

    def sleep(self, seconds: float) -> None:
        self._wait(timedelta(seconds=seconds))
