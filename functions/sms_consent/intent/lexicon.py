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


def load_lexicons() -> list[Lexicon]:
    """Every language that has sentences."""
    return [_lexicon(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(_DATA.glob("*.json"))]


def _lexicon(pack: Mapping[str, Any]) -> Lexicon:
    names = [*pack["parts"], *sorted(_literals(pack)), "BREAK"]
    bits = {name: 1 << place for place, name in enumerate(names)}
    lists = {**pack["parts"], **{name: name[2:] for name in names if name.startswith("w:")}, "BREAK": pack["breakers"]}
    words: dict[str, int] = {}
    for name, listed in lists.items():
        for entry in listed.split():
            words[entry] = words.get(entry, 0) | bits[name]
    phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for entry in [entry for entry in words if "_" in entry]:
        first, *rest = fold_keyword(entry.replace("_", " ")).split()
        phrases.setdefault(first, []).append((tuple(rest), words.pop(entry)))
    return Lexicon(
        language=pack["language"],
        bits=bits,
        words=words,
        phrases={first: tuple(sorted(each, key=lambda found: -len(found[0]))) for first, each in phrases.items()},
        pack=pack,
    )


def _literals(pack: Mapping[str, Any]) -> set[str]:
    """The words that patterns name themselves, as ``w:back``."""
    found: set[str] = set()
    for frame in pack["frames"]:
        for pattern in (*frame["patterns"], frame.get("unless", ""), frame.get("soften", "")):
            for token in pattern.split():
                found.update(name for name in token.strip("!?*").split("|") if name.startswith("w:"))
    return found
