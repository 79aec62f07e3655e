"""The API's description in OpenAPI 3.1, made from the very models that requests are read with and responses written with."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema

from api import models
from api.http import JSON, PROBLEM
from api.opt_outs import VERSIONS
from api.people import MOST_DECISIONS
from sms_consent.domain.phone_number import SERVICE_PATTERN

__all__ = ["description"]

_MODELS: list[tuple[type[BaseModel], JsonSchemaMode]] = [
    (models.OptOutRequest, "validation"),
    (models.OptOutResponse, "serialization"),
    (models.ErrorResponse, "serialization"),
    (models.Problem, "serialization"),
    (models.NumberView, "serialization"),
    (models.DecisionPage, "serialization"),
]
_OPERATIONS = {
    "add": "Opt recipients out. They count as opted out from this moment, however long the opt-out list takes to follow.",
    "remove": "Opt recipients in again. Within 30 days of the last time, one is answered 202 with the date of its release.",
    "check": "Whether recipients are opted out, as the ledger of consent has it at this moment.",
}
_NUMBER = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "A phone number in E.164 form, its plus as %2B.",
    "schema": {"type": "string", "pattern": f"^{SERVICE_PATTERN}$"},
}
_CLIENT_ID = {
    "name": "x-ms-client-request-id",
    "in": "header",
    "description": "The same on each attempt of one request: then it does nothing twice. Microsoft's clients send it.",
    "schema": {"type": "string"},
}
_VERSION = {
    "name": "api-version",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "enum": list(VERSIONS)},
}


_STATUSES = {
    200: "Done, or answered for each recipient.",
    400: "A bad request.",
    401: "No credentials, or wrong ones: the same whatever is wrong with them.",
    413: "A body larger than any request that could be served.",
    429: "Throttled by the gateway.",
    500: "Failed unforeseen.",
    503: "The ledger did not answer: to be sent again.",
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_ERROR, _PROBLEM = _json(_ref("ErrorResponse")), {PROBLEM: {"schema": _ref("Problem")}}
_ALWAYS: dict[int, Any] = {401: _ERROR, 429: _json({"type": "object"}), 500: _ERROR, 503: _ERROR}


class _Schemas(GenerateJsonSchema):
    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """What is None is left out of a response, so it is never null there."""
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().nullable_schema(schema)


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    _, schemas = models_json_schema(_MODELS, ref_template="#/components/schemas/{model}", schema_generator=_Schemas)
    paths: dict[str, Any] = {f"/sms/optouts:{name}": {"post": _opt_outs(name)} for name in _OPERATIONS}
    paths["/numbers/{number}"] = {"get": _number()}
    paths["/numbers/{number}/decisions"] = {"get": _decisions()}
    paths["/openapi.json"] = {
        "get": _operation("Description_Get", "This description.", _json({"type": "object"}), errors={})
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sms-consent",
            "version": VERSIONS[-1],
            "description": "Opt-outs in the wire form of Azure Communication Services, and what the ledger of consent knows.",
        },
        "security": [{"accessKey": []}, {"sigV4": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "accessKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "HMAC-SHA256 as Azure Communication Services has it, over verb, path and query, x-ms-date, "
                    "host and x-ms-content-sha256.",
                },
                "sigV4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4 for the service execute-api.",
                },
            },
        },
    }


def _opt_outs(name: str) -> dict[str, Any]:
    return {
        **_operation(
            f"OptOuts_{name.title()}",
            _OPERATIONS[name],
            _json(_ref("OptOutResponse")),
            errors={400: {**_PROBLEM, **_ERROR}, 413: _PROBLEM},
        ),
        "parameters": [_VERSION, _CLIENT_ID],
        "requestBody": {"required": True, "content": {JSON: {"schema": _ref("OptOutRequest")}}},
    }


def _number() -> dict[str, Any]:
    summary = "Consents on every opt-out list, how far each list has followed, and what is due."
    return {
        **_operation("Numbers_Get", summary, _json(_ref("NumberView")), errors={400: _PROBLEM}),
        "parameters": [_NUMBER],
    }


def _decisions() -> dict[str, Any]:
    size = {"type": "integer", "minimum": 1, "maximum": MOST_DECISIONS}
    return {
        **_operation(
            "Numbers_ListDecisions",
            "The decisions about a number, newest first, with their evidence.",
            _json(_ref("DecisionPage")),
            errors={400: _PROBLEM},
        ),
        "parameters": [
            _NUMBER,
            {"name": "size", "in": "query", "schema": size},
            {"name": "page", "in": "query", "description": "`next` of the page before.", "schema": {"type": "string"}},
        ],
    }


def _operation(name: str, summary: str, success: dict[str, Any], *, errors: dict[int, Any]) -> dict[str, Any]:
    contents = {200: success, **errors, **_ALWAYS}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            str(status): {"description": _STATUSES[status], "content": contents[status]} for status in sorted(contents)
        },
    }
