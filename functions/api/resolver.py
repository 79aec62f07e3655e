"""The API on Powertools' event handler: its routes, its exception handlers and its OpenAPI description."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic_core import to_json

from api import numbers, opt_outs, problems
from api.context import RequestContext
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.errors import TryAgain

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
    from aws_lambda_powertools.event_handler.openapi.models import SecurityScheme
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["description", "resolve"]

_app = APIGatewayHttpResolver(
    enable_validation=True,
    debug=False,  # POWERTOOLS_DEV would print every event with its phone numbers
    serializer=lambda body: to_json(body).decode(),
    json_body_deserializer=str,  # type: ignore[arg-type]  # the request model parses the text itself
)
_app.include_router(opt_outs.router)
_app.include_router(numbers.router)


def resolve(request_context: RequestContext, lambda_context: LambdaContext) -> dict[str, Any]:
    """Respond to an authenticated request. Sets ``request_context.route``."""
    _app.append_context(request_context=request_context)
    return _app.resolve(request_context.event.normalized(), lambda_context)


def _context() -> RequestContext:
    context: RequestContext = _app.context["request_context"]
    return context


def _record_route(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    _context().route = app.request.route
    return next_middleware(app)


_app.use([_record_route])


@_app.get(
    "/openapi.json",
    operation_id="Description_Get",
    summary="This description.",
    responses={
        200: {
            "description": "The OpenAPI document.",
            "content": {content_types.APPLICATION_JSON: {"schema": {"type": "object"}}},
        },
        **problems.DESCRIBED_ERRORS,
    },
)
def _get_description() -> dict[str, Any]:
    return description()


@_app.exception_handler(RequestValidationError)
def _invalid_request(error: RequestValidationError) -> Response[str]:
    context = _context()
    context.route = _app.request.route  # validation comes before middleware
    return problems.invalid_request(context.event, error.errors())


@_app.exception_handler(problems.ApiError)
def _api_error(error: problems.ApiError) -> Response[str]:
    return error.response


@_app.exception_handler(TryAgain)
def _unavailable(_: TryAgain) -> Response[str]:
    return problems.unavailable()


@_app.exception_handler(Exception)
def _failed(error: Exception) -> Response[str]:
    """Log the names of error types only: messages and frames of unexpected errors may contain numbers or texts."""
    cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
    logger("api").error("failed", error=type(error).__name__, cause=cause)
    return problems.failed()


@_app.not_found
def _not_found(_: NotFoundError) -> Response[str]:
    """Return a 405 for a known path with another method, like Azure; Powertools would return 404."""
    _context().route = "none"  # where no route matches, Powertools' own holds the path, and that perhaps a phone number
    path = _app.current_event.path
    for template, operations in description()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return problems.method_not_allowed(method.upper() for method in operations)
    return problems.not_found()


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document, generated from the routes."""
    schema = _app.get_openapi_schema(
        title="sms-consent",
        version=opt_outs.VERSIONS[-1],
        description="Opt-outs in the wire form of Azure Communication Services, and what the ledger of consent knows.",
        security=[{"accessKey": []}, {"sigV4": []}],
        security_schemes={
            "accessKey": _signature(
                "HMAC-SHA256 as in Azure Communication Services, over verb, path and query, x-ms-date, host and "
                "x-ms-content-sha256."
            ),
            "sigV4": _signature("AWS Signature Version 4 for the service execute-api."),
        },
    )
    document: dict[str, Any] = schema.model_dump(mode="json", by_alias=True, exclude_none=True)
    # Powertools describes its own 422, which this API never sends.
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        document["components"]["schemas"].pop(name, None)
    return document


def _signature(description: str) -> SecurityScheme:
    """Return a security scheme. Imports the OpenAPI models lazily, as only the description needs them."""
    from aws_lambda_powertools.event_handler.openapi.models import APIKey

    return APIKey.model_validate({"name": "Authorization", "in": "header", "description": description})
