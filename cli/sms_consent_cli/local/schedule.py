"""Decides when a function with a schedule runs next, in local time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

__all__ = ["Schedule", "interval_of"]

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def interval_of(expression: str) -> timedelta | None:
    """How often a rate expression runs; None for another kind of expression."""
    match = _RATE.fullmatch(expression.strip())
    return int(match[1]) * _UNITS[match[2]] if match else None


class Schedule:
    """One schedule. After a step in time it runs once, however often it would have run meanwhile."""

    def __init__(self, function_name: str, interval: timedelta, now: datetime) -> None:
        self.function_name = function_name
        self._interval = interval
        self.next_at = now + interval

    def take_turn(self, now: datetime) -> bool:
        """Whether it is due; if so, it counts as run."""
        if now < self.next_at:
            return False
        self.next_at = now + self._interval
        return True
