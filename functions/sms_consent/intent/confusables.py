"""Which Latin word a word in letters of another script looks like: ЅТОР, in Cyrillic, is STOP."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

__all__ = ["looks_like"]

_FILE = Path(__file__).parent / "data" / "look_alikes.json"


@cache
def _letters() -> dict[int, str]:
    letters: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))["letters"]
    return {ord(letter): latin for letter, latin in letters.items()}


def looks_like(words: str) -> str:
    """The words with every look-alike replaced; the same words if nothing is left of the other scripts' letters."""
    if words.isascii():
        return words
    latin = words.translate(_letters())
    return latin if latin.isascii() else words
