"""ApiFunction: one request of an HTTP API (payload format 2.0)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from api import problems
from api.caller import caller_of
from api.container import access_keys, api, parts
from api.http import Request, request_of
from api.routes import Answered
from sms_consent.access.access_key import Refused
from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.domain.errors import ConsentError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=12)
"""What is left of the function's time for one call that hangs, and for recording the rest of 100 recipients."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer. What fails unforeseen is answered too, and logged without a number: only its kind.

    Settings that cannot work fail the function itself, whose log then says which.
    """
    request = request_of(event)
    with invocation("api", context, gateway_request_id=request.id):
        answered = _answer(request, context)
        _report(answered)
    return answered.response.payload(request.id)


def _answer(request: Request, context: LambdaContext) -> Answered:
    """Nothing is looked at or made before the caller is known, so that a refusal is cheap and reveals nothing."""
    try:
        caller = caller_of(request, access_keys())
    except Refused as refused:
        return Answered(problems.unauthorized(), refusal=refused.reason.value)
    except ConsentError as error:
        logger("api").error("access keys cannot be read", error=type(error).__name__, reason=str(error))
        metrics("api").add_metric("AccessKeyErrors", MetricUnit.Count, 1)
        return Answered(problems.keys_unavailable())
    routes, clock = api(), parts().clock
    try:
        hurry_from = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
        return routes.answer(request, caller, hurry_from)
    except Exception as error:  # noqa: BLE001  the caller gets an answer in the API's own form
        # Only names of types: the message or the frames of an unforeseen error may hold a number or a text.
        cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
        logger("api").error("failed", error=type(error).__name__, cause=cause)
        return Answered(problems.failed())


def _report(answered: Answered) -> None:
    status = answered.response.status
    logger("api").info(
        "answered", route=answered.route, status=status, caller=answered.caller, refusal=answered.refusal
    )
    metrics("api").add_metric("ApiRequests", MetricUnit.Count, 1)
    if answered.refusal is not None:
        metrics("api").add_metric("ApiRequestsRefused", MetricUnit.Count, 1)
    if answered.response.errors:
        logger("api").error("recipients rejected", errors=answered.response.errors)
    if status >= 500 or answered.response.errors:
        metrics("api").add_metric("ApiRequestsFailed", MetricUnit.Count, 1)
