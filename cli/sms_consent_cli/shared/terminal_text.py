"""External text made safe for a terminal: on one line, truncated, and without control characters or links.

Commands print with ``say`` and ``say_json``, or tables with ``terminal.console``. All of them escape control characters.
``printable`` is for an external text within a sentence.
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
"""What ``visible`` escapes, except for line breaks and the marks that ``isolated`` adds."""
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def printable(text: str, *, quoted: bool = True) -> str:
    """Return an external text for use in a sentence, truncated and in typographic quotation marks."""
    shown = isolated(visible(text[:LONGEST]) + ("…" if len(text) > LONGEST else ""))
    return f"“{shown}”" if quoted else shown


def say(text: str, *, err: bool = False) -> None:
    """Print lines for people, on standard output or standard error."""
    typer.echo(contained(text), err=err)


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print JSON for programs, in ASCII: control characters are escaped and texts are exact."""
    typer.echo(json.dumps(value, indent=indent))


def contained(text: str) -> str:
    """Escape control characters in text that may have several lines and right-to-left words."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(text: str) -> str:
    """Escape control characters, surrogates and direction marks."""
    return "".join(map(_visible, text))


def isolated(shown: str) -> str:
    """Isolate right-to-left text, so that it does not reorder the text around it (Unicode UAX #9, FSI and PDI)."""
    if any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in shown):
        return f"\u2068{shown}\u2069"
    return shown


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    if unicodedata.category(character) in _UNSEEN or unicodedata.bidirectional(character) in _DIRECTIONS:
        return f"\\u{ord(character):04x}"
    return character
