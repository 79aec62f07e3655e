"""The routes ``/numbers/{number}`` and ``/numbers/{number}/decisions``: consents and decisions from the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic.json_schema import SkipJsonSchema

from api import problems
from api.context import RequestContext
from api.models import ConsentView, DecisionPage, DecisionView, NumberView
from sms_consent.domain.phone_number import SERVICE_PATTERN
from sms_consent.queries.evidence import facts_by_decision
from sms_consent.queries.history import NoSuchPlace, page_of
from sms_consent.queries.views import consent_view, decision_view

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

__all__ = ["router"]

_MAX_PAGE_SIZE, _DEFAULT_PAGE_SIZE = 100, 25

router = APIGatewayHttpRouter()

_Number = Annotated[
    str, Path(pattern=f"^{SERVICE_PATTERN}$", description="A phone number in E.164 form, with its plus as %2B.")
]
_RESPONSES: dict[int, OpenAPIResponse] = {
    200: {"description": "What the ledger has now."},
    400: {"description": "An invalid request.", "content": problems.PROBLEM},
    **problems.DESCRIBED_ERRORS,
}


@router.get(
    "/numbers/<number>",
    operation_id="Numbers_Get",
    summary="Consents on every opt-out list, how far each list has followed, and what is due.",
    responses=_RESPONSES,
)
def consents(number: _Number) -> NumberView:
    """Return a number's consents on every list. A number without consents is no error."""
    context: RequestContext = router.context["request_context"]
    views = [ConsentView.model_validate(consent_view(each)) for each in context.queries.consents(number)]
    return NumberView(number=number, consents=views)


@router.get(
    "/numbers/<number>/decisions",
    operation_id="Numbers_ListDecisions",
    summary="The decisions about a number, newest first, with their evidence.",
    responses=_RESPONSES,
)
def decisions(
    number: _Number,
    size: Annotated[int, Query(ge=1, le=_MAX_PAGE_SIZE)] = _DEFAULT_PAGE_SIZE,
    page: Annotated[str | SkipJsonSchema[None], Query(description="`next` of the page before.")] = None,
) -> DecisionPage:
    """Return one page of a number's history, newest first."""
    context: RequestContext = router.context["request_context"]
    try:
        found = page_of(context.queries, number, size=size, token=page)
    except NoSuchPlace:
        messages = {"page": ["Not a token from this number's history."]}
        raise problems.ApiError(problems.invalid(context.event, messages)) from None
    facts = facts_by_decision(context.queries.facts(number)) if found.entries else {}
    views = [
        DecisionView.model_validate(decision_view(entry, facts.get(entry.decision.id, ()))) for entry in found.entries
    ]
    return DecisionPage(number=number, decisions=views, next=found.next)
