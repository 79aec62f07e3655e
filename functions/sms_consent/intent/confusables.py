"""Which Latin word a word in letters of another script looks like: ЅТОР, in Cyrillic, is STOP."""

from __future__ import annotations

from functools import cache

from sms_consent.intent.keywords import load_rules

__all__ = ["looks_like"]


@cache
def _letters() -> dict[int, str]:
    return {ord(letter): latin for letter, latin in load_rules("look_alikes").items()}


def looks_like(words: str) -> str:
    """The words with every look-alike replaced; the same words if nothing is left of the other scripts' letters."""
    if words.isascii():
        return words
    latin = words.translate(_letters())
    return latin if latin.isascii() else words
