"""Evaluate the filter criteria of an event source mapping, as Lambda does before it invokes the function.

The rules: docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html. A record passes if it matches one of the
patterns. A pattern matches if each of its keys does, and a list of values if one of them does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sms_consent_cli.local.errors import LocalError

__all__ = ["EventFilter"]

_ABSENT = object()


class EventFilter:
    """The patterns of one mapping."""

    def __init__(self, criteria: Mapping[str, Any] | None) -> None:
        """``criteria`` is the mapping's FilterCriteria. Raises LocalError for a rule that is not implemented here."""
        self._patterns = [json.loads(each["Pattern"]) for each in (criteria or {}).get("Filters", [])]
        for pattern in self._patterns:
            _check(pattern)

    def passes(self, record: Mapping[str, Any]) -> bool:
        """Return whether the function gets this record. Without patterns, it gets every one."""
        return not self._patterns or any(_matches(pattern, record) for pattern in self._patterns)


def _matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            _matches(rule, value.get(key, _ABSENT)) for key, rule in pattern.items()
        )
    return any(_is_met(rule, value) for rule in pattern)


def _is_met(rule: Any, value: Any) -> bool:
    if isinstance(rule, Mapping):
        ((name, argument),) = rule.items()
        return _RULES[name](argument, value)
    return value is not _ABSENT and type(value) is type(rule) and bool(value == rule)


def _is_none_of(argument: Any, value: Any) -> bool:
    others: Sequence[Any] = argument if isinstance(argument, list) else [argument]
    return value is not _ABSENT and value not in others


_RULES: Mapping[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda argument, value: isinstance(value, str) and value.startswith(argument),
    "suffix": lambda argument, value: isinstance(value, str) and value.endswith(argument),
    "exists": lambda argument, value: (value is not _ABSENT) is argument,
    "anything-but": _is_none_of,
}


def _check(pattern: Any) -> None:
    if isinstance(pattern, Mapping):
        if "$or" in pattern:
            raise LocalError("a filter pattern with $or is not supported by the local stack")
        for each in pattern.values():
            _check(each)
        return
    if not isinstance(pattern, list):
        raise LocalError(f"a filter pattern must hold lists of values, not {pattern!r}")
    for rule in pattern:
        if isinstance(rule, Mapping) and (len(rule) != 1 or not rule.keys() <= _RULES.keys()):
            raise LocalError(f"the filter rule {', '.join(rule)} is not supported by the local stack")
