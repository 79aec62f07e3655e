"""Where workers' logs, metrics and dead letters go while they are simulated."""

from __future__ import annotations

import io
from functools import cache

from aws_lambda_powertools import Logger

from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.bootstrap.observability import Metrics

__all__ = ["NoDeadLetters", "log_book", "quiet_logger", "quiet_metrics"]


class LogBook(io.StringIO):
    """Everything that was logged since it was last opened: one logger serves a whole process."""

    def start(self) -> None:
        """A new page."""
        self.seek(0)
        self.truncate()


class NoDeadLetters(DeadLetters):
    """For texts that can all be read."""

    def __init__(self) -> None:
        """There is no queue."""

    def put(self, body: str, reason: str) -> None:
        raise AssertionError("a readable text was put aside")


@cache
def log_book() -> LogBook:
    """What the one logger writes into."""
    return LogBook()


@cache
def quiet_logger() -> Logger:
    """Logs to the book instead of standard output."""
    return Logger(service="simulation", stream=log_book())


@cache
def quiet_metrics() -> Metrics:
    """Its values are dropped, not flushed."""
    return Metrics("simulation", "simulation")
