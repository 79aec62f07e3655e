"""The event publisher: keeps each number's events in order, retries failures, and gives up after six hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sms_consent.domain.errors import Rejected, TryAgain, Unreadable
from sms_consent.domain.events import EventEnvelope
from sms_consent.domain.ports import Clock

__all__ = ["GIVEN_UP_AFTER", "EventBus", "EventPublisher", "PublishResult"]

MAX_ENTRIES = 10
"""Maximum entries of one PutEvents request."""
ATTEMPTS = 3
PAUSE = 0.2
"""Seconds before the first retry, doubled for each further one. After the last attempt, the stream retries."""
GIVEN_UP_AFTER = timedelta(hours=6)
"""How old an event may become while EventBridge refuses it. The stream keeps records for 24 hours."""


class EventBus(Protocol):
    """An EventBridge event bus."""

    def put(self, envelopes: Sequence[EventEnvelope]) -> Sequence[TryAgain | Rejected | Unreadable | None]:
        """Put events and return their results in order: None if accepted, Unreadable if it can never be. Never raises."""


@dataclass(slots=True)
class PublishResult:
    """The result of publishing: all events before position ``stopped_at`` are published or given up."""

    stopped_at: int | None = None
    refused: dict[int, str] = field(default_factory=dict)  # reasons, by position
    error: str | None = None  # why it stopped, if not for want of time


class EventPublisher:
    """Publishes events in order.

    EventBridge accepts later entries of a request even if an earlier one fails. So each request has at most one event of a
    number, and the number's next event waits until that one is accepted or given up.
    """

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock

    def publish(self, envelopes: Sequence[EventEnvelope], until: datetime) -> PublishResult:
        """Publish until all events are done, one fails, or ``until`` is reached. Safe to repeat: an event keeps its id."""
        result = PublishResult()
        for positions in _requests(envelopes):
            if self._clock.now() >= until:
                result.stopped_at = positions[0]
                break
            left = self._put(envelopes, positions, result, until)
            if left:
                result.stopped_at = left[0]
                break
        return result

    def _put(
        self, envelopes: Sequence[EventEnvelope], positions: list[int], result: PublishResult, until: datetime
    ) -> list[int]:
        """Put the events at these positions, with retries. Return the positions of those that failed to the end."""
        left = positions
        for attempt in range(ATTEMPTS):
            if attempt:
                self._clock.sleep(PAUSE * 2 ** (attempt - 1))
                if self._clock.now() >= until:
                    break
            results = dict(zip(left, self._bus.put([envelopes[position] for position in left]), strict=True))
            left = [
                position
                for position in left
                if self._must_retry(envelopes[position], results[position], position, result)
            ]
            if not any(isinstance(results[position], TryAgain) for position in left):
                break  # a second later, the deployment is not repaired
        return left

    def _must_retry(
        self,
        envelope: EventEnvelope,
        error: TryAgain | Rejected | Unreadable | None,
        position: int,
        result: PublishResult,
    ) -> bool:
        """Return whether an event must be put again, and record the reason why not or why."""
        if error is None:
            return False
        if isinstance(error, Unreadable):
            result.refused[position] = error.reason
            return False
        if envelope.changed_at is not None and self._clock.now() - envelope.changed_at > GIVEN_UP_AFTER:
            result.refused[position] = f"the event bus did not take it for {GIVEN_UP_AFTER}: {error}"
            return False
        result.error = str(error)
        return True


def _requests(envelopes: Sequence[EventEnvelope]) -> Iterator[list[int]]:
    request: list[int] = []
    numbers: set[str] = set()
    for position, envelope in enumerate(envelopes):
        if envelope.event.number in numbers or len(request) == MAX_ENTRIES:
            yield request
            request, numbers = [], set()
        request.append(position)
        numbers.add(envelope.event.number)
    if request:
        yield request
