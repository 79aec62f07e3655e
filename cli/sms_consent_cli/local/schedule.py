"""Schedules of functions, in local time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

__all__ = ["Schedule", "interval_of"]

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def interval_of(expression: str) -> timedelta | None:
    """Return the interval of a rate expression, or None for another kind of expression."""
    match = _RATE.fullmatch(expression.strip())
    return int(match[1]) * _UNITS[match[2]] if match else None


class Schedule:
    """One schedule. After the local time is advanced it runs once, even if several intervals have passed."""

    def __init__(self, function_name: str, interval: timedelta, now: datetime) -> None:
        self.function_name = function_name
        self._interval = interval
        self.next_at = now + interval

    def take_turn(self, now: datetime) -> bool:
        """Return whether the schedule is due, and count it as run if so."""
        if now < self.next_at:
            return False
        self.next_at = now + self._interval
        return True
