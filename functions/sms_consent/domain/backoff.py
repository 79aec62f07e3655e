"""Exponential back-off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off: waits ``first``, doubled with each failure, up to ``most``."""

    first: timedelta
    most: timedelta

    def after(self, attempts: int) -> timedelta:
        """Return how long to wait after a failed attempt. ``attempts`` is the number of failures before it."""
        return min(self.first * (1 << min(attempts, 20)), self.most)
