"""InboundFunction: an SNS event, or SNS notifications in SQS records, with partial batch failures for the latter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.cold_start import uncollected

with uncollected("imports"):
    from sms_consent.bootstrap.inbound import batch, batch_that_fails, deadline
    from sms_consent.bootstrap.observability import invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Process inbound texts. An event from SNS itself that failed raises as a whole, and Lambda repeats it.

    While the settings cannot be used, records stay in the queue, except those that SQS would soon delete.
    """
    if not _has_records(event):
        raise TypeError("no event from SNS or SQS: it has no list of Records")
    if not event["Records"]:
        return {"batchItemFailures": []}
    problem: Exception | None = None
    with invocation("inbound", context), deadline.of(context.get_remaining_time_in_millis):
        try:
            with uncollected("first event"):
                texts = batch()
        except Exception as error:  # noqa: BLE001  raised below, unless some records could be moved
            texts, problem = batch_that_fails(error), error
        response = texts.handle(event)
    failed = len(response["batchItemFailures"])
    if problem is not None and failed == len(event["Records"]):
        raise problem
    if failed and "Sns" in event["Records"][0]:
        raise RuntimeError("the text could not be processed; Lambda delivers it again")
    return response


def _has_records(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("Records"), list)
