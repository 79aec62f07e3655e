"""Decides in which order the parts of the local stack do their work, and when there is none left."""

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
"""Logical ids that the template promises."""

ASYNCHRONOUS_RETRIES = (timedelta(minutes=1), timedelta(minutes=2))
"""Lambda invokes a function that SNS triggers up to twice more, after these waits, if it raises."""
PATIENCE = timedelta(minutes=15)
"""How long a wait ``settle`` sits out to see what becomes of the work: beyond any back-off, short of the 30 days."""
SETTLING = timedelta(hours=1)
"""How long ``settle`` goes on in all: a message that always fails is delivered for 14 days."""
STEPS = 500
"""Moments at which something is done within one span; beyond them, what is left is done at its end."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drained:
    """How things stand once nothing is left to do at a moment."""

    now: datetime
    in_flight: int  # messages and records that failed, and wait until they are tried again
    stuck: int  # work that is due, but that sweep did not get done
    next_due_at: datetime | None


class Source(Protocol):
    """A queue or a stream, and the function that it feeds."""

    def run(self) -> int:
        """Hand over what there is; how much that was."""

    def in_flight(self) -> int:
        """How much failed, and waits."""

    def next_try(self, now: datetime) -> datetime:
        """When that is tried again."""


class LocalStack:
    """Functions behind their event sources. One call of a function at a time, and none while time is moved."""

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
        self._alone = RLock()
        self._news = Event()
        self._invoked: deque[tuple[str, Mapping[str, Any]]] = deque()

    # --- as a service

    def run(self, stop: Event) -> None:
        """Work until told to stop; at once when something was asked of the AWS port, else every second."""
        while not stop.is_set():
            self._news.wait(timeout=1)
            self._news.clear()
            if stop.is_set():
                break
            try:
                with self._alone:
                    self._work_at_hand()
            except Exception:
                logger.exception("the local stack has a defect; it goes on")

    def wake(self) -> None:
        """Something may have been put into a queue."""
        self._news.set()

    # --- through time

    def advance(self, span: timedelta) -> datetime:
        """Live through a time: whatever gets due on the way is done when it is due, not all at the end."""
        with self._alone:
            target = self.time.now() + span
            for _ in range(STEPS):
                moment = self._next_moment(self.drain())
                if moment is None or moment > target:
                    break
                self.time.advance(moment - self.time.now())
            self.time.advance(target - self.time.now())
            return self.time.now()

    def settle(self) -> None:
        """Drain, and go on to whatever has to wait a little, such as a message that failed."""
        with self._alone:
            end = self.time.now() + SETTLING
            for _ in range(STEPS):
                now, moment = self.time.now(), self._next_moment(self.drain())
                if moment is None or moment - now > PATIENCE or moment > end:
                    break
                self.time.advance(moment - self.time.now())

    def _next_moment(self, drained: Drained) -> datetime | None:
        """When there may be something to do again."""
        moments = [source.next_try(drained.now) for source in self._sources if source.in_flight()]
        if drained.next_due_at is not None:
            moments.append(drained.next_due_at)
        return min(moments, default=None)

    # --- to an end

    def drain(self) -> Drained:
        """Work until queues, streams and due work are done at the present time, as far as they can be."""
        with self._alone:
            while True:
                handed_over = self._work_at_hand()
                work = self._due_index.read()
                before = after = work.at(self.time.now())
                if before:
                    self._invoke(SWEEP, _scheduled())
                    work = self._due_index.read()
                    after = work.at(self.time.now())
                    handed_over += self._hand_over()  # what sweep has written is told too
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
        """Invoke a function for its answer. Raises FunctionFailed."""
        with self._alone:
            return self.functions[name].invoke(event)

    def call_later(self, name: str, event: Mapping[str, Any]) -> None:
        """Invoke a function without its answer, as soon as nothing else is being done."""
        self._invoked.append((name, event))
        self.wake()

    def notify(self, event: Mapping[str, Any]) -> None:
        """Invoke InboundFunction as SNS does. Raises FunctionFailed once Lambda would give the event up."""
        with self._alone:
            for wait in ASYNCHRONOUS_RETRIES:
                try:
                    self.functions[INBOUND].invoke(event)
                except FunctionFailed:
                    self.time.advance(wait)
                else:
                    return
            self.functions[INBOUND].invoke(event)

    def _work_at_hand(self) -> int:
        while self._invoked:
            self._invoke(*self._invoked.popleft())
        handed_over = self._hand_over()
        for schedule in self._schedules:
            if schedule.take_turn(self.time.now()):
                self._invoke(schedule.function_name, _scheduled())
        return handed_over

    def _hand_over(self) -> int:
        return sum(source.run() for source in self._sources)

    def _invoke(self, name: str, event: Mapping[str, Any]) -> None:
        try:
            self.functions[name].invoke(event)
        except FunctionFailed:
            return  # logged there; a schedule's next turn comes


def _scheduled() -> dict[str, Any]:
    """What EventBridge sends at a turn, as far as a function may read it."""
    return {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
