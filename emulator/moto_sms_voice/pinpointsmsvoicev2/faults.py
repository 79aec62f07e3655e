"""Decides which calls fail because a test asked for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .exceptions import ServiceError, error_of


@dataclass(frozen=True)
class Fault:
    """One ordered failure: before the call, or after it took effect (the answer that got lost)."""

    error: str
    message: str | None
    reason: str | None
    after_effect: bool

    def as_error(self) -> ServiceError:
        return error_of(self.error, self.message, self.reason)


class Faults:
    """Failures in the order they were asked for, a queue for each operation."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = {}

    def order(self, operation: str, fault: Fault, times: int) -> None:
        self._queues.setdefault(operation, deque()).extend([fault] * times)

    def next(self, operation: str) -> Fault | None:
        queue = self._queues.get(operation)
        return queue.popleft() if queue else None
