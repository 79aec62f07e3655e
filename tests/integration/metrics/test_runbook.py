"""Every alarm is in the runbook, and the runbook names only alarms, metrics and commands that exist."""

from __future__ import annotations

import re

from support.metrics import dashboard, on_dashboard
from support.template import REPOSITORY, resources

RUNBOOK = (REPOSITORY / "README.md").read_text().partition("## When an alarm goes off")[2].partition("\n## ")[0]


def _alarms_told() -> list[str]:
    return re.findall(r"^\| `(\w+Alarm)` \|", RUNBOOK, re.MULTILINE)


def test_every_alarm_is_in_the_runbook_once() -> None:
    """And no other. Those of gradual deployments, one a function, have one line."""
    alarms = {re.sub(r"^\w+(RollbackAlarm)$", r"\1", name) for name in resources("AWS::CloudWatch::Alarm")}
    assert sorted(_alarms_told()) == sorted(alarms)


def test_each_line_says_what_it_means_what_to_look_at_what_to_do_and_when_it_is_over() -> None:
    """No cell is empty."""
    rows = [line for line in RUNBOOK.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert all(len(row) == 5 and all(row) for row in cells)


def test_metrics_and_widgets_that_it_names_are_there() -> None:
    """A name that is gone sends somebody looking at night."""
    names = {metric.name for metric in on_dashboard()}
    titles = [widget["properties"]["title"] for widget in dashboard()["widgets"]]
    told = set(re.findall(r"`([A-Z]\w+)`", RUNBOOK)) - set(_alarms_told())
    parameters = {"PutRequestsPerSecond", "TextsPerSecond", "RepliesPerDay", "DashboardName"}
    assert told - parameters <= names
    assert all(any(title.startswith(each) for title in titles) for each in re.findall(r"\"([A-Z][^\"…]+)", RUNBOOK))
