"""Which part each word plays in a request, by language: who acts, what is to end, whose texts.

The words are in ``rules/sentences``, one file for each language. A word of several parts has several bits. ``word*`` is a stem,
for languages that inflect; ``*word`` is an ending, for those that compound; ``two_words`` is a phrase that counts as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any, NamedTuple, TypeVar

from sms_consent.intent.lookup import BoundedCache
from sms_consent.intent.normalisation import Word

__all__ = ["Lexicon", "Row", "Unit", "unfolded"]

T = TypeVar("T")

_LONGEST_STEM = 12
_SHORTEST_STEM = 2
_SHORTEST_ENDING = 3
_DIGITS = 3  # as many as the parts of a phone number have


class Unit(NamedTuple):
    """One word, or a phrase that counts as one, with the parts that it can play."""

    parts: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One clause: its words, and the phrases that begin at a word, the longest first, with their lengths."""

    units: list[Unit]
    phrases: Mapping[int, list[tuple[int, Unit]]]

    def merged(self, until: int) -> list[Unit]:
        """The words before a place as a reader takes them: the longest phrases, then single words."""
        if not self.phrases:
            return self.units[:until]
        units: list[Unit] = []
        i = 0
        while i < until:
            length, unit = next(
                ((length, unit) for length, unit in self.phrases.get(i, ()) if i + length <= until), (1, self.units[i])
            )
            units.append(unit)
            i += length
        return units


def unfolded(words: Mapping[str, str]) -> dict[str, int]:
    """Each word's bits, from the words that have them."""
    return _spread((bits_of(places), listed) for places, listed in words.items())


def _spread(rows: Iterable[tuple[T, str]]) -> dict[str, T]:
    """What each word has, from rows of words that have the same."""
    found: dict[str, T] = {}
    for value, listed in rows:
        found.update(zip(listed.split(" "), repeat(value)))
    return found


def bits_of(places: str) -> int:
    """The bits at some places: ``0,2`` is 5."""
    return sum([1 << int(place) for place in places.split(",")]) if "," in places else 1 << int(places)


class Lexicon:
    """One language's words, made ready when the language is first read."""

    def __init__(self, prepared: Mapping[str, Any]) -> None:
        """``prepared`` is a language's file in ``data/languages``."""
        self.language: str = prepared["language"]
        self.frames: Sequence[Mapping[str, Any]] = prepared["frames"]
        self.anchors: Sequence[Sequence[str]] = prepared["anchors"]
        self.doubted = frozenset(prepared["doubted"].split())
        """Frames that are right more often than not, but not where the other words speak against them."""
        self.mended: bool = prepared["mended"]
        """Whether there is a list of its words that may be mistyped."""
        self.weighed: bool = prepared["weighed"]
        self.surer: bool = prepared["surer"]
        """Whether its weights are fitted to so many texts that they need no limits of their own."""
        self._unspaced: bool = prepared["unspaced"]
        self.bits = {name: 1 << place for place, name in enumerate(prepared["names"])}
        self._words: dict[str, int] = {}
        self._others = BoundedCache(self._word)
        self._unread = _spread(prepared["words"].items())
        self._stems = unfolded(prepared["stems"])
        self._endings = unfolded(prepared["endings"])
        self._phrases = _Phrases(prepared["phrases"])  # by their first two words
        self._stem_phrases = _Phrases(prepared["stem_phrases"])  # those that hold a stem, by their first word

    def parts(self, names: str) -> int:
        """The bits of part names joined by ``|``."""
        total = 0
        for name in names.split("|"):
            total |= self.bits[name]
        return total

    def row(self, words: Sequence[Word]) -> Row:
        """Give each word its parts, and find the phrases; a word within a phrase keeps its own parts as well."""
        if self._unspaced:
            return Row([unit for word in words for unit in self._cut(word)], {})
        texts = [word.text for word in words]
        known = self._words
        units = [Unit(known.get(text) or self._others[text], text, start, end) for text, start, end in words]
        found: dict[int, list[tuple[int, Unit]]] = {}
        phrases, stems = self._phrases, self._stem_phrases
        if phrases.keys().isdisjoint(map(" ".join, pairwise(texts))) and stems.keys().isdisjoint(texts):
            return Row(units, found)
        for i, (text, following) in enumerate(pairwise(texts)):
            for rest, parts in phrases.rows(pair) if (pair := f"{text} {following}") in phrases else ():
                if not rest or texts[i + 2 : i + 2 + len(rest)] == rest:
                    last = words[i + 1 + len(rest)]
                    found.setdefault(i, []).append((len(rest) + 2, Unit(parts, text, words[i].start, last.end)))
            for rest, parts in stems.rows(text) if text in stems else ():
                if i + len(rest) < len(texts) and _same(texts[i + 1 : i + 1 + len(rest)], rest):
                    last = words[i + len(rest)]
                    found.setdefault(i, []).append((len(rest) + 1, Unit(parts, text, words[i].start, last.end)))
        return Row(units, found)

    def _known(self, text: str) -> int:
        """The parts of a word that is listed as it is; made ready when it is first met."""
        if (places := self._unread.get(text)) is not None:
            self._words[text] = bits_of(places)
            self._unread.pop(text, None)  # last: another thread that finds it gone finds the word
        return self._words.get(text, 0)

    def _word(self, text: str) -> int:
        if parts := self._known(text):
            return parts
        if text[-3:] == "ing":
            return self.bits.get("ING", 0)
        if text[0] <= "9" and text.isdecimal() and len(text) >= _DIGITS:
            return self.bits.get("DIGITS", 0)
        for length in range(min(len(text), _LONGEST_STEM), _SHORTEST_STEM, -1) if self._stems else ():
            if parts := self._stems.get(text[:length], 0):
                return parts
        for start in range(len(text) - _SHORTEST_ENDING + 1) if self._endings else ():
            if parts := self._endings.get(text[start:], 0):
                return parts
        return 0

    def _cut(self, word: Word) -> list[Unit]:
        """Cut a run of text without spaces into the longest known pieces; unknown characters stand alone."""
        text, units, i = word.text, list[Unit](), 0
        whole = len(text) == word.end - word.start
        while i < len(text):
            for length in range(min(_LONGEST_STEM, len(text) - i), 0, -1):
                parts = self._known(text[i : i + length])
                if parts or length == 1:
                    start, end = (word.start + i, word.start + i + length) if whole else (word.start, word.end)
                    units.append(Unit(parts, text[i : i + length], start, end))
                    i += length
                    break
        return units


class _Phrases(dict[str, str]):
    """Phrases by what they begin with, the longest first; read when first met."""

    def __init__(self, listed: Mapping[str, str]) -> None:
        super().__init__(listed)
        self._read: dict[str, list[tuple[list[str], int]]] = {}

    def rows(self, beginning: str) -> list[tuple[list[str], int]]:
        """The other words of each, and its parts."""
        found = self._read.get(beginning)
        if found is None:
            rows = [each.rpartition("=") for each in self[beginning].split(" ")]
            found = self._read[beginning] = [
                (rest.split("_") if rest else [], bits_of(places)) for rest, _, places in rows
            ]
        return found


def _same(words: Sequence[str], listed: Sequence[str]) -> bool:
    return all(
        word.startswith(entry[:-1]) if entry.endswith("*") else word == entry
        for word, entry in zip(words, listed, strict=True)
    )
