"""The rate limiter: spaces calls by the API's quotas, and pauses after a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Semaphore
from typing import TypeVar

from sms_consent.domain.errors import OutOfTime, Throttled
from sms_consent.domain.ports import Clock

__all__ = ["Call", "RateLimiter"]

T = TypeVar("T")

REST = timedelta(seconds=1)
"""Quotas count requests per second, so the next second is the first in which a refused call can succeed.

After a call without a response, a worker that tried again at once would spend its time waiting for time-outs, and its batch
with it. What it leaves undone is recorded, and due.
"""


class Call(StrEnum):
    """Calls with a quota each."""

    PUT = "PutOptedOutNumber"
    DELETE = "DeleteOptedOutNumber"
    FIND = "DescribeOptedOutNumbers"
    SEND = "SendTextMessage"


class RateLimiter:
    """Spaces the calls of one worker. Without rates, it only remembers refusals."""

    def __init__(
        self, clock: Clock, rates: Mapping[Call, float] | None = None, *, at_once: Mapping[Call, float] | None = None
    ) -> None:
        """Create a limiter.

        ``rates`` are requests per second. ``at_once`` are the calls that threads of this worker may have running at the same
        time: a call beyond a second's quota would only be refused.
        """
        self._clock = clock
        self._rooms = {call: Semaphore(max(int(most), 1)) for call, most in (at_once or {}).items()}
        self._gaps = {call: timedelta(seconds=1 / rate) for call, rate in (rates or {}).items()}
        self._turn_at: dict[Call, datetime] = {}
        self._rest_until: dict[Call, datetime] = {}

    def begin(self) -> None:
        """Start a run: another worker may have called a moment ago, so the first call waits for a full gap."""
        now = self._clock.now()
        for call, gap in self._gaps.items():
            self._turn_at[call] = max(self._turn_at.get(call, now), now + gap)

    def resting(self, call: Call) -> bool:
        """Return whether such a call was refused for its rate, or got no response, a moment ago."""
        rest_until = self._rest_until.get(call)
        return rest_until is not None and self._clock.now() < rest_until

    def ready(self, call: Call) -> bool:
        """Return whether the call could be made without waiting."""
        turn = self._turn_at.get(call)
        return not self.resting(call) and (turn is None or turn <= self._clock.now())

    def take(self, call: Call) -> None:
        """Wait until the call may be made."""
        gap = self._gaps.get(call)
        if gap is None:
            return
        wait = self._turn_at.get(call, self._clock.now()) - self._clock.now()
        if wait > timedelta():
            self._clock.sleep(wait.total_seconds())
        self._turn_at[call] = self._clock.now() + gap

    def run(self, call: Call, make: Callable[[], T], *, before: datetime | None = None) -> T:
        """Make a call as soon as it may be made, and return its result.

        Args:
            call: The call, for its quota.
            make: Makes it.
            before: When it must have begun at the latest.

        Raises:
            Throttled: A call that it waited for was refused.
            OutOfTime: The time ``before`` has come.
        """
        room = self._rooms.get(call)
        if room is None:
            self.take(call)
            self._require(before)
            return make()
        waited = not room.acquire(blocking=False)
        if waited:
            room.acquire()
        try:
            if waited and self.resting(call):
                raise Throttled("another such call was refused a moment ago")
            self._require(before)
            return make()
        finally:
            room.release()

    def _require(self, before: datetime | None) -> None:
        if before is not None and self._clock.now() >= before:
            raise OutOfTime("too late to begin the call")

    def refused(self, call: Call) -> None:
        """Note that a call was refused for its rate, or got no response."""
        self._rest_until[call] = self._clock.now() + REST
