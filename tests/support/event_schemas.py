"""The schemas of events, as tests hold events against them: strictly, where consumers must be lenient."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from support.template import REPOSITORY

__all__ = ["fits", "schema", "schemas"]

ENVELOPE = {"version", "account", "region"}
"""What EventBridge adds to an event beside what the schemas name."""


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its event's type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((REPOSITORY / "schemas").glob("*.json"))}


def schema(event_type: str) -> dict[str, Any]:
    """The schema of one type."""
    return schemas()[event_type]


def fits(event: dict[str, Any]) -> bool:
    """Whether an event is as its schema says, and holds nothing that the schema does not name. Raises otherwise."""
    wanted = _closed(schema(event["detail-type"]))
    Draft202012Validator(wanted).validate({name: value for name, value in event.items() if name not in ENVELOPE})
    return True


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(each) for name, each in node.items()}
    return closed | {"additionalProperties": False} if node.get("type") == "object" else closed
