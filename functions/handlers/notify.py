"""NotifyFunction: what changed in the ledger, told to whoever listens, at least once and in order for a number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.notify import batch, clock
from sms_consent.bootstrap.observability import invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=20)
"""What is left of the function's time for the request under way, its one repetition, and what is put aside."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Tell until all is told or the time is up."""
    until = clock().now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
    with invocation("notify", context):
        return batch().handle(event, until)
