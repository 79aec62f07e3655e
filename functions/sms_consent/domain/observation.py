"""Interfaces of logs and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

__all__ = ["COUNT", "SECONDS", "Logger", "Measurement", "Metrics"]

COUNT, SECONDS = "Count", "Seconds"
"""Units of CloudWatch metrics."""

Measurement = tuple[str, str, float]
"""Name, unit and value."""


class Logger(Protocol):
    """Structured logs, such as those of Powertools."""

    @property
    def info(self) -> Callable[..., None]:
        """Log one structured line."""

    @property
    def error(self) -> Callable[..., None]:
        """Log one structured line that an operator should see."""

    @property
    def warning(self) -> Callable[..., None]:
        """Log one structured line about something that may need attention."""

    def append_keys(self, **keys: Any) -> None:
        """Add keys to every further line."""


class Metrics(Protocol):
    """Metrics of one invocation. Powertools prints them as one line at the end."""

    def add_metric(self, name: str, unit: Any, value: float) -> None:
        """Add one value."""

    def add_metrics(self, measurements: Iterable[Measurement]) -> None:
        """Add several values."""
