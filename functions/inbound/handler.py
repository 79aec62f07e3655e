"""InboundFunction: an SNS event, or SNS notifications in SQS records, with partial batch failures for the latter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbound.cold_start import uncollected

with uncollected("imports"):
    from inbound.wiring import batch, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Hear what was texted. An event from SNS itself that could not be heard fails as a whole, and Lambda repeats it."""
    if not _has_records(event):
        raise TypeError("no event from SNS or SQS: it has no list of Records")
    if not event["Records"]:
        return {"batchItemFailures": []}
    with uncollected("first event"):
        texts = batch()
    logger().append_keys(request_id=context.aws_request_id)
    try:
        response = texts.handle(event)
    finally:
        metrics().flush_metrics()
    if response["batchItemFailures"] and "Sns" in event["Records"][0]:
        raise RuntimeError("the text could not be heard; Lambda delivers it again")
    return response


def _has_records(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("Records"), list)
