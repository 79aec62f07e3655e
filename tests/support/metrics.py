"""Which metrics the template's dashboard and alarms name, and which the functions emit: every one is held against the former."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from unittest.mock import patch

from aws_lambda_powertools.metrics import EphemeralMetrics

from support.template import resources

__all__ = ["EMITTED", "Metric", "all_shown", "in_alarms", "on_dashboard"]


class Metric(NamedTuple):
    """One of this project's own."""

    service: str
    name: str


EMITTED: set[Metric] = set()
"""What functions have emitted in this process."""

_OURS = "SmsConsent/"


@cache
def on_dashboard() -> frozenset[Metric]:
    """Every metric of ours that is drawn."""
    return frozenset(
        Metric(metric[3], metric[1])
        for widget in dashboard()["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0].startswith(_OURS)
    )


@cache
def dashboard() -> Any:
    """As CloudWatch gets it, but for the names of the stack's parts."""
    (made,) = resources("AWS::CloudWatch::Dashboard").values()
    return json.loads(made["Properties"]["DashboardBody"]["Fn::Sub"])


@cache
def in_alarms() -> frozenset[Metric]:
    """Every metric of ours that somebody is woken for."""
    found = set()
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        each = [
            properties,
            *(one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one),
        ]
        for metric in each:
            if _OURS in str(metric.get("Namespace")):
                ((dimension),) = metric["Dimensions"]
                found.add(Metric(dimension["Value"], metric["MetricName"]))
    return frozenset(found)


@contextmanager
def all_shown() -> Iterator[None]:
    """A metric that a function emits and that nobody would see fails where it is emitted."""
    add = EphemeralMetrics.add_metric

    def shown(metrics: EphemeralMetrics, name: str, *arguments: Any, **more: Any) -> None:
        if metrics.namespace != "simulation":
            metric = Metric(str(metrics.service), name)
            EMITTED.add(metric)
            assert metric in on_dashboard(), f"the dashboard in template.yaml does not show {metric}"
        add(metrics, name, *arguments, **more)

    with patch.object(EphemeralMetrics, "add_metric", shown):
        yield
