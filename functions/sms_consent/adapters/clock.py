"""The system clock, and what depends on it: the rate limiter, the deadline of the invocation, and caches that expire."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Semaphore
from typing import Any, Generic, TypeVar

from sms_consent.domain.errors import OutOfTime, Throttled
from sms_consent.domain.ports import Call, Clock, ConsentLedger, RateLimiter, Sender

__all__ = ["MARGIN", "Deadline", "QuotaRateLimiter", "SenderCache", "SystemClock", "TimedCache", "deadline"]

MARGIN = 1.0
"""Seconds kept for what follows the last call: logs, metrics, the response."""

REMEMBERED_FOR = timedelta(minutes=1)
MOST = 10_000
"""Entries that a cache keeps at once."""

REST = timedelta(seconds=1)
"""Quotas count requests per second, so the next second is the first in which a refused call can succeed.

After a call without a response, a worker that tried again at once would spend its time waiting for time-outs, and its batch
with it. What it leaves undone is recorded, and due.
"""

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class SystemClock:
    """The machine's clock as the ``Clock`` port."""

    def now(self) -> datetime:
        """Return the UTC time to the millisecond."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def latest(self) -> datetime:
        """Return the same as ``now``: AWS keeps the clocks of functions exact."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class QuotaRateLimiter(RateLimiter):
    """Spaces the calls of one worker. Without rates, it only pauses after refused calls."""

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
        """Start a run. Its first call waits for a full gap, since another worker may have called a moment ago."""
        now = self._clock.now()
        for call, gap in self._gaps.items():
            self._turn_at[call] = max(self._turn_at.get(call, now), now + gap)

    def resting(self, call: Call) -> bool:
        """Return whether a call of this kind was refused for its rate, or got no response, a moment ago."""
        rest_until = self._rest_until.get(call)
        return rest_until is not None and self._clock.now() < rest_until

    def ready(self, call: Call) -> bool:
        """Return whether a call of this kind could be made without waiting."""
        turn = self._turn_at.get(call)
        return not self.resting(call) and (turn is None or turn <= self._clock.now())

    def take(self, call: Call) -> None:
        """Wait until a call of this kind may be made."""
        gap = self._gaps.get(call)
        if gap is None:
            return
        wait = self._turn_at.get(call, self._clock.now()) - self._clock.now()
        if wait > timedelta():
            self._clock.sleep(wait.total_seconds())
        self._turn_at[call] = self._clock.now() + gap

    def run(self, call: Call, make: Callable[[], T], *, before: datetime | None = None) -> T:
        """Make a call once the rate allows it. Raises OutOfTime if that is after ``before``."""
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
        """Record that a call was refused for its rate, or got no response, so that further ones pause."""
        self._rest_until[call] = self._clock.now() + REST


class Deadline:
    """The end of the current invocation. One object serves a process, since Lambda runs one invocation at a time in it.

    Outside an invocation, time is unlimited.
    """

    remaining_ms: Callable[[], int] | None = None
    """``get_remaining_time_in_millis`` of the invocation's context; None outside an invocation."""

    def allows(self, seconds: float) -> bool:
        """Return whether work that takes so many seconds would end in time."""
        remaining_ms = self.remaining_ms
        return remaining_ms is None or remaining_ms() / 1000 - MARGIN >= seconds

    def require(self, seconds: float, **_: Any) -> None:
        """Raise OutOfTime unless work of so many seconds would end in time. Also a handler of botocore's ``before-call``."""
        if not self.allows(seconds):
            raise OutOfTime("too little time left in this invocation")


deadline = Deadline()
"""The end of the current invocation. A client starts no call that could outlast it."""


class TimedCache(Generic[K, V]):
    """Reads a value when it is first needed, and again after a minute.

    Our own, since cachetools' TTLCache would keep an entry for longer when the clock is set back, and drops the expired value
    that the access keys fall back on. Threads may share it; two may then read the same value at once.
    """

    def __init__(self, read: Callable[[K], V], clock: Clock) -> None:
        """Create the cache. ``read`` returns a key's value; its errors are not cached."""
        self._read = read
        self._clock = clock
        self._known: dict[K, tuple[datetime, V]] = {}

    def __call__(self, key: K) -> V:
        """Return a key's value, read at most a minute ago."""
        now = self._clock.now()
        known = self._known.get(key)
        if known is not None and timedelta() <= now - known[0] < REMEMBERED_FOR:
            return known[1]
        value = self._read(key)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = now, value
        return value

    def expired(self, key: K, within: timedelta) -> V | None:
        """Return the value that was read last, or None if that was ``within`` ago or longer."""
        known = self._known.get(key)
        return known[1] if known is not None and self._clock.now() - known[0] < within else None


class SenderCache(TimedCache[str, Sender | None]):
    """The settings of senders by identity, None for a sender without settings. A change takes effect within a minute."""

    def __init__(self, ledger: ConsentLedger, clock: Clock) -> None:
        super().__init__(ledger.sender, clock)
