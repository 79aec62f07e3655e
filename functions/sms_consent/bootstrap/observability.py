"""How InboundFunction writes its log and its metrics: in the form of Powertools, which the other functions use.

Powertools takes 50 ms to import from an artefact as `sam build` makes it, a twelfth of a bare handler's whole cold start.
What of it a text needs is below.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Any

__all__ = ["Log", "Metrics"]

MOST_VALUES = 100
"""Of one metric in one line (specification of the embedded metric format)."""
_COMPACT = (",", ":")  # as Powertools writes it: what searches logs for a text finds it in those of all functions


class _Lines(logging.Formatter):
    """One JSON object a line, with the keys that Powertools' Logger gives it."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.keys: dict[str, Any] = {"service": service}

    def format(self, record: logging.LogRecord) -> str:
        """What is None is left away."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": f"{at}.{int(record.msecs):03d}Z",
            **self.keys,
            **vars(record).get("fields", {}),
        }
        told = {name: value for name, value in line.items() if value is not None}
        return json.dumps(told, ensure_ascii=False, separators=_COMPACT)


class Log:
    """Structured lines on standard output, which Lambda keeps. May be written by several threads."""

    def __init__(self, service: str, level: str = "INFO") -> None:
        """``level`` is the least urgent that is kept."""
        self._lines = _Lines(service)
        self.registered_handler = logging.StreamHandler(sys.stdout)
        self.registered_handler.setFormatter(self._lines)
        self._logger = logging.getLogger(service)
        self._logger.handlers = [self.registered_handler]
        self._logger.setLevel(level)
        self._logger.propagate = False  # the runtime's own handler would write each line again

    def append_keys(self, **keys: str) -> None:
        """What all lines from now on say besides."""
        self._lines.keys |= keys

    def info(self, message: str, **fields: object) -> None:
        """What happened."""
        self._logger.info(message, extra={"fields": fields}, stacklevel=2)

    def warning(self, message: str, **fields: object) -> None:
        """Log what may need attention."""
        self._logger.warning(message, extra={"fields": fields}, stacklevel=2)

    def error(self, message: str, **fields: object) -> None:
        """What somebody should know."""
        self._logger.error(message, extra={"fields": fields}, stacklevel=2)


class Metrics:
    """Counts in CloudWatch's embedded format (user guide of CloudWatch, specification of the embedded metric format)."""

    def __init__(self, namespace: str, service: str) -> None:
        """``service`` is the only dimension."""
        self._namespace = namespace
        self._service = service
        self._sums: Counter[str] = Counter()
        self._values: dict[str, list[float]] = {}
        self._units: dict[str, str] = {}
        self._lock = Lock()  # texts are counted by several threads

    def add_metric(self, name: str, unit: str, value: float) -> None:
        """Counts to the sum since the last flush; of times, each is kept, so that there is a greatest and a median."""
        with self._lock:
            self._units[name] = unit
            if unit == "Count":
                self._sums[name] += value  # type: ignore[assignment]  # a Counter also adds up what is no integer
            else:
                self._values.setdefault(name, []).append(value)

    def flush_metrics(self) -> None:
        """Write what there is, as one line unless there are very many times, and begin anew."""
        with self._lock:
            sums, self._sums = dict(self._sums), Counter()
            values, self._values = self._values, {}
        longest = max(map(len, values.values()), default=0)
        for first in range(0, max(longest, 1), MOST_VALUES):
            times = {name: some for name, every in values.items() if (some := every[first : first + MOST_VALUES])}
            told: dict[str, float | list[float]] = {**({} if first else sums), **times}
            if told:
                print(json.dumps(self.serialize_metric_set(told), separators=_COMPACT))  # noqa: T201  CloudWatch reads it from standard output

    def serialize_metric_set(self, told: Mapping[str, float | list[float]]) -> dict[str, Any]:
        """The line."""
        described = [{"Name": name, "Unit": self._units[name]} for name in told]
        directive = {"Namespace": self._namespace, "Dimensions": [["service"]], "Metrics": described}
        return {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            "service": self._service,
            **told,
        }
