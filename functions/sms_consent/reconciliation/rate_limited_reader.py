"""Rate-limited reads of opt-out lists, with retries until the invocation's time is up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sms_consent.domain.backoff import Backoff
from sms_consent.domain.errors import TryAgain
from sms_consent.domain.ports import Call, Clock, RateLimiter

__all__ = ["RateLimitedReader", "TimeIsUp"]

BACKOFF = Backoff(timedelta(seconds=1), timedelta(seconds=30))
ATTEMPTS = 10
"""Attempts at one call: about three minutes with back-off. Then the error is raised."""

T = TypeVar("T")


class TimeIsUp(Exception):
    """The invocation's time is up. The next one continues."""


class RateLimitedReader:
    """Calls DescribeOptedOutNumbers within the API's rate. Calls are read-only and are retried."""

    def __init__(self, rate_limiter: RateLimiter, clock: Clock, until: datetime, meanwhile: Callable[[], None]) -> None:
        """Set up the reader.

        Args:
            until: After this time, calls raise TimeIsUp.
            meanwhile: Called before each attempt, for example to renew a lease.
        """
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._until = until
        self._meanwhile = meanwhile

    def __call__(self, call: Callable[[], T]) -> T:
        """Make the call and return its result. Raises TimeIsUp, Rejected, or TryAgain after the last attempt."""
        attempts = 0
        while self._clock.now() < self._until:
            self._meanwhile()
            self._rate_limiter.take(Call.FIND)
            try:
                return call()
            except TryAgain:
                attempts += 1
                if attempts == ATTEMPTS:
                    raise
                self._clock.sleep(BACKOFF.after(attempts - 1).total_seconds())
        raise TimeIsUp
