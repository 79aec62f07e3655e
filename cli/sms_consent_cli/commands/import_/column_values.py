"""The different values of a column, counted in bounded memory. Values that may be personal are not shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sms_consent_cli.commands.import_.heading import heading_words, vocabulary
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["LONGEST_VALUE", "MOST_SHOWN", "MOST_VALUES", "ColumnValues", "plain_value", "value_shown"]

MOST_VALUES = 30
"""Different values of a column that are counted. A column with more is no status column."""
MOST_SHOWN = 5
LONGEST_VALUE, MOST_DIGITS = 24, 5
"""Longer values, and those with so many digits, may be personal and are not shown."""
_PRIVATE = frozenset(vocabulary("columns")["private"])
"""Words in the headings of columns whose values are not shown: names, addresses, texts and notes."""


@dataclass(slots=True)
class ColumnValues:
    """The different values of a column, with their counts. Beyond ``MOST_VALUES`` nothing is counted."""

    counts: Counter[str] = field(default_factory=Counter)
    many: bool = False

    def add(self, value: str) -> None:
        """Count a value."""
        self.counts[value.strip()[: LONGEST_VALUE + 1]] += 1
        if len(self.counts) > MOST_VALUES:
            self.many = True
            self.counts.clear()

    def shown(self, heading: str) -> str:
        """Return the most common values, safe to print; a sentence instead if the heading says that they are private."""
        if set(heading_words(heading)) & _PRIVATE:
            return "values are not shown"
        if self.many:
            return f"more than {MOST_VALUES} different values"
        parts = [f"{value_shown(value)} {count:,}" for value, count in self.counts.most_common(MOST_SHOWN)]
        if self.counts and all(value and plain_value(value) != value for value in self.counts):
            return "values are not shown"
        left = len(self.counts) - len(parts)
        return ", ".join(parts) + (f" and {left} more" if left else "")


def plain_value(value: str) -> str:
    """Return a value, or an ellipsis if it may be personal: a number, an address or a text."""
    private = len(value) > LONGEST_VALUE or "@" in value or sum(map(str.isdecimal, value)) >= MOST_DIGITS
    return "…" if private else value


def value_shown(value: str) -> str:
    """Return a value in a form that is safe to print."""
    if not value:
        return "empty"
    return "…" if plain_value(value) != value else printable(value)
