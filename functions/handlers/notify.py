"""NotifyFunction: publish changes of the ledger to EventBridge, at least once and in order for each number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.ledger_only import clock, event_batch
from sms_consent.bootstrap.observability import invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=20)
"""Time kept for the request under way, its retry, and records for the dead-letter queue."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Publish until everything is published or the time is up. Return a partial batch response."""
    with invocation("notify", context):
        until = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
        return event_batch().handle(event, until)
