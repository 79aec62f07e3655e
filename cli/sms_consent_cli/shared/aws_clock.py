"""AWS's time, for commands on machines whose clock may be wrong.

Every response of AWS has a ``Date`` header in whole seconds. AWS's time was at least the start of that second when the
response was received, and at most its end when the request was sent. A monotonic counter carries both bounds forward.
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

__all__ = ["AwsClock", "AwsTimeUnknown", "DecisionClock", "SteadyClock"]

FRESH = timedelta(seconds=10)
"""How long a ``Date`` is used. The counter may drift, or stop during suspend."""
TOLERATED = timedelta(seconds=2)
"""How far the machine's clock may be off before the user is warned."""
REST_OF_SECOND = timedelta(milliseconds=999)
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""Earlier dates are wrong: this program did not exist."""


class AwsTimeUnknown(ConsentError):
    """AWS's responses have no usable ``Date`` header. The command records nothing, as the machine's clock may be wrong."""


@dataclass(frozen=True, slots=True)
class _DateSample:
    """A ``Date`` header, with the counter's values when the request was sent and when the response was received."""

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
    """The ``Clock`` of commands. Methods raise AwsTimeUnknown, and the errors of the request for a time.

    AWS's time is known within a second. ``now`` is the earliest possible time, so that leases and the 30 days never end too
    early, and recorded work is due at once. ``latest`` is the latest. Opt-ins are recorded at ``now``, opt-outs at ``latest``.
    """

    def __init__(self, ask: Callable[[], Mapping[str, Any]], warn: Callable[[str], None]) -> None:
        """Create a clock that is synchronised by responses.

        Args:
            ask: Makes a cheap request and returns the response.
            warn: Called once with a message if the machine's clock is wrong.
        """
        self._ask = ask
        self._warn = warn
        self._sample: _DateSample | None = None
        self._warned = False
        self._last: datetime | None = None
        self._lock = Lock()
        self._sent = local()  # by thread: a request and its response are in the same one

    def now(self) -> datetime:
        """Return the earliest possible time in UTC, to the millisecond. It never goes backwards."""
        sample, counter = self._read()
        with self._lock:
            earliest = to_millisecond(sample.earliest(counter))
            self._last = max(earliest, self._last or earliest)
            return self._last

    def latest(self) -> datetime:
        """Return the latest possible time in UTC, to the millisecond."""
        sample, counter = self._read()
        return to_millisecond(sample.latest(counter))

    def decision_clock(self, asked: Asked) -> DecisionClock:
        """Return a clock whose ``now`` is the effective time of a new decision: ``latest`` for an opt-out, else ``now``."""
        return DecisionClock(self.latest if asked is Asked.OPT_OUT else self.now)

    def watch(self, client: BaseClient) -> None:
        """Read the time from each response that this client receives."""
        events = client.meta.events
        events.register("before-send.*.*", self._sending, unique_id="aws-clock-sending")
        events.register("after-call.*.*", self._received, unique_id="aws-clock-received")

    def _sending(self, **_: Any) -> None:
        self._sent.counter = _counter()

    def _received(self, parsed: Mapping[str, Any], **_: Any) -> None:
        """Ignore responses without a usable date: only ``now`` and ``latest`` need one."""
        date = _date_of(parsed)
        if date is not None:
            self._store(date, getattr(self._sent, "counter", None))

    def _store(self, date: datetime, sent: float | None) -> _DateSample:
        counter = _counter()
        sample = _DateSample(date, counter if sent is None else sent, counter)
        with self._lock:
            self._sample = sample
        return sample

    def _read(self) -> tuple[_DateSample, float]:
        counter = _counter()
        sample = self._sample
        if sample is None or not sample.is_fresh(counter):
            sample, counter = self._request_date(counter), _counter()
        self._compare(sample, counter)
        return sample, counter

    def _request_date(self, sent: float) -> _DateSample:
        date = _date_of(self._ask())
        if date is None:
            raise AwsTimeUnknown(
                "AWS's response has no usable Date header, so the time is not known: nothing is recorded"
            )
        sample = self._sample
        if sample is None or sample.received < sent:  # the client is not watched
            sample = self._store(date, sent)
        return sample

    def _compare(self, sample: _DateSample, counter: float) -> None:
        if self._warned:
            return
        self._warned = True
        here = datetime.now(UTC)
        ahead, behind = here - sample.latest(counter), sample.earliest(counter) - here
        if max(ahead, behind) > TOLERATED:
            side = "ahead of" if ahead > behind else "behind"
            self._warn(f"this machine's clock is {_span(max(ahead, behind))} {side} AWS's. AWS's time is used")


class DecisionClock(SystemClock):
    """A clock for decisions of one kind."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the effective time of a decision made now."""
        return self._now()


class SteadyClock(SystemClock):
    """A monotonic clock for spacing calls. It has no time of day."""

    def now(self) -> datetime:
        """Return a time that can only be compared with other times of this clock."""
        return datetime.fromtimestamp(_counter(), UTC)


def _counter() -> float:
    """Return the seconds of a monotonic clock that continues during suspend, where the system has one."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(time, name):
            return time.clock_gettime(getattr(time, name))
    return time.monotonic()


def _date_of(response: Mapping[str, Any]) -> datetime | None:
    """Return the response's ``Date`` in UTC, or None if it is missing or impossible."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        date = parsedate_to_datetime(str(headers.get("date", "")))
    except ValueError:
        return None
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    return date if date >= EARLIEST else None


def _span(span: timedelta) -> str:
    """Return a duration in its two largest units."""
    seconds = int(span.total_seconds())
    parts = []
    for name, size in (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'s' if name == 'day' and count > 1 else ''}")
    return " ".join(parts[:2])
