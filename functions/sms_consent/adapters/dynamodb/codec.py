"""The codec of stored items: dataclasses to DynamoDB attributes and back, by one table of fields for each type of record.

To add a type of record, write a frozen dataclass with ``preserved: Preserved | None = None``, and register its table once::

    register(
        Fact,
        key=("{number}", "FACT#{sequence}"),
        names={"number": "pk"},
        fields={"number": text, "sequence": integer, "kind": member(FactKind), "at": moment, "details": mapping(text)},
    )

Then ``encode(fact)`` is the item to write, ``key_of(Fact, number=…, sequence=…)`` its key, and ``decode(Fact, item)`` reads it.
Values are encoded by their own type: text, whole numbers, booleans, times, enums, sequences, mappings, other records, and
``Raw``. None is an absent attribute. What this version cannot read is kept for the next write, at each level (docs/ledger.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from sms_consent.domain.errors import Unreadable
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.time import from_text

__all__ = [
    "Attributes",
    "Decoder",
    "Plain",
    "Raw",
    "after",
    "boolean",
    "decode",
    "encode",
    "from_attributes",
    "integer",
    "key_of",
    "mapping",
    "member",
    "moment",
    "nested",
    "register",
    "sequence",
    "text",
    "to_attributes",
]

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, Unreadable)
_NONE: Mapping[str, Any] = MappingProxyType({})

Attributes = dict[str, Any]
"""An item as DynamoDB's API has it, such as ``{"pk": {"S": "+14255550182"}}``."""

Decoder = Callable[[Any], Any]
"""Return the value of a field for a plain value. Raises one of ``_UNREADABLE``."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Raw:
    """An attribute value of a type that this version does not use, such as a binary or a fraction, kept as it is stored.

    ``boto3.dynamodb.types`` is not used: it returns Decimal, Binary and set, so a second pass would have to tell known types from
    others; it raises for a number of more than 38 digits; and its import costs 55 ms.
    """

    attribute: Any


Plain = str | int | bool | Raw | list["Plain"] | dict[str, "Plain"]
"""Values of items as they are read, before a decoder has seen them."""


@dataclass(frozen=True, slots=True)
class _Table:
    """How one type of record is stored. See ``register``."""

    fields: Mapping[str, Decoder]
    key: tuple[str, str] | None
    names: Mapping[str, str]
    stand_ins: Mapping[str, Any]
    sparse: frozenset[str]
    unstored: frozenset[str]
    ignored: frozenset[str]
    work: str | None
    copies: Mapping[str, str]
    evidence: Mapping[str, str]
    strict: bool


_TABLES: dict[type, _Table] = {}


def register(
    record: type[T],
    *,
    fields: Mapping[str, Decoder],
    key: tuple[str, str] | None = None,
    names: Mapping[str, str] = _NONE,
    stand_ins: Mapping[str, Any] = _NONE,
    sparse: Collection[str] = (),
    unstored: Collection[str] = (),
    ignored: Collection[str] = (),
    work: str | None = None,
    copies: Mapping[str, str] = _NONE,
    evidence: Mapping[str, str] = _NONE,
    strict: bool = False,
) -> None:
    """Set how a type of record is stored.

    Args:
        record: A dataclass. Only one with a field ``preserved`` keeps what it cannot read.
        fields: The decoder of each field that is read.
        key: Templates of ``pk`` and ``sk``, with fields of the record, or further values, in braces; None for a nested record.
        names: Attribute names that differ from their field's name.
        stand_ins: Plain values to use for required fields that are missing or unreadable.
        sparse: Fields that are not stored while they are empty or zero.
        unstored: Fields that are never stored.
        ignored: Attributes that are neither read nor kept.
        work: The attribute ``due`` of records whose ``due_at`` is set, by which the index finds them.
        copies: Attributes that are written with the value of a field, and not read.
        evidence: By field, the attribute that keeps an unreadable value when a newer one takes its place.
        strict: Raise Unreadable for an item with an attribute that cannot be read.
    """
    known = {*ignored, *copies, *(("pk", "sk") if key is not None else ()), *(("due",) if work is not None else ())}
    _TABLES[record] = _Table(
        fields,
        key,
        names,
        stand_ins,
        frozenset(sparse),
        frozenset(unstored),
        frozenset(known),
        work,
        copies,
        evidence,
        strict,
    )


def encode(record: Any, more: Mapping[str, Any] = _NONE, **key_values: str) -> Attributes:
    """Return a record as a DynamoDB item.

    Args:
        record: An instance of a registered type, or plain values by attribute name.
        more: Further attributes.
        key_values: Values of the key that are no fields of the record.
    """
    if isinstance(record, Mapping):
        return _encoded({**record, **more})
    table = _TABLES[type(record)]
    key_fields = {each.name: getattr(record, each.name) for each in fields(record)} | key_values
    values = {**_values(record), **_key(table.key, key_fields), **more}
    if table.work is not None:
        values["due"] = table.work if record.due_at is not None else None
    return _encoded(values)


def key_of(record: type, **values: str | datetime) -> Attributes:
    """Return the key of a record from the values that it contains."""
    return _encoded(_key(_TABLES[record].key, values))


def to_attributes(values: Mapping[str, Any]) -> Attributes:
    """Return plain values as DynamoDB attributes, without those that are None."""
    return _encoded(values)


def from_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values of an item. The inverse of ``to_attributes``."""
    return {name: _decoded(value) for name, value in item.items()}


def _encoded(values: Mapping[str, Any]) -> Attributes:
    return {name: _attribute(value) for name, value in values.items() if value is not None}


def _attribute(value: Any) -> Attributes:
    if isinstance(value, str):  # enums too; text that UTF-8 cannot encode gets replacement characters
        return {"S": str(value).encode("utf-8", "replace").decode("utf-8")}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, datetime):
        return {"S": _time_text(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [_attribute(each) for each in value]}
    if isinstance(value, Mapping):
        return {"M": _encoded(value)}
    return dict(value.attribute) if isinstance(value, Raw) else {"M": _encoded(_values(value))}


def _time_text(moment: datetime) -> str:
    """Return the same text as ``domain.time.as_text``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _values(record: Any) -> dict[str, Any]:
    """Return a record's values by attribute name. Attributes that could not be read are written back unchanged."""
    table = _TABLES[type(record)]
    found = {each.name: getattr(record, each.name) for each in fields(record) if each.name not in table.unstored}
    preserved: Preserved | None = found.pop("preserved", None)
    values = {
        table.names.get(name, name): None if name in table.sparse and not value else value
        for name, value in found.items()
    }
    for copy, name in table.copies.items():
        values[copy] = found[name]
    if preserved is None:
        return values
    for name, kept in table.evidence.items():
        if name in preserved.unreadable and found[name] is not None:
            values[kept] = preserved.unreadable[name][0]
    for name, value in preserved.unknown.items():
        values.setdefault(name, value)
    for name, (stored, stand_in) in preserved.unreadable.items():
        if _encoded({name: values.get(name)}) == _encoded({name: stand_in}):  # the record has no newer value
            values[name] = stored
    return values


def _key(templates: tuple[str, str] | None, values: Mapping[str, Any]) -> dict[str, str]:
    if templates is None:
        return {}
    texts = {name: _time_text(value) if isinstance(value, datetime) else value for name, value in values.items()}
    return {"pk": templates[0].format_map(texts), "sk": templates[1].format_map(texts)}


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


def decode(record: type[T], item: Mapping[str, Any], stand_ins: Mapping[str, Any] = _NONE) -> T:
    """Return the record of an item. An attribute that cannot be read does not affect the others.

    Args:
        record: A registered type.
        item: Plain values, as ``from_attributes`` returns them.
        stand_ins: Further values for required fields that cannot be read, for this item.

    Raises:
        Unreadable: A required field is missing or unreadable and has no stand-in, or the type is strict.
    """
    table = _TABLES[record]
    substitutes = {**table.stand_ins, **stand_ins}
    values: dict[str, Any] = {}
    unreadable: dict[str, tuple[Any, Any]] = {}
    known = set(table.ignored)
    for each, decoder in table.fields.items():
        name = table.names.get(each, each)
        known.add(name)
        stored = item.get(name)
        if stored is not None:
            try:
                values[each] = decoder(stored)
                continue
            except _UNREADABLE as error:
                if table.strict:
                    raise Unreadable(f"an unreadable attribute of a {record.__name__}") from error
        stand_in = substitutes.get(each)
        if stand_in is not None:
            values[each] = decoder(stand_in)
        if stored is not None or stand_in is not None:
            unreadable[name] = stored, stand_in
    unknown = {name: value for name, value in item.items() if name not in known}
    if (unknown or unreadable) and "preserved" in record.__dataclass_fields__:  # type: ignore[attr-defined]
        values["preserved"] = Preserved(unknown, unreadable)
    try:
        return record(**values)
    except TypeError as error:  # a required field is missing
        raise Unreadable(f"an item without a required attribute of a {record.__name__}") from error


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


def after(prefix: str) -> Decoder:
    """Return a decoder for the rest of a key after its prefix."""
    return lambda value: text(value).removeprefix(prefix)


def nested(kind: type) -> Decoder:
    """Return a decoder for a nested record."""
    return lambda value: decode(kind, value)


def sequence(decoder: Decoder) -> Decoder:
    """Return a decoder for a list."""
    return lambda value: tuple(decoder(each) for each in value)


def mapping(decoder: Decoder) -> Decoder:
    """Return a decoder for a map."""
    return lambda value: {text(name): decoder(each) for name, each in value.items()}
