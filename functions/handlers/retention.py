"""RetentionFunction: once a day, what people wrote is taken out of decisions that are older than the deployment keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.bootstrap.retention import clock, retention
from sms_consent.retention.body_retention import Forgotten

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=60)
"""What is left of the function's time for the texts of one part of the ledger."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  a schedule says nothing
    """Go on until all is looked through, or the time is up."""
    until = clock().now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
    forgotten = Forgotten()
    with invocation("retention", context):
        try:
            retention().run(until, forgotten)
        finally:  # what was done before an exception is counted too
            metrics("retention").add_metric("BodiesForgotten", MetricUnit.Count, forgotten.texts)
        logger("retention").info("looked through", texts=forgotten.texts, over=forgotten.over)
    return {"texts": forgotten.texts}
