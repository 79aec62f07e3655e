"""SweepFunction: every minute, within the API's rate, what could not be done at once.

A process on a person's machine records, and invokes it for single numbers, with
``{"numbers": [{"number": "+14255550182", "list": "Default"}]}``, so that nobody has to wait for the next minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.bootstrap.sweep import due, oldest_opt_out, parts, problems, rejected
from sms_consent.bootstrap.sweep_report import Report
from sms_consent.domain.consent import Due
from sms_consent.sync.sweep_request import EXPECTED, NUMBERS, targets_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Sweep until nothing is due or the time is up; with ``numbers``, do what is due for these alone."""
    clock = parts().clock
    deadline = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    with invocation("sweep", context):
        return _sweep_numbers(event, deadline) if NUMBERS in event else _sweep(deadline)


def _sweep(deadline: datetime) -> dict[str, Any]:
    # Printed at once: the alarm on it needs one value every minute, however long a sweep takes.
    metrics("sweep").add_metric("OldestOptOutDue", MetricUnit.Seconds, oldest_opt_out().total_seconds())
    metrics("sweep").flush_metrics()
    swept = parts().sweep().run(deadline, Report(logger("sweep"), metrics("sweep")))
    left = due()
    _count("Swept", swept.settled)
    _count("Due", left)
    metrics("sweep").add_metric("RejectedNumbers", MetricUnit.Count, rejected())
    metrics("sweep").add_metric("SettingsProblems", MetricUnit.Count, len(problems()))
    logger("sweep").info("swept", settled=dict(swept.settled), left=left, elsewhere=swept.elsewhere)
    return {kind: count for kind, count in swept.settled.items() if count}


def _sweep_numbers(event: dict[str, Any], deadline: datetime) -> dict[str, Any]:
    """Refuse a request that is not as expected without an error: Lambda would repeat it."""
    targets = targets_of(event)
    if targets is None:
        logger("sweep").warning("invalid request", expected=EXPECTED)
        return {"error": EXPECTED}
    swept = parts().sweep().run_for(targets, deadline, Report(logger("sweep"), metrics("sweep")))
    _count("Swept", swept.settled)
    logger("sweep").info("swept single numbers", asked=len(targets), settled=dict(swept.settled), left=dict(swept.left))
    return {kind: count for kind, count in swept.settled.items() if count}


def _count(prefix: str, counts: Mapping[Due, int]) -> None:
    for kind, count in counts.items():
        metrics("sweep").add_metric(f"{prefix}{kind.title().replace('_', '')}", MetricUnit.Count, count)
