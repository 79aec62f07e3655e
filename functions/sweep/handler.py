"""SweepFunction: every minute, within the API's rate, what could not be done at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from sweep.wiring import logger, metrics, parts

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  a schedule says nothing
    """Sweep until nothing is due or the time is up."""
    clock = parts().clock
    deadline = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    swept = parts().sweep().run(deadline)
    for kind, count in swept.settled.items():
        metrics().add_metric(f"Swept{kind.title().replace('_', '')}", MetricUnit.Count, count)
    metrics().add_metric("OldestOptOutDue", MetricUnit.Seconds, swept.overdue.total_seconds())
    metrics().flush_metrics()
    logger().info("swept", settled=dict(swept.settled), left=dict(swept.left), elsewhere=swept.elsewhere)
    return {kind: count for kind, count in swept.settled.items() if count}
