"""The routes ``/sms/optouts:add``, ``:remove`` and ``:check``, and the wire form of each result."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BeforeValidator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from api import problems
from api.context import RequestContext
from api.models import OptOutRequest, OptOutResponse, OptOutResponseItem
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked
from sms_consent.domain.time import as_text
from sms_consent.recording.channel_requests import Request, RequestOutcome, Result, UnknownSender
from sms_consent.recording.idempotency import RequestKey

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

__all__ = ["VERSIONS", "router"]

_MAX_BYTES = 64 * 1024
"""Several times the size of a request with 100 recipients."""

_CLIENT_ID = re.compile(r"[!-~]{1,128}", re.ASCII)

router = APIGatewayHttpRouter()


def _parse_body(text: str) -> OptOutRequest:
    """Parse the body with pydantic's own JSON parser, which accepts exactly what the schema describes."""
    content = text.encode("utf-8", "surrogateescape")
    if len(content) > _MAX_BYTES:
        raise PydanticCustomError("too_large", f"The body must have at most {_MAX_BYTES} bytes.")
    return OptOutRequest.model_validate_json(content)


_Body = Annotated[OptOutRequest, BeforeValidator(_parse_body), Body()]
_Version = Annotated[
    # The published versions that have Opt Outs; their bodies are the same.
    Literal["2024-12-10-preview", "2025-05-29-preview", "2026-01-23"],
    Query(alias="api-version"),
]
VERSIONS: tuple[str, ...] = get_args(get_args(_Version)[0])
_ClientId = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="x-ms-client-request-id",
        description="The same for each attempt of one request, which then takes effect once. Microsoft's clients send it.",
    ),
]
_RESPONSES: dict[int, OpenAPIResponse] = {
    200: {"description": "A result for each recipient."},
    400: {"description": "An invalid request.", "content": {**problems.PROBLEM, **problems.ERROR}},
    413: {"description": f"A body of more than {_MAX_BYTES} bytes.", "content": problems.PROBLEM},
    **problems.DESCRIBED_ERRORS,
}


@router.post(
    "/sms/optouts:add",
    operation_id="OptOuts_Add",
    summary="Opt recipients out. They count as opted out from this moment, however long the opt-out list takes to follow.",
    responses=_RESPONSES,
)
def add(body: _Body, _version: _Version, client_id: _ClientId = None) -> OptOutResponse:
    """Opt recipients out."""
    return _serve(partial(_record, Asked.OPT_OUT, body, client_id), _item)


@router.post(
    "/sms/optouts:remove",
    operation_id="OptOuts_Remove",
    summary="Opt recipients in again. Within 30 days of the last time, one is answered 202 with the date of its release.",
    responses=_RESPONSES,
)
def remove(body: _Body, _version: _Version, client_id: _ClientId = None) -> OptOutResponse:
    """Opt recipients in again, as soon as the service allows it."""
    return _serve(partial(_record, Asked.OPT_IN, body, client_id), _item)


@router.post(
    "/sms/optouts:check",
    operation_id="OptOuts_Check",
    summary="Whether recipients are opted out, as the ledger of consent has it at this moment.",
    responses=_RESPONSES,
)
def check(body: _Body, _version: _Version, _client_id: _ClientId = None) -> OptOutResponse:
    """Return whether recipients are opted out."""
    recipients = [each.to for each in body.recipients]
    return _serve(lambda: _context().requests.check(body.sender, recipients), _checked_item)


def _context() -> RequestContext:
    context: RequestContext = router.context["request_context"]
    return context


def _serve(carry_out: Callable[[], Sequence[Result]], item: Callable[[Result], OptOutResponseItem]) -> OptOutResponse:
    context = _context()
    try:
        results = carry_out()
    except UnknownSender:
        messages = {"from": ["This sender is not configured here."]}
        raise problems.ApiError(problems.invalid(context.event, messages)) from None
    outcomes = {result.outcome for result in results}
    context.errors = tuple(dict.fromkeys(result.error for result in results if result.error is not None))
    if outcomes == {RequestOutcome.FAILED}:
        raise problems.ApiError(problems.unavailable())
    if outcomes <= {RequestOutcome.FAILED, RequestOutcome.REJECTED}:
        raise problems.ApiError(problems.failed())
    return OptOutResponse(value=[item(result) for result in results])


def _record(asked: Asked, body: OptOutRequest, client_id: str | None) -> Sequence[Result]:
    context = _context()
    request = Request(
        asked=asked,
        sender=body.sender,
        recipients=tuple(each.to for each in body.recipients),
        request_key=RequestKey(
            actor=context.caller.identity,
            content=f"{asked} {hashlib.sha256(context.event.content).hexdigest()}",
            once=context.event.request_context.request_id,
            client_id=client_id if client_id is not None and _CLIENT_ID.fullmatch(client_id) else None,
            signature=context.caller.signature,
            valid_for=context.caller.valid_for,
        ),
        channel=body.channel,
        reference=body.reference,
    )
    return context.requests.ask(request, sync_until=context.sync_until)


def _item(result: Result) -> OptOutResponseItem:
    status, message = {
        RequestOutcome.DONE: (200, None),
        RequestOutcome.DEFERRED: (202, _deferral(result)),
        RequestOutcome.SUPERSEDED: (409, "Recorded, but a newer decision stands."),
        RequestOutcome.INVALID: (400, "Invalid recipient phone number format"),
        RequestOutcome.FAILED: (500, "Internal Server Error"),
        RequestOutcome.REJECTED: (
            500,
            "The ledger does not take this recipient. Sending the request again will not help.",
        ),
    }[result.outcome]
    return OptOutResponseItem(to=result.recipient, http_status_code=status, error_message=message)


def _checked_item(result: Result) -> OptOutResponseItem:
    item = _item(result)
    if result.outcome is not RequestOutcome.DONE:
        return item
    consent = result.consent
    # A number whose opt-in is pending is still on the list.
    return item.model_copy(update={"is_opted_out": consent is not None and consent.status is not Status.OPTED_IN})


def _deferral(result: Result) -> str:
    if result.held_until is None:
        return "Recorded. The number leaves the opt-out list as soon as the service takes the call."
    date = as_text(result.held_until)
    if result.refused:
        return f"Recorded. The service refuses to release the number for now; it is asked again on {date}."
    return f"Recorded. A number can leave an opt-out list once in 30 days: this one is released on {date}."
