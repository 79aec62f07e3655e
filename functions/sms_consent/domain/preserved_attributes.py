"""Attributes of a stored item that this version cannot read, kept so that every write puts them back.

During a rollback or a canary deployment two versions share the ledger. A version must not delete what the other one wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Preserved"]


@dataclass(frozen=True, slots=True)
class Preserved:
    """What an item held beyond what this version reads.

    ``unknown`` are attributes that no field corresponds to. ``unreadable`` are attributes with a field, whose value this
    version cannot read (an enum member added later, a number edited to text): the stored value, and the value used for it.
    """

    unknown: Mapping[str, Any] = field(default_factory=dict)
    unreadable: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def without(self, name: str) -> Preserved:
        """Drop an unreadable attribute, because a newer value replaces it."""
        if name not in self.unreadable:
            return self
        return Preserved(self.unknown, {key: value for key, value in self.unreadable.items() if key != name})
