"""InboundFunction: process an SNS event, or SNS notifications in SQS records with a partial batch response."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.cold_start import uncollected

with uncollected("imports"):
    from sms_consent.bootstrap.container import Container
    from sms_consent.bootstrap.observability import invocation
    from sms_consent.sync.reply_sender import FREE

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["container", "handler"]


@cache
def container() -> Container:
    """Return the function's dependencies, created once per execution environment."""
    return Container(service="inbound", looks_further=False, free_replies=FREE)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Process inbound texts. Raises if the text of a direct SNS event failed, so that Lambda retries it.

    While the settings are invalid, records stay in the queue. Those that SQS would soon delete are dead-lettered.
    """
    if not _has_records(event):
        raise TypeError("no event from SNS or SQS: it has no list of Records")
    if not event["Records"]:
        return {"batchItemFailures": []}
    problem: Exception | None = None
    with invocation("inbound", context, limits_calls=True):
        try:
            batch = container().inbound_batch
        except Exception as error:  # noqa: BLE001  raised below, unless some records could be moved
            batch, problem = container().failing_inbound_batch(error), error
        response = batch.handle(event)
    failed = len(response["batchItemFailures"])
    if problem is not None and failed == len(event["Records"]):
        raise problem
    if failed and "Sns" in event["Records"][0]:
        raise RuntimeError("the text could not be processed; Lambda delivers it again")
    return response


def _has_records(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("Records"), list)
