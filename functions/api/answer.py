"""Response to one request. The caller is authenticated first, so that a refusal costs little and reveals nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.api_gateway import Response, ResponseBuilder

from api import problems
from api.caller import identify_caller
from api.context import RequestContext
from api.event import ApiEvent
from api.resolver import resolve
from sms_consent.access.access_key import Refused
from sms_consent.domain.errors import ConsentError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sms_consent.bootstrap.container import Container

__all__ = ["Answer", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response, and what is logged and counted about it.

    Attributes:
        route: The pattern of the matched route.
        caller: The caller's identity, if the request is authenticated.
        refusal: Why the request is not authenticated.
        keys_error: Why the access keys could not be read.
        errors: Why recipients were rejected, without their numbers.
    """

    response: dict[str, Any]
    route: str = "none"
    caller: str | None = None
    refusal: str | None = None
    keys_error: ConsentError | None = None
    errors: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the request failed with a server error, as a whole or for some recipients."""
        return bool(self.errors) or bool(self.response["statusCode"] >= 500)


def answer(request: ApiEvent, context: LambdaContext, container: Container, sync_until: datetime) -> Answer:
    """Respond to a request. Raises for invalid settings; every other failure gets an error response.

    Args:
        sync_until: After this time, changes are only recorded, and SweepFunction applies them.
    """
    try:
        caller = identify_caller(request, container.access_keys)
    except Refused as refused:
        return Answer(response=_built(problems.unauthorized(), request), refusal=refused.reason.value)
    except ConsentError as error:
        return Answer(response=_built(problems.keys_unavailable(), request), keys_error=error)
    request_context = RequestContext(
        event=request,
        caller=caller,
        sync_until=sync_until,
        requests=container.channel_requests,
        queries=container.queries,
    )
    response = resolve(request_context, context)
    return Answer(response=response, route=request_context.route, caller=caller.identity, errors=request_context.errors)


def _built(response: Response[Any], request: ApiEvent) -> dict[str, Any]:
    return ResponseBuilder[ApiEvent](response).build(request)
