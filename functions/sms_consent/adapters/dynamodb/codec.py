"""Conversion between stored items, plain values and dataclasses. Attributes that cannot be read are kept for the next write."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from sms_consent.domain.errors import Unreadable
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.time import from_text

__all__ = [
    "Decoder",
    "Plain",
    "Raw",
    "boolean",
    "decode",
    "from_attributes",
    "integer",
    "member",
    "moment",
    "preserve",
    "text",
    "to_attributes",
]

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)

Decoder = Callable[[Any], Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Raw:
    """An attribute value of a type that this version does not use, such as a binary or a fraction, kept as it is stored.

    ``boto3.dynamodb.types`` is not used: it returns Decimal, Binary and set, so a second pass would have to tell known types from
    others; it raises for a number of more than 38 digits; and its import costs 55 ms.
    """

    attribute: Any


Plain = str | int | bool | Raw | list["Plain"] | dict[str, "Plain"]
"""Values of the ledger's items."""


def to_attributes(values: Mapping[str, Plain | None]) -> dict[str, Any]:
    """Return a PutItem item. None is an absent attribute."""
    return {name: _encoded(value) for name, value in values.items() if value is not None}


def from_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values of an item: the inverse of ``to_attributes``."""
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


def decode(
    record: type[T],
    item: Mapping[str, Any],
    decoders: Mapping[str, Decoder],
    *,
    attributes: Mapping[str, str] | None = None,
    stand_ins: Mapping[str, Any] | None = None,
    ignored: Collection[str] = (),
) -> T:
    """Build a record from a stored item; an attribute that cannot be read costs only that attribute.

    Args:
        record: A dataclass with a ``preserved`` field.
        item: Plain values, as ``from_attributes`` returns them.
        decoders: By field name. A field that is missing or unreadable gets its stand-in, or else the dataclass's default.
        attributes: Attribute names that differ from their field's name.
        stand_ins: Stored values to use for required fields that are missing or unreadable.
        ignored: Attributes that are neither read nor kept, such as the key.

    Raises:
        Unreadable: A required field is missing or unreadable and has no stand-in.
    """
    names, substitutes = attributes or {}, stand_ins or {}
    values: dict[str, Any] = {}
    unreadable: dict[str, tuple[Any, Any]] = {}
    known = set(ignored)
    for field, decoder in decoders.items():
        name = names.get(field, field)
        known.add(name)
        stored = item.get(name)
        if stored is not None:
            try:
                values[field] = decoder(stored)
                continue
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError, Unreadable):
                pass
        stand_in = substitutes.get(field)
        if stand_in is not None:
            values[field] = decoder(stand_in)
        if stored is not None or stand_in is not None:
            unreadable[name] = stored, stand_in
    unknown = {name: value for name, value in item.items() if name not in known}
    if unknown or unreadable:
        values["preserved"] = Preserved(unknown, unreadable)
    try:
        return record(**values)
    except TypeError as error:  # a required field is missing
        raise Unreadable(f"an item without a required attribute of a {record.__name__}") from error


def preserve(item: dict[str, Any], preserved: Preserved | None) -> dict[str, Any]:
    """Put back what this version could not read, except where the record now has another value."""
    if preserved is None:
        return item
    for name, value in preserved.unknown.items():
        item.setdefault(name, value)
    for name, (stored, stand_in) in preserved.unreadable.items():
        if item.get(name) == stand_in:
            item[name] = stored
    return item


def text(value: Any) -> str:
    """Read a string. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def integer(value: Any) -> int:
    """Read a whole number. Raises TypeError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def boolean(value: Any) -> bool:
    """Read a boolean. Raises TypeError for anything else."""
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def moment(value: Any) -> datetime:
    """Read a time. Raises TypeError or ValueError."""
    return from_text(text(value))


def member(kind: type[Enum]) -> Decoder:
    """Return a decoder for an enum's values, which raises ValueError for a value that this version does not know."""
    return lambda value: kind(text(value))
