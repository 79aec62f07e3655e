"""NotifyFunction: what changed in the ledger, told to whoever listens, at least once and in order for a number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.notify import batch, clock, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=20)
"""What is left of the function's time for the request under way, its one repetition, and what is put aside."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Tell until all is told or the time is up."""
    logger().append_keys(request_id=context.aws_request_id)
    until = clock().now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
    try:
        return batch().handle(event, until)
    finally:
        metrics().flush_metrics()
