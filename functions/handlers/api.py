"""ApiFunction: one request of an HTTP API (payload format 2.0)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.api_gateway import ResponseBuilder

from api import problems
from api.caller import identify_caller
from api.context import RequestContext
from api.event import ApiEvent
from api.resolver import resolve
from sms_consent.access.access_key import Refused
from sms_consent.bootstrap.container import Container
from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.domain.errors import ConsentError
from sms_consent.domain.observation import COUNT

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["container", "handler"]

MARGIN = timedelta(seconds=12)
"""How much of the function's time is kept for one call that hangs and for recording the rest of 100 recipients."""


@cache
def container() -> Container:
    """Return the function's objects, the same for every request."""
    return Container(service="api")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request. Unusable settings fail the function itself; every other failure gets an error response."""
    request = ApiEvent(event)
    request_id = request.request_context.request_id
    with invocation("api", context, gateway_request_id=request_id):
        response = _answer(request, context)
    response["headers"] |= {"cache-control": "no-store", "x-ms-request-id": request_id}
    return response


def _answer(request: ApiEvent, context: LambdaContext) -> dict[str, Any]:
    """Identify the caller before anything else, so that a refusal is cheap and reveals nothing."""
    try:
        caller = identify_caller(request, container().access_keys)
    except Refused as refused:
        response = ResponseBuilder[ApiEvent](problems.unauthorized()).build(request)
        metrics("api").add_metric("ApiRequestsRefused", COUNT, 1)
        return _reported(response, refusal=refused.reason.value)
    except ConsentError as error:
        logger("api").error("access keys cannot be read", error=type(error).__name__, reason=str(error))
        metrics("api").add_metric("AccessKeyErrors", COUNT, 1)
        return _reported(ResponseBuilder[ApiEvent](problems.keys_unavailable()).build(request))
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    request_context = RequestContext(
        event=request,
        caller=caller,
        sync_until=container().clock.now() + remaining - MARGIN,
        requests=container().channel_requests,
        queries=container().queries,
    )
    response = resolve(request_context, context)
    if request_context.errors:
        logger("api").error("recipients rejected", errors=request_context.errors)
    return _reported(response, request_context.route, caller.identity, failed=bool(request_context.errors))


def _reported(
    response: dict[str, Any],
    route: str = "none",
    caller: str | None = None,
    *,
    refusal: str | None = None,
    failed: bool = False,
) -> dict[str, Any]:
    status = response["statusCode"]
    logger("api").info("answered", route=route, status=status, caller=caller, refusal=refusal)
    metrics("api").add_metric("ApiRequests", COUNT, 1)
    if failed or status >= 500:
        metrics("api").add_metric("ApiRequestsFailed", COUNT, 1)
    return response
