"""How a request and a response look to the routes: payload format 2.0 of API Gateway's HTTP APIs, read and written here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel

__all__ = ["JSON", "PROBLEM", "Request", "Response", "request_of"]

JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass(frozen=True, kw_only=True)  # without slots, which a cached property cannot be kept in
class Request:
    """One request. Names of headers are in lower case."""

    id: str
    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    raw_body: str  # as text or in base64
    is_base64: bool
    context: Mapping[str, Any]  # what the gateway itself says about it, the caller above all

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters, decoded. Parsed at first use: a refused request does not need them."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @cached_property
    def body(self) -> bytes:
        """The bytes as they were sent. Decoded at first use: a refused request may carry megabytes."""
        if not self.is_base64:
            return self.raw_body.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.raw_body)
        except binascii.Error:
            return b""

    @property
    def trace_id(self) -> str:
        """A name for the request, in the form of a W3C trace context, by which its log lines are found."""
        digest = hashlib.sha256(self.id.encode()).hexdigest()
        return f"00-{digest[:32]}-{digest[32:48]}-00"


@dataclass(frozen=True, slots=True)
class Response:
    """One response."""

    status: int
    body: BaseModel | Mapping[str, Any]
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()  # for the log: what single recipients were rejected for, without their numbers

    def payload(self, request_id: str) -> dict[str, Any]:
        """As API Gateway takes it. What is told of people is not for caches."""
        return {
            "statusCode": self.status,
            "headers": {
                "content-type": self.media_type,
                "cache-control": "no-store",
                "x-ms-request-id": request_id,
                **self.headers,
            },
            "body": self._text(),
            "isBase64Encoded": False,
        }

    def _text(self) -> str:
        if isinstance(self.body, BaseModel):
            return self.body.model_dump_json(by_alias=True, exclude_none=True)
        return json.dumps(self.body)


def request_of(event: Mapping[str, Any]) -> Request:
    """Raises KeyError for what is no event of an HTTP API."""
    context = event["requestContext"]
    return Request(
        id=context["requestId"],
        method=context["http"]["method"],
        path=event["rawPath"],
        raw_query=event.get("rawQueryString", ""),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        raw_body=str(event.get("body") or ""),
        is_base64=bool(event.get("isBase64Encoded")),
        context=context,
    )
