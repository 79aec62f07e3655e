"""What each function may do by template.yaml, and what it does: every call by a handler is held against its own policy."""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from unittest.mock import patch

from botocore.client import BaseClient

from support.template import REPOSITORY, resources, statements

__all__ = ["DONE", "Permission", "enforced", "granted"]


class Permission(NamedTuple):
    """An IAM action on one of the stack's resources, by its logical id, or on a kind of origination identity."""

    action: str
    resource: str


DONE: defaultdict[str, Counter[Permission]] = defaultdict(Counter)
"""What each function has done in this process, and how often."""


@cache
def granted(function: str) -> frozenset[Permission]:
    """Everything that a function's role allows."""
    role = resources("AWS::Serverless::Function")[function]["Properties"]["Role"]["Fn::GetAtt"][0]
    permissions = set()
    for statement in statements(role):
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                permissions.add(Permission(action, _named(resource)))
    return frozenset(permissions)


@contextmanager
def enforced() -> Iterator[None]:
    """Every call that a function makes without permission fails, as it would on AWS."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # the one place where every call passes

    def held_against_policy(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        function = _calling_function()
        if function is not None:
            needed = [_needed(client.meta.service_model.service_name, operation, parameters)]
            if "ConfigurationSetName" in parameters:  # authorized on both resources
                needed.append(Permission(needed[0].action, "configuration-set/${Name}"))
            for permission in needed:
                assert permission in granted(function), (
                    f"{function} may not {permission.action} on {permission.resource}"
                )
                DONE[function][permission] += 1
        return call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", held_against_policy):
        yield


@cache
def _packages() -> dict[str, str]:
    """Map files and folders to functions: the handlers, and what runs in threads, below no handler."""
    functions = REPOSITORY / "functions"
    handlers = {
        str(functions / "handlers" / f"{each['Properties']['Handler'].split('.')[1]}.py"): name
        for name, each in resources("AWS::Serverless::Function").items()
    }
    return {
        **handlers,
        str(functions / "api"): "ApiFunction",
        str(functions / "sms_consent" / "inbound"): "InboundFunction",
    }


def _calling_function() -> str | None:
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        function = _packages().get(file) or _packages().get(file.rpartition("/")[0])
        if function is not None:
            return function
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return None


def _needed(service: str, operation: str, parameters: dict[str, Any]) -> Permission:
    if service == "dynamodb":
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        # Each write of a transaction is authorized as if it were made alone (developer guide of DynamoDB).
        operation = "PutItem" if operation == "TransactWriteItems" else operation
        return Permission(f"dynamodb:{operation}", "LedgerTable" + index)
    if service == "pinpoint-sms-voice-v2":
        return Permission(f"sms-voice:{operation}", _sms_resource(parameters))
    if service == "secretsmanager":
        return Permission(f"secretsmanager:{operation}", "AccessKeySecret")
    if service == "sqs":
        if operation == "DeleteMessageBatch":  # authorized as DeleteMessage (API permissions of SQS)
            return Permission("sqs:DeleteMessage", "InboundQueue")
        events = parameters["QueueUrl"].endswith("/events-dead-letters")
        return Permission(f"sqs:{operation}", "NotifyDeadLetterQueue" if events else "InboundDeadLetterQueue")
    if service == "events":
        return Permission(f"events:{operation}", "event-bus/${EventBusName}")
    raise AssertionError(f"say in tests/support/policies.py which resource {service}:{operation} needs")


def _sms_resource(parameters: dict[str, Any]) -> str:
    if "OptOutListName" in parameters:
        return "OptOutList"
    identity = parameters["OriginationIdentity"]
    for kind in ("pool", "rcs"):
        if identity.startswith(kind):
            return {"pool": "pool/*", "rcs": "rcs-agent/*"}[kind]
    return "phone-number/*"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(resource: Any) -> str:
    """The resource by the logical id behind its intrinsic functions."""
    if resource == "*":
        return "*"
    (kind, value) = next(iter(resource.items()))
    if kind == "Fn::GetAtt":
        return str(value[0])
    if kind == "Fn::If":
        return _named(value[1])
    if kind == "Fn::Sub" and isinstance(value, list):
        value = value[0]
    if kind == "Fn::Sub" and value.startswith("${"):
        return re.sub(r"\$\{(\w+)(\.Arn)?\}", r"\1", value)
    if kind == "Fn::Sub":
        return str(value).rpartition(":")[2]
    return str(value)
