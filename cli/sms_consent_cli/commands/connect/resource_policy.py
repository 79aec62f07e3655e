"""Evaluation of resource policies for requests of AWS services. Pure.

It implements the part that such policies use: an explicit Deny wins, and anything else needs an Allow
(docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). A statement that it cannot evaluate does
not count as an Allow, and makes a Deny UNCLEAR.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["Access", "PolicyRequest", "evaluate_policy"]


class Access(StrEnum):
    """The result of a policy."""

    ALLOWED = "ALLOWED"
    NOT_ALLOWED = "NOT_ALLOWED"
    DENIED = "DENIED"
    UNCLEAR = "UNCLEAR"  # a Deny that may or may not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """A request of a service on behalf of a resource of an account."""

    service: str
    action: str
    resource: str
    account: str
    source_arn: str

    def value(self, key: str) -> str | None:
        """Return the value of a condition key; None for an unsupported key."""
        known = {
            "aws:sourceaccount": self.account,
            "aws:sourcearn": self.source_arn,
            "aws:sourceowner": self.account,
            "aws:securetransport": "true",
        }
        return known.get(key.lower())


def evaluate_policy(policy: Mapping[str, Any], request: PolicyRequest) -> Access:
    """Return the result of one policy for a request."""
    holds = [
        (statement.get("Effect"), _holds(statement, request)) for statement in _listed(policy.get("Statement", []))
    ]
    if ("Deny", True) in holds:
        return Access.DENIED
    if ("Deny", None) in holds:
        return Access.UNCLEAR
    return Access.ALLOWED if ("Allow", True) in holds else Access.NOT_ALLOWED


def _holds(statement: Mapping[str, Any], request: PolicyRequest) -> bool | None:
    """Return whether a statement applies to the request; None if that cannot be evaluated."""
    if {"NotAction", "NotResource", "NotPrincipal"} & set(statement):
        return None
    if not _is_about(statement, request):
        return False
    verdicts = [
        _condition(operator, key, _listed(values), request)
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _is_about(statement: Mapping[str, Any], request: PolicyRequest) -> bool:
    actions = [each.lower() for each in _listed(statement.get("Action", []))]
    resources = _listed(statement.get("Resource", "*"))
    return (
        any(fnmatchcase(request.action.lower(), each) for each in actions)
        and any(fnmatchcase(request.resource, each) for each in resources)
        and _is_named(statement.get("Principal"), request.service)
    )


def _is_named(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in _listed(principal.get("Service", [])) or "*" in _listed(principal.get("AWS", []))


def _condition(operator: str, key: str, values: list[Any], request: PolicyRequest) -> bool | None:
    value = request.value(key)
    wanted = [str(each) for each in values]
    if value is None:
        return None
    match operator.removesuffix("IfExists"):
        case "StringEquals" | "ArnEquals" | "ArnLike" | "StringLike":
            # All of these but StringEquals support wildcards.
            exact = operator.startswith("StringEquals")
            return any(value == each if exact else _like(value, each) for each in wanted)
        case "StringEqualsIgnoreCase" | "Bool":
            return value.lower() in {each.lower() for each in wanted}
        case "StringNotEquals":
            return value not in wanted
        case "ArnNotLike" | "ArnNotEquals" | "StringNotLike":
            return not any(_like(value, each) for each in wanted)
        case _:
            return None


def _like(value: str, pattern: str) -> bool:
    """Match a pattern with * and ?. A star also matches across the parts of an ARN, as in IAM at the end of one."""
    translated = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch(translated, value) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
