"""Decides how a text from outside looks in a terminal: on one line, cut where it is long, and unable to move anything."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]

LONGEST = 200
_ISOLATED = "\u2068{}\u2069"
"""Keeps a text written from right to left from turning round what stands beside it (Unicode UAX #9, FSI and PDI)."""


def printable(text: str, *, quoted: bool = True) -> str:
    """Control characters, half characters and direction marks are spelt out; the rest is as it was sent."""
    shown = "".join(map(_visible, text[:LONGEST])) + ("…" if len(text) > LONGEST else "")
    if any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in shown):
        shown = _ISOLATED.format(shown)
    return f"“{shown}”" if quoted else shown


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(character) in {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
    }:
        return f"\\u{ord(character):04x}"
    return character
