"""The filters of Describe operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .exceptions import ValidationError

T = TypeVar("T")

# A filter has the name of its attribute, except this one, whose attribute is a list.
_ATTRIBUTES = {"number-capability": "number_capabilities"}
_BOOLEANS = {
    "deletion-protection-enabled",
    "end-user-opted-out",
    "self-managed-opt-outs-enabled",
    "shared-routes-enabled",
    "two-way-enabled",
}


def filtered(get: Callable[[str], T], filters: list[dict[str, Any]] | None) -> Callable[[str], T | None]:
    """Return a function from a key to its item, or to None where a filter excludes it.

    All filters must hold; the values of one filter are alternatives. Names were checked against the model; a boolean
    takes no other values than true and false.
    """
    for index, chosen in enumerate(filters or ()):
        if chosen["Name"] in _BOOLEANS and not {"true", "false"}.issuperset(chosen["Values"]):
            raise ValidationError("INVALID_FILTER_VALUES", (f"Filters[{index}].Values", "Must be true or false."))

    def item(key: str) -> T | None:
        found = get(key)
        left_in = all(not _values(found, chosen["Name"]).isdisjoint(chosen["Values"]) for chosen in filters or ())
        return found if left_in else None

    return item


def _values(resource: object, name: str) -> set[str]:
    value = getattr(resource, _ATTRIBUTES.get(name, name.replace("-", "_")))
    if isinstance(value, bool):
        return {str(value).lower()}
    if isinstance(value, list):
        return set(value)
    return set() if value is None else {value}
