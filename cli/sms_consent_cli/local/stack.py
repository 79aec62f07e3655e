"""The scheduler of the local stack: runs sources, due work and schedules until nothing is left to do."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, RLock
from typing import Any, Protocol

from sms_consent.adapters.dynamodb.due_index import DueIndex
from sms_consent_cli.local.function import Function, FunctionFailed
from sms_consent_cli.local.local_time import LocalTime
from sms_consent_cli.local.schedule import Schedule

__all__ = ["API", "INBOUND", "SWEEP", "Drained", "LocalStack", "Source"]

INBOUND, SWEEP, API = "InboundFunction", "SweepFunction", "ApiFunction"
"""Logical ids in the template."""

ASYNCHRONOUS_RETRIES = (timedelta(minutes=1), timedelta(minutes=2))
"""Lambda retries an asynchronous invocation by SNS twice, after these waits."""
LONGEST_WAIT = timedelta(minutes=15)
"""The longest wait that ``settle`` skips: longer than any back-off, shorter than the 30 days."""
SETTLE_LIMIT = timedelta(hours=1)
"""The local time that ``settle`` takes at most: a message that always fails is retried for 14 days."""
STEPS = 500
"""The maximum of steps within one span. Remaining work is done at the end of the span."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drained:
    """The state after all work at one point in time is done."""

    now: datetime
    in_flight: int  # failed messages and records that wait for their retry
    stuck: int  # due work that sweep could not complete
    next_due_at: datetime | None


class Source(Protocol):
    """An event source: a queue or a stream, and its function."""

    def run(self) -> int:
        """Pass what is available to the function. Return the number of messages or records."""

    def in_flight(self) -> int:
        """Return the number of messages or records that wait for a retry."""

    def next_try(self, now: datetime) -> datetime:
        """Return the time of the retry."""


class LocalStack:
    """The functions and their event sources. Calls are serialized, and none runs while time advances."""

    def __init__(
        self,
        *,
        time: LocalTime,
        functions: Mapping[str, Function],
        sources: Sequence[Source],
        schedules: Sequence[Schedule],
        due_index: DueIndex,
    ) -> None:
        self.time = time
        self.functions = functions
        self._sources = sources
        self._schedules = schedules
        self._due_index = due_index
        self._lock = RLock()
        self._wakeup = Event()
        self._pending_invocations: deque[tuple[str, Mapping[str, Any]]] = deque()

    # --- as a service

    def run(self, stop: Event) -> None:
        """Work until ``stop`` is set: at once after a request on the AWS port, otherwise every second."""
        while not stop.is_set():
            self._wakeup.wait(timeout=1)
            self._wakeup.clear()
            if stop.is_set():
                break
            try:
                with self._lock:
                    self._run_once()
            except Exception:
                logger.exception("internal error of the local stack; it continues")

    def wake(self) -> None:
        """Start work now: a queue may have a new message."""
        self._wakeup.set()

    # --- through time

    def advance(self, span: timedelta) -> datetime:
        """Advance the local time in steps, so that work is done at the time when it gets due."""
        with self._lock:
            target = self.time.now() + span
            for _ in range(STEPS):
                moment = self._next_moment(self.drain())
                if moment is None or moment > target:
                    break
                self.time.advance(moment - self.time.now())
            self.time.advance(target - self.time.now())
            return self.time.now()

    def settle(self) -> None:
        """Drain, and advance the time for work that has to wait a little, such as a failed message."""
        with self._lock:
            end = self.time.now() + SETTLE_LIMIT
            for _ in range(STEPS):
                now, moment = self.time.now(), self._next_moment(self.drain())
                if moment is None or moment - now > LONGEST_WAIT or moment > end:
                    break
                self.time.advance(moment - self.time.now())

    def _next_moment(self, drained: Drained) -> datetime | None:
        """Return the time of the next possible work."""
        moments = [source.next_try(drained.now) for source in self._sources if source.in_flight()]
        if drained.next_due_at is not None:
            moments.append(drained.next_due_at)
        return min(moments, default=None)

    # --- to an end

    def drain(self) -> Drained:
        """Work until queues, streams and due work are done, as far as possible, without advancing the time."""
        with self._lock:
            while True:
                handed_over = self._run_once()
                work = self._due_index.read()
                before = after = work.at(self.time.now())
                if before:
                    self._invoke(SWEEP, _scheduled())
                    work = self._due_index.read()
                    after = work.at(self.time.now())
                    handed_over += self._run_sources()  # events of sweep's writes
                if not handed_over and after in (before, frozenset()):
                    break
            now = self.time.now()
            return Drained(
                now=now,
                in_flight=sum(source.in_flight() for source in self._sources),
                stuck=len(after),
                next_due_at=work.next_after(now),
            )

    def call(self, name: str, event: Mapping[str, Any]) -> Any:
        """Invoke a function and return its result. Raises FunctionFailed."""
        with self._lock:
            return self.functions[name].invoke(event)

    def call_later(self, name: str, event: Mapping[str, Any]) -> None:
        """Invoke a function asynchronously, after the current work."""
        self._pending_invocations.append((name, event))
        self.wake()

    def notify(self, event: Mapping[str, Any]) -> None:
        """Invoke InboundFunction as SNS does. Raises FunctionFailed after Lambda's last retry."""
        with self._lock:
            for wait in ASYNCHRONOUS_RETRIES:
                try:
                    self.functions[INBOUND].invoke(event)
                except FunctionFailed:
                    self.time.advance(wait)
                else:
                    return
            self.functions[INBOUND].invoke(event)

    def _run_once(self) -> int:
        while self._pending_invocations:
            self._invoke(*self._pending_invocations.popleft())
        handed_over = self._run_sources()
        for schedule in self._schedules:
            if schedule.take_turn(self.time.now()):
                self._invoke(schedule.function_name, _scheduled())
        return handed_over

    def _run_sources(self) -> int:
        return sum(source.run() for source in self._sources)

    def _invoke(self, name: str, event: Mapping[str, Any]) -> None:
        try:
            self.functions[name].invoke(event)
        except FunctionFailed:
            return  # logged by the function; the next run follows


def _scheduled() -> dict[str, Any]:
    """Return the members of a scheduled event that a function may read."""
    return {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
