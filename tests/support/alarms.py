"""A CloudWatch alarm as template.yaml defines it, evaluated on values that a test gives it.

CloudWatch's rules: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html. Where values are missing, the
real service looks further back before it counts them as missing; here they count at once, which is stricter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from support.template import resources

__all__ = ["AlarmHistory"]

_STATISTICS: Mapping[str, Callable[[list[float]], float]] = {"Maximum": max, "Minimum": min, "Sum": sum}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, limit: value > limit
}


class AlarmHistory:
    """The states of one alarm, period by period."""

    def __init__(self, name: str) -> None:
        self._alarm: dict[str, Any] = resources("AWS::CloudWatch::Alarm")[name]["Properties"]
        self._values: dict[int, list[float]] = {}

    def add(self, at: datetime, value: float) -> None:
        """A value that a function emitted."""
        self._values.setdefault(self._period_of(at), []).append(value)

    def alarms(self, start: datetime, end: datetime) -> list[tuple[datetime, bool]]:
        """Whether it has raised the alarm at the end of each period, also by silence."""
        states = []
        for period in range(self._period_of(start), self._period_of(end)):
            known = datetime.fromtimestamp((period + 1) * self._seconds, start.tzinfo)
            states.append((known, self._is_in_alarm(period)))
        return states

    def changes(self, start: datetime, end: datetime) -> list[tuple[timedelta, bool]]:
        """When it went into alarm and back, by the time since the start."""
        found, state = [], False
        for at, alarm in self.alarms(start, end):
            if alarm is not state:
                found.append((at - start, alarm))
                state = alarm
        return found

    @property
    def _seconds(self) -> int:
        return int(self._alarm["Period"])

    def _period_of(self, at: datetime) -> int:
        return int(at.timestamp()) // self._seconds

    def _is_in_alarm(self, last: int) -> bool:
        count = self._alarm["EvaluationPeriods"]
        if self._is_silent(last - count + 1, last):
            return True
        needed = self._alarm.get("DatapointsToAlarm", count)
        return sum(self._is_breaching(period) for period in range(last - count + 1, last + 1)) >= needed

    def _is_silent(self, first: int, last: int) -> bool:
        """Whether it has gone from data to none, which it reports. Before the first data, its state does not change."""
        if self._alarm["TreatMissingData"] != "missing" or not self._alarm.get("InsufficientDataActions"):
            return False
        return (
            all(period not in self._values for period in range(first, last + 1))
            and min(self._values, default=last) < first
        )

    def _is_breaching(self, period: int) -> bool:
        values = self._values.get(period)
        if values is None:
            return bool(self._alarm["TreatMissingData"] == "breaching")
        value = _STATISTICS[self._alarm["Statistic"]](values)
        return _COMPARISONS[self._alarm["ComparisonOperator"]](value, self._alarm["Threshold"])
