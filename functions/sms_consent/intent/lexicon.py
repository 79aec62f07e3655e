"""Which part each word plays in a request, by language: who acts, what is to end, whose texts.

The words are in ``data/sentences``, one file a language. A word of several parts has several bits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_consent.intent.folding import Word, fold_keyword

__all__ = ["Lexicon", "Unit", "load_lexicons"]

_DATA = Path(__file__).parent / "data" / "sentences"


@dataclass(frozen=True, slots=True)
class Unit:
    """One word, or a phrase that counts as one, with the parts that it can play."""

    parts: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words; ``phrases`` by their first word, the longest first."""

    language: str
    bits: Mapping[str, int]
    words: Mapping[str, int]
    phrases: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]
    pack: Mapping[str, Any]

    def parts(self, names: str) -> int:
        """The bits of part names joined by ``|``; a name in lower case is a word and gets a bit when the pack loads."""
        total = 0
        for name in names.split("|"):
            total |= self.bits[name]
        return total

    def units(self, words: list[Word]) -> list[Unit]:
        """Give each word its parts; the longest known phrase counts as one unit."""
        units: list[Unit] = []
        known, phrases = self.words, self.phrases
        i, count = 0, len(words)
        while i < count:
            word = words[i]
            for rest, parts in phrases.get(word.text, ()):
                last = i + len(rest)
                if last < count and all(words[i + 1 + k].text == text for k, text in enumerate(rest)):
                    units.append(Unit(parts, word.text + " " + " ".join(rest), word.start, words[last].end))
                    i = last + 1
                    break
            else:
                units.append(Unit(known.get(word.text, 0), word.text, word.start, word.end))
                i += 1
        return units
