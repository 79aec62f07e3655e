"""Resource policies: which other accounts may use a resource."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from ..exceptions import ValidationError

POLICY = "policy"


@dataclass(frozen=True)
class ResourcePolicy:
    """A policy. Attributes have the names of the members of the API's results."""

    resource_arn: str
    policy: str
    created_timestamp: datetime

    def names(self, account_id: str) -> bool:
        """Return whether a statement is about the account."""
        return any(_is_about(each, account_id) for each in statements(self.policy))

    def allows(self, account_id: str, operation: str) -> bool:
        """Return whether the account may call an operation: a statement allows it, and none denies it.

        A principal within the account counts as the account, and a statement with a condition as if it had none.
        """
        action = f"sms-voice:{operation}"
        effects = {
            each.get("Effect")
            for each in statements(self.policy)
            if _is_about(each, account_id)
            and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _listed(each.get("Action")))
            and any(fnmatchcase(self.resource_arn, pattern) for pattern in _listed(each.get("Resource", "*")))
        }
        return effects == {"Allow"}


def statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a policy. Raises ValidationError if it is no policy; the reason is not documented."""
    try:
        found = json.loads(policy)["Statement"]
    except (ValueError, TypeError, KeyError, RecursionError):
        found = None
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValidationError("CANNOT_PARSE", ("Policy", "Must be a JSON object with statements."))
    return found


def _is_about(statement: dict[str, Any], account_id: str) -> bool:
    principal = statement.get("Principal")
    principals = principal.get("AWS") if isinstance(principal, dict) else principal
    return any(
        each in ("*", account_id) or (each.startswith("arn:") and each.split(":")[4:5] == [account_id])
        for each in _listed(principals)
    )


def _listed(value: Any) -> Iterable[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
