"""The local time: one clock for functions, queues, topic and emulator."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import time_machine

__all__ = ["LocalTime", "span_of"]

MOST = timedelta(days=3650)
"""The largest step: beyond it, certificates expire and datetime overflows."""


def span_of(seconds: float) -> timedelta:
    """Return the time span. Raises ValueError if it is negative, not a number, or too long."""
    if not math.isfinite(seconds) or not 0 <= seconds <= MOST.total_seconds():
        raise ValueError(f"must be a number of seconds from 0 to {MOST.total_seconds():.0f}")
    return timedelta(seconds=seconds)


class LocalTime:
    """The process's clock, which runs as usual and can be advanced.

    Only wall-clock time is changed. Threads wait by the machine's monotonic clock, so a step of 31 days does not affect
    a server's waits.
    """

    def __init__(self) -> None:
        # An aware start in UTC also sets the process's time zone to UTC, as on Lambda.
        self._traveller = time_machine.travel(datetime.now(UTC), tick=True).start()

    def now(self) -> datetime:
        """Return the current local time."""
        return datetime.now(UTC)

    def machine_now(self) -> datetime:
        """Return the machine's time, which clients use, regardless of the local time."""
        return datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC)

    def advance(self, span: timedelta) -> None:
        """Advance the local time."""
        self._traveller.shift(max(span, timedelta()))
