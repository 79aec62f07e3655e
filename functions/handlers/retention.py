"""RetentionFunction: delete message bodies after the deployment's retention time, daily."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.ledger_only import clock, retention
from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.domain.observation import COUNT
from sms_consent.retention.body_retention import RemovalCounts

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=60)
"""Time kept for the texts of one part of the ledger."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  a schedule's event is empty
    """Remove old bodies until the whole ledger is read or the time is up."""
    removed = RemovalCounts()
    with invocation("retention", context):
        until = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
        try:
            retention().run(until, removed)
        finally:  # what was done before an exception is counted too
            metrics("retention").add_metric("BodiesForgotten", COUNT, removed.texts)
        logger("retention").info("old texts were removed", texts=removed.texts, over=removed.over)
    return {"texts": removed.texts}
