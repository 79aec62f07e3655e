"""Decides how a text from outside looks in a terminal: on one line, cut where it is long, and unable to move anything."""

from __future__ import annotations

import unicodedata

__all__ = ["isolated", "printable", "visible"]

LONGEST = 200
_DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def printable(text: str, *, quoted: bool = True) -> str:
    """A text from outside, in quotation marks of a kind that a person can tell from its own."""
    shown = isolated(visible(text[:LONGEST]) + ("…" if len(text) > LONGEST else ""))
    return f"“{shown}”" if quoted else shown


def visible(text: str) -> str:
    """Control characters, half characters and marks of direction spelt out; the rest as it was sent."""
    return "".join(map(_visible, text))


def isolated(shown: str) -> str:
    """A text written from right to left does not turn round what stands beside it (Unicode UAX #9, FSI and PDI)."""
    if any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in shown):
        return f"\u2068{shown}\u2069"
    return shown


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    if unicodedata.category(character) in _UNSEEN or unicodedata.bidirectional(character) in _DIRECTIONS:
        return f"\\u{ord(character):04x}"
    return character
