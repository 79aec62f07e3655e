"""ApiFunction: one request of an HTTP API (payload format 2.0)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from api.answer import Answer, answer
from api.event import ApiEvent
from sms_consent.bootstrap.container import Container
from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.domain.observation import COUNT

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["container", "handler"]

MARGIN = timedelta(seconds=12)
"""How much of the function's time is kept for one call that hangs and for recording the rest of 100 recipients."""


@cache
def container() -> Container:
    """Return the function's dependencies, created once per execution environment."""
    return Container(service="api")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request. Raises for invalid settings; every other failure gets an error response."""
    request = ApiEvent(event)
    request_id = request.request_context.request_id
    with invocation("api", context, gateway_request_id=request_id):
        time_left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        answered = answer(request, context, container(), container().clock.now() + time_left - MARGIN)
        _report(answered)
    return answered.response | {
        "headers": answered.response["headers"] | {"cache-control": "no-store", "x-ms-request-id": request_id}
    }


def _report(answered: Answer) -> None:
    log, count = logger("api"), metrics("api").add_metric
    if answered.refusal is not None:
        count("ApiRequestsRefused", COUNT, 1)
    if (error := answered.keys_error) is not None:
        log.error("access keys cannot be read", error=type(error).__name__, reason=str(error))
        count("AccessKeyErrors", COUNT, 1)
    if answered.errors:
        log.error("recipients rejected", errors=answered.errors)
    status = answered.response["statusCode"]
    log.info("answered", route=answered.route, status=status, caller=answered.caller, refusal=answered.refusal)
    count("ApiRequests", COUNT, 1)
    if answered.failed:
        count("ApiRequestsFailed", COUNT, 1)
