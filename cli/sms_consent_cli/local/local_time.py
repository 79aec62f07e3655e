"""Decides what time it is for everything in this process: functions, queues, topic and emulator alike."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import time_machine

__all__ = ["LocalTime", "span_of"]

MOST = timedelta(days=3650)
"""How far one step goes at the most; beyond it, certificates and datetime itself run out."""


def span_of(seconds: float) -> timedelta:
    """Raises ValueError for what is no time that lies ahead."""
    if not math.isfinite(seconds) or not 0 <= seconds <= MOST.total_seconds():
        raise ValueError(f"must be a number of seconds from 0 to {MOST.total_seconds():.0f}")
    return timedelta(seconds=seconds)


class LocalTime:
    """The process's clock, which runs as usual and can be moved on.

    Only the time of day is moved. Threads wait by the monotonic clock, which stays the machine's, so a step of 31 days
    neither wakes nor starves a server.
    """

    def __init__(self) -> None:
        # An aware start in UTC also puts the process into UTC, as Lambda is.
        self._traveller = time_machine.travel(datetime.now(UTC), tick=True).start()

    def now(self) -> datetime:
        """The present moment, here."""
        return datetime.now(UTC)

    def machine_now(self) -> datetime:
        """The machine's own time, which clients have too, however far this process has moved on."""
        return datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC)

    def advance(self, span: timedelta) -> None:
        """Move on; never back."""
        self._traveller.shift(max(span, timedelta()))
