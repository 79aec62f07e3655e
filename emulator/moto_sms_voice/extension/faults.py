"""Fault injection: failures that a test requests for its next calls."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .exceptions import ServiceError, error_of


@dataclass(frozen=True)
class Fault:
    """One injected failure: before the call, or after it took effect (a lost response)."""

    error: str
    message: str | None
    reason: str | None
    after_effect: bool

    def as_error(self) -> ServiceError:
        return error_of(self.error, self.message, self.reason)


class Faults:
    """A queue of failures for each operation."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = {}

    def order(self, operation: str, fault: Fault, times: int) -> None:
        self._queues.setdefault(operation, deque()).extend([fault] * times)

    def next(self, operation: str) -> Fault | None:
        queue = self._queues.get(operation)
        return queue.popleft() if queue else None
