"""Attributes of a stored item that this version cannot read, and writes back unchanged.

During a rollback or a canary deployment two versions share the ledger. Neither may delete what the other one wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Preserved"]


@dataclass(frozen=True, slots=True)
class Preserved:
    """The part of an item that this version cannot read.

    ``unknown`` holds attributes without a field. ``unreadable`` holds attributes with a field whose value this version cannot
    read (a newer enum member, a number edited to text): the stored value, and the value used instead.
    """

    unknown: Mapping[str, Any] = field(default_factory=dict)
    unreadable: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def without(self, name: str) -> Preserved:
        """Return the preserved attributes without an unreadable one, which a newer value replaces."""
        if name not in self.unreadable:
            return self
        return Preserved(self.unknown, {key: value for key, value in self.unreadable.items() if key != name})
