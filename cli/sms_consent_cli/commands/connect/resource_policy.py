"""Decides whether a resource's policy lets an AWS service do something; pure, and sure of what it says or silent.

Only what such policies are made of is understood: an explicit Deny wins, anything else needs an Allow
(docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
What is not understood counts for no Allow, and leaves a Deny open.
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
    """What a policy says."""

    ALLOWED = "ALLOWED"
    NOT_ALLOWED = "NOT_ALLOWED"
    DENIED = "DENIED"
    UNCLEAR = "UNCLEAR"  # a Deny that may or may not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """One request of a service, on behalf of a resource of an account."""

    service: str
    action: str
    resource: str
    account: str
    source_arn: str

    def value(self, key: str) -> str | None:
        """Of a condition's key; None for one that is not understood."""
        known = {
            "aws:sourceaccount": self.account,
            "aws:sourcearn": self.source_arn,
            "aws:sourceowner": self.account,
            "aws:securetransport": "true",
        }
        return known.get(key.lower())


def evaluate_policy(policy: Mapping[str, Any], request: PolicyRequest) -> Access:
    """What becomes of the request by this policy alone."""
    holds = [
        (statement.get("Effect"), _holds(statement, request)) for statement in _listed(policy.get("Statement", []))
    ]
    if ("Deny", True) in holds:
        return Access.DENIED
    if ("Deny", None) in holds:
        return Access.UNCLEAR
    return Access.ALLOWED if ("Allow", True) in holds else Access.NOT_ALLOWED


def _holds(statement: Mapping[str, Any], request: PolicyRequest) -> bool | None:
    """Whether a statement is about the request; None where that is not understood."""
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
            # A star means something to all of them but the first.
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
    """A star stands for anything, across the parts of an ARN too, which is how IAM reads it at the end of one."""
    translated = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch(translated, value) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
