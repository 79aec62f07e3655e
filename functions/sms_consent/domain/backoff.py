"""Exponential back-off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a call is repeated: ``first``, doubled with each attempt, and never longer than ``most``."""

    first: timedelta
    most: timedelta

    def after(self, attempts: int) -> timedelta:
        """Return the wait after a number of failed attempts, of which the first is 0."""
        return min(self.first * (1 << min(attempts, 20)), self.most)
