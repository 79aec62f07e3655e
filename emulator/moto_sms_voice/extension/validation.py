"""Validation of input against botocore's service model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from ..pinpointsmsvoicev2.exceptions import ValidationError
from .exceptions import SerializationError

_JSON_TYPES: dict[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}
_MISSING = "Required, but missing."

Violation = tuple[str, str]


def parsed(body: bytes) -> object:
    """Return the JSON in a request's body."""
    try:
        return json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise SerializationError("The body is not JSON") from None


def checked(operation: OperationModel, given: Any) -> dict[str, Any]:
    """Return the members that the model knows, validated: required, type, length, size, range, pattern, enum.

    AWS's clients do not check patterns, enums and maxima, so the service must. ``Fields`` reports each violation by its
    path. The Reason is MISSING_PARAMETER if members are missing and nothing else is wrong, otherwise
    FIELD_VALIDATION_FAILED; the service's choice of reasons is not documented.
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    violations = list(_check(shape, given, ""))
    if violations:
        only_missing = all(message == _MISSING for _, message in violations)
        raise ValidationError("MISSING_PARAMETER" if only_missing else "FIELD_VALIDATION_FAILED", *violations)
    return {name: given[name] for name in shape.members if given.get(name) is not None}


def _check(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if not _has_type(shape, value):
        raise SerializationError(f"{path or 'The body'} is not of type {shape.type_name}")
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _check_bounds(shape, len(value), path, " items")
        for index, item in enumerate(value):
            yield from _check(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        yield from _check_bounds(shape, len(value), path, " entries")
        # A key may contain any text, so the error gives its position instead.
        for index, (key, item) in enumerate(value.items()):
            yield from _check(shape.key, key, f"{path}[{index}].key")
            yield from _check(shape.value, item, f"{path}[{index}].value")
    elif shape.type_name == "string":
        yield from _check_string(shape, value, path)
    elif shape.type_name in ("integer", "long", "double"):
        yield from _check_bounds(shape, value, path, "")


def _has_type(shape: Shape, value: object) -> bool:
    """Return whether the type matches exactly: JSON's true is a Python int, but not an integer of the model."""
    if shape.type_name in ("double", "timestamp"):
        return type(value) in (int, float)
    return type(value) is _JSON_TYPES[shape.type_name]


def _check_structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[Violation]:
    for name, member in shape.members.items():
        member_path = f"{path}.{name}" if path else name
        if value.get(name) is not None:
            yield from _check(member, value[name], member_path)
        elif name in shape.required_members:
            yield member_path, _MISSING


def _check_string(shape: Shape, value: str, path: str) -> Iterator[Violation]:
    yield from _check_bounds(shape, len(value), path, " characters")
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _compiled(pattern).fullmatch(value):
        yield path, f"Must match the pattern {pattern}"
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield path, f"Must be one of {', '.join(enum)}"


def _check_bounds(shape: Shape, measure: int, path: str, unit: str) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and measure < least:
        yield path, f"Must be at least {least}{unit}"
    if most is not None and measure > most:
        yield path, f"Must be at most {most}{unit}"


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
