"""When the next call of a kind may be made: within the API's rate, and not again right after a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Semaphore

from sms_consent.domain.errors import Throttled
from sms_consent.domain.ports import Clock

__all__ = ["Call", "RateLimiter"]

REST = timedelta(seconds=1)
"""The quotas count requests a second: after a refusal for the rate, the next second is the first that can help.

After a call without an answer, a worker that tried again at once would spend its life waiting for time-outs, and its
batch with it: what it leaves undone is recorded, and due.
"""


class Call(StrEnum):
    """The calls that have a quota of their own."""

    PUT = "PutOptedOutNumber"
    DELETE = "DeleteOptedOutNumber"
    FIND = "DescribeOptedOutNumbers"
    SEND = "SendTextMessage"


class RateLimiter:
    """Spaces the calls of one worker. Without rates, it only remembers refusals."""

    def __init__(
        self, clock: Clock, rates: Mapping[Call, float] | None = None, *, at_once: Mapping[Call, float] | None = None
    ) -> None:
        """``rates`` are requests a second; ``at_once`` are calls that threads of this worker may have under way together.

        A call that a second has no room for is better not begun beside others: if it is refused, it was for nothing.
        """
        self._clock = clock
        self._rooms = {call: Semaphore(max(int(most), 1)) for call, most in (at_once or {}).items()}
        self._gaps = {call: timedelta(seconds=1 / rate) for call, rate in (rates or {}).items()}
        self._turn_at: dict[Call, datetime] = {}
        self._rest_until: dict[Call, datetime] = {}

    def begin(self) -> None:
        """Another worker, whose turn is over, may have called a moment ago: no call is made before its gap has passed."""
        now = self._clock.now()
        for call, gap in self._gaps.items():
            self._turn_at[call] = max(self._turn_at.get(call, now), now + gap)

    def resting(self, call: Call) -> bool:
        """Whether the service refused such a call for its rate, or did not answer one, a moment ago."""
        rest_until = self._rest_until.get(call)
        return rest_until is not None and self._clock.now() < rest_until

    def ready(self, call: Call) -> bool:
        """Whether the call could be made without waiting for its turn."""
        turn = self._turn_at.get(call)
        return not self.resting(call) and (turn is None or turn <= self._clock.now())

    def take(self, call: Call) -> None:
        """Wait for the call's turn, where there are turns."""
        gap = self._gaps.get(call)
        if gap is None:
            return
        wait = self._turn_at.get(call, self._clock.now()) - self._clock.now()
        if wait > timedelta():
            self._clock.sleep(wait.total_seconds())
        self._turn_at[call] = self._clock.now() + gap

    @contextmanager
    def turn(self, call: Call) -> Iterator[None]:
        """For making the call. Raises Throttled if one that it waited for was refused: so would this one be."""
        room = self._rooms.get(call)
        if room is None:
            self.take(call)
            yield
            return
        waited = not room.acquire(blocking=False)
        if waited:
            room.acquire()
        try:
            if waited and self.resting(call):
                raise Throttled("another such call was refused a moment ago")
            yield
        finally:
            room.release()

    def refused(self, call: Call) -> None:
        """The service refused one for its rate, or did not answer: rest."""
        self._rest_until[call] = self._clock.now() + REST
