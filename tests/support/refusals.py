"""Errors of AWS that depend on what is asked for, such as one number's, which the emulator's faults cannot express."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse

from sms_consent.adapters import clients

__all__ = ["Asked", "refusal", "refuses"]

Asked = dict[str, Any]
"""The request's parameters, as JSON."""


def refusal(code: str, status: int = 400, **members: Any) -> dict[str, Any]:
    """An error response; ``members`` stand beside ``Error``, as the service has them."""
    return {"Error": {"Code": code, "Message": "refused"}, "ResponseMetadata": {"HTTPStatusCode": status}, **members}


@contextmanager
def refuses(operation: str, answer: Callable[[Asked], Mapping[str, Any] | Exception | None]) -> Iterator[list[Asked]]:
    """Answer some calls of an operation in AWS's place: with an error response, or by raising. None lets a call through.

    Yields the parameters of the calls that were refused.
    """
    client: Any = (
        clients.dynamodb() if operation in {"PutItem", "GetItem", "Query", "UpdateItem"} else clients.sms_voice()
    )
    refused: list[Asked] = []

    def hook(params: dict[str, Any], **_: Any) -> Any:
        asked = json.loads(params["body"])
        given = answer(asked)
        if given is None:
            return None
        refused.append(asked)
        if isinstance(given, Exception):
            raise given
        status = given["ResponseMetadata"]["HTTPStatusCode"]
        return AWSResponse(params["url"], status, {}, None), dict(given)

    event = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    client.meta.events.register(event, hook)
    try:
        yield refused
    finally:
        client.meta.events.unregister(event, hook)
