"""When a list is asked: in its turn by the API's rate, and again after a refusal that may pass, until the time is up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sms_consent.domain.errors import TryAgain
from sms_consent.domain.ports import Clock
from sms_consent.domain.rate_limiter import Call, RateLimiter

__all__ = ["RateLimitedReader", "TimeIsUp"]

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)
ATTEMPTS = 10
"""About three minutes of nothing but refusals: then whoever waits is told."""

T = TypeVar("T")


class TimeIsUp(Exception):
    """What is left is for the next invocation."""


class RateLimitedReader:
    """Makes calls of DescribeOptedOutNumbers, which change nothing: each may be repeated."""

    def __init__(self, pace: RateLimiter, clock: Clock, until: datetime, meanwhile: Callable[[], None]) -> None:
        """``meanwhile`` is called before each call: waiting may last as long as the service fails."""
        self._pace = pace
        self._clock = clock
        self._until = until
        self._meanwhile = meanwhile

    def __call__(self, call: Callable[[], T]) -> T:
        """The answer. Raises TimeIsUp, Rejected, or at last TryAgain."""
        wait = FIRST_WAIT
        attempts = 0
        while self._clock.now() < self._until:
            self._meanwhile()
            self._pace.take(Call.FIND)
            try:
                return call()
            except TryAgain:
                attempts += 1
                if attempts == ATTEMPTS:
                    raise
                self._clock.sleep(wait.total_seconds())
                wait = min(2 * wait, LONGEST_WAIT)
        raise TimeIsUp
