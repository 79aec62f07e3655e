"""SweepFunction: process everything that is due, every minute and within the API's rate.

The command line invokes it for single numbers: ``{"numbers": [{"number": "+14255550182", "list": "Default"}]}``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.container import Container
from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.bootstrap.run_reporting import SweepReporter, count_by_kind
from sms_consent.domain.observation import COUNT, SECONDS
from sms_consent.sync.sweep_request import EXPECTED, NUMBERS, targets_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["container", "handler"]


@cache
def container() -> Container:
    """Return the function's dependencies, created once per execution environment."""
    return Container(service="sweep", paced=True)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process due work until none is left or the time is up. With ``numbers`` in the event, only that of these numbers."""
    with invocation("sweep", context):
        deadline = container().clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis())
        return _sweep_numbers(event, deadline) if NUMBERS in event else _sweep(deadline)


def _sweep(deadline: datetime) -> dict[str, Any]:
    parts, counted = container(), metrics("sweep")
    # Printed at once: the alarm on it needs one value every minute, however long a sweep takes.
    counted.add_metric("OldestOptOutDue", SECONDS, parts.oldest_opt_out().total_seconds())
    counted.flush_metrics()
    swept = parts.sweep.run(deadline, SweepReporter())
    left = parts.count_due()
    done = count_by_kind("Swept", swept.settled)
    count_by_kind("Due", left)
    counted.add_metric("RejectedNumbers", COUNT, parts.count_rejected())
    counted.add_metric("SettingsProblems", COUNT, len(parts.settings_problems))
    logger("sweep").info("swept", settled=dict(swept.settled), left=left, elsewhere=swept.elsewhere)
    return done


def _sweep_numbers(event: dict[str, Any], deadline: datetime) -> dict[str, Any]:
    """Sweep the numbers in the event. An invalid request does not raise, as Lambda would retry it."""
    if (targets := targets_of(event)) is None:
        logger("sweep").warning("invalid request", expected=EXPECTED)
        return {"error": EXPECTED}
    swept = container().sweep.run_for(targets, deadline, SweepReporter())
    logger("sweep").info("swept single numbers", asked=len(targets), settled=dict(swept.settled), left=dict(swept.left))
    return count_by_kind("Swept", swept.settled)
