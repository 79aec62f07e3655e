"""AWS's time for a process on a person's machine, whose own clock may be wrong by minutes or years.

Every response of AWS has a ``Date`` header, in whole seconds. AWS's time was at least the start of that second when the response
was received, and at most its end when the request was sent. A counter that nobody sets carries both bounds on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock, local
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.clock import SystemClock
from sms_consent.domain.decision import Asked
from sms_consent.domain.errors import ConsentError
from sms_consent.domain.time import to_millisecond

if TYPE_CHECKING:
    from botocore.client import BaseClient

__all__ = ["AwsClock", "NoAwsTime", "StampClock", "SteadyClock"]

FRESH = timedelta(seconds=10)
"""How old a response may be whose time is used: the machine's counter may run at another speed, or stop while it sleeps."""
TOLERATED = timedelta(seconds=2)
"""How far the machine's clock may be off before the person is warned."""
REST_OF_SECOND = timedelta(milliseconds=999)
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""A response dated before this program was written has no real date."""


class NoAwsTime(ConsentError):
    """AWS's responses do not say what time it is: nothing is recorded by the machine's own clock instead."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One ``Date`` header, and when the machine's counter had sent the request and received the response."""

    date: datetime
    sent: float
    received: float

    def earliest(self, counter: float) -> datetime:
        return self.date + timedelta(seconds=max(counter - self.received, 0))

    def latest(self, counter: float) -> datetime:
        return self.date + REST_OF_SECOND + timedelta(seconds=max(counter - self.sent, 0))

    def is_fresh(self, counter: float) -> bool:
        return 0 <= counter - self.received <= FRESH.total_seconds()


class AwsClock(SystemClock):
    """The ``Clock`` of commands. Its methods raise NoAwsTime, and what the request for a time raises.

    ``now`` is the earliest time that it can be: by it a lease or the 30 days are never over too early, and what is recorded is
    due at once. An opt-in counts from it. An opt-out counts from ``latest``, the latest time that it can be.
    """

    def __init__(self, ask: Callable[[], Mapping[str, Any]], warn: Callable[[str], None]) -> None:
        """``ask`` makes a cheap request and returns the response; ``warn`` is called once if the machine's clock is wrong."""
        self._ask = ask
        self._warn = warn
        self._reading: _Reading | None = None
        self._warned = False
        self._last: datetime | None = None
        self._lock = Lock()
        self._sent = local()  # by thread: a request and its response are in the same one

    def now(self) -> datetime:
        """Return the earliest time that it can be, in UTC to the millisecond. It never goes back."""
        reading, counter = self._read()
        with self._lock:
            earliest = to_millisecond(reading.earliest(counter))
            self._last = max(earliest, self._last or earliest)
            return self._last

    def latest(self) -> datetime:
        """Return the latest time that it can be, in UTC to the millisecond."""
        reading, counter = self._read()
        return to_millisecond(reading.latest(counter))

    def stamping(self, asked: Asked) -> StampClock:
        """Return a clock whose ``now`` is the time at which such a decision counts."""
        return StampClock(self.latest if asked is Asked.OPT_OUT else self.now)

    def watch(self, client: BaseClient) -> None:
        """Learn the time from each response to this client."""
        events = client.meta.events
        events.register("before-send.*.*", self._sending, unique_id="aws-clock-sending")
        events.register("after-call.*.*", self._received, unique_id="aws-clock-received")

    def _sending(self, **_: Any) -> None:
        self._sent.counter = _counter()

    def _received(self, parsed: Mapping[str, Any], **_: Any) -> None:
        """A response without a usable date leaves what is known: only ``now`` and ``latest`` must have one."""
        date = _date_of(parsed)
        if date is not None:
            self._take(date, getattr(self._sent, "counter", None))

    def _take(self, date: datetime, sent: float | None) -> _Reading:
        counter = _counter()
        reading = _Reading(date, counter if sent is None else sent, counter)
        with self._lock:
            self._reading = reading
        return reading

    def _read(self) -> tuple[_Reading, float]:
        counter = _counter()
        reading = self._reading
        if reading is None or not reading.is_fresh(counter):
            reading, counter = self._asked(counter), _counter()
        self._compare(reading, counter)
        return reading, counter

    def _asked(self, sent: float) -> _Reading:
        date = _date_of(self._ask())
        if date is None:
            raise NoAwsTime("AWS's response has no usable Date header, so the time is not known: nothing is recorded")
        reading = self._reading
        if reading is None or reading.received < sent:  # the client is not watched
            reading = self._take(date, sent)
        return reading

    def _compare(self, reading: _Reading, counter: float) -> None:
        if self._warned:
            return
        self._warned = True
        here = datetime.now(UTC)
        ahead, behind = here - reading.latest(counter), reading.earliest(counter) - here
        if max(ahead, behind) > TOLERATED:
            side = "ahead of" if ahead > behind else "behind"
            self._warn(f"this machine's clock is {_span(max(ahead, behind))} {side} AWS's. AWS's time is used")


class StampClock(SystemClock):
    """A clock for one kind of decision."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time at which the decision counts."""
        return self._now()


class SteadyClock(SystemClock):
    """A clock for spacing calls: it counts, and shows no time of day."""

    def now(self) -> datetime:
        """Return a time that may be compared with nothing but another one of this clock."""
        return datetime.fromtimestamp(_counter(), UTC)


def _counter() -> float:
    """Seconds of a clock that nobody sets. Linux's goes on while the machine sleeps; so do those of macOS and Windows."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(time, name):
            return time.clock_gettime(getattr(time, name))
    return time.monotonic()


def _date_of(response: Mapping[str, Any]) -> datetime | None:
    """The response's ``Date`` header in UTC; None if there is none that can be right."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        date = parsedate_to_datetime(str(headers.get("date", "")))
    except ValueError:
        return None
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    return date if date >= EARLIEST else None


def _span(span: timedelta) -> str:
    """As people say it, in its two greatest units."""
    seconds = int(span.total_seconds())
    parts = []
    for name, size in (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'s' if name == 'day' and count > 1 else ''}")
    return " ".join(parts[:2])
