"""Logs and metrics, as the code that uses them sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["COUNT", "SECONDS", "Logger", "Metrics"]

COUNT, SECONDS = "Count", "Seconds"
"""Units of CloudWatch metrics."""


class Logger(Protocol):
    """Structured logs, such as those of Powertools."""

    @property
    def info(self) -> Callable[..., None]:
        """One structured line."""

    @property
    def error(self) -> Callable[..., None]:
        """One structured line that an operator should see."""

    @property
    def warning(self) -> Callable[..., None]:
        """One structured line about what may need attention."""

    def append_keys(self, **keys: Any) -> None:
        """Add keys to every further line."""


class Metrics(Protocol):
    """Metrics of one invocation, such as those of Powertools, which prints them as one line at the end."""

    def add_metric(self, name: str, unit: Any, value: float) -> None:
        """One value."""
