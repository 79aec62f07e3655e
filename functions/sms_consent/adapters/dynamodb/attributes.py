"""Plain values as DynamoDB attribute values and back; an absent attribute stands for None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)

__all__ = ["Plain", "Raw", "from_attributes", "to_attributes"]


@dataclass(frozen=True, slots=True)
class Raw:
    """An attribute value of a type that this version does not use, such as a binary or a fraction, kept as it is stored."""

    attribute: Any


Plain = str | int | bool | Raw | list["Plain"] | dict[str, "Plain"]
"""What the ledger's items are made of."""


def to_attributes(values: Mapping[str, Plain | None]) -> dict[str, Any]:
    """An item for PutItem."""
    return {name: _encoded(value) for name, value in values.items() if value is not None}


def from_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse."""
    return {name: _decoded(value) for name, value in item.items()}


def _encoded(value: Plain) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Raw):
        return dict(value.attribute)
    if isinstance(value, list):
        return {"L": [_encoded(each) for each in value]}
    return {"M": to_attributes(value)}


def _decoded(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind in {"S", "BOOL"}:
        return value
    if kind == "N" and _INTEGER.fullmatch(value):
        return int(value)
    if kind == "L":
        return [_decoded(each) for each in value]
    if kind == "M":
        return from_attributes(value)
    return Raw(attribute)
