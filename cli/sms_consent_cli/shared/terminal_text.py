"""How a text from outside looks in a terminal: on one line, cut where it is long, and unable to move or link anything.

Commands print by ``say`` and ``say_json``, or in tables by ``terminal.console``. All of them spell out control
characters, whatever they are given; ``printable`` is for a single text among other words.
"""

from __future__ import annotations

import json
import re
import unicodedata

import typer

__all__ = ["contained", "isolated", "printable", "say", "say_json", "visible"]

LONGEST = 200
_DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066\u2067\ud800-\udfff]")
"""All that ``visible`` spells out but line breaks, and the marks by which ``isolated`` isolates."""
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def printable(text: str, *, quoted: bool = True) -> str:
    """A text from outside, in quotation marks of a kind that a person can tell from its own."""
    shown = isolated(visible(text[:LONGEST]) + ("…" if len(text) > LONGEST else ""))
    return f"“{shown}”" if quoted else shown


def say(text: str, *, err: bool = False) -> None:
    """Print lines for a person, on standard output or on standard error."""
    typer.echo(contained(text), err=err)


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print JSON for a program, in ASCII: what a terminal might obey is escaped, and every text is exact."""
    typer.echo(json.dumps(value, indent=indent))


def contained(text: str) -> str:
    """Escape control characters in text that may have several lines and right-to-left words."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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
