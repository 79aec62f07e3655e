"""Whether a sentence asks for an end of texts: the request is found by its parts, clause by clause, language by language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.intent.clauses import clauses, is_laughing, with_signs
from sms_consent.intent.folding import Folded, Word
from sms_consent.intent.grammar import Found, Grammar
from sms_consent.intent.keywords import DATA
from sms_consent.intent.lexicon import Lexicon, literals, load_packs
from sms_consent.intent.reading import Intent
from sms_consent.intent.spelling import Speller, unstretched, without_digits

__all__ = ["Sentences"]

_ORDER = (Intent.OPT_OUT, Intent.OPT_IN, Intent.UNCLEAR, Intent.HELP)
_NEARLY = 0.6
_SHORTEST_STEM = 2
_LONGEST_STEM = 12


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """Which languages know a word: one bit a language."""

    words: Mapping[str, int]
    stems: Mapping[str, int]

    def languages(self, word: str) -> int:
        known = self.words.get(word, 0)
        if known:
            return known
        for length in range(min(len(word), _LONGEST_STEM), _SHORTEST_STEM, -1):
            if known := self.stems.get(word[:length], 0):
                return known
        return 0


class Sentences:
    """All languages' grammars, and the choice of those that a text can be in."""

    def __init__(self) -> None:
        self._packs = load_packs()
        self._grammars: dict[str, Grammar] = {}

    def read(self, folded: Folded, words: Sequence[Word]) -> Found | None:
        """What the text asks for, by its clearest clause; a clear request outweighs whatever else it says."""
        words = with_signs(folded, [self._respelt(word) for word in words])
        parts = clauses(folded, words)
        laughing = is_laughing(folded.original)
        found: list[Found] = []
        for grammar in self._spoken(words):
            found += grammar.read(folded, parts, laughing=laughing)
        for intent in _ORDER:
            for each in found:
                if each.intent is intent:
                    return each
        return None

    def _spoken(self, words: Sequence[Word]) -> list[Grammar]:
        """The languages that know most of the words; others that know nearly as many are tried too.

        A word that many languages know tells little: each has its share of it.
        """
        shares = [0.0] * len(self._packs)
        for word in words:
            known = self._vocabulary.languages(word.text)
            share = 1 / (known.bit_count() or 1)
            while known:
                lowest = known & -known
                shares[lowest.bit_length() - 1] += share
                known ^= lowest
        enough = max(shares) * _NEARLY
        places = [place for place, share in enumerate(shares) if share and share >= enough]
        unspaced = [place for place, pack in enumerate(self._packs) if pack.get("unspaced")]
        if any("\u3040" <= letter <= "\ud7a3" for word in words for letter in word.text[:1]):
            places += [place for place in unspaced if place not in places]
        return [self._grammar(place) for place in places]

    def _grammar(self, place: int) -> Grammar:
        pack = self._packs[place]
        grammar = self._grammars.get(pack["language"])
        if grammar is None:
            frames: list[dict[str, Any]] = self._shared if pack["frames"] == "shared" else pack["frames"]
            grammar = self._grammars[pack["language"]] = Grammar(Lexicon(pack, frames))
        return grammar

    @cached_property
    def _shared(self) -> list[dict[str, Any]]:
        frames: list[dict[str, Any]] = json.loads((DATA / "frames.json").read_text(encoding="utf-8"))["frames"]
        return frames

    @cached_property
    def _vocabulary(self) -> _Vocabulary:
        words: dict[str, int] = {}
        stems: dict[str, int] = {}
        for place, pack in enumerate(self._packs):
            bit = 1 << place
            named = " ".join(name[2:] for name in literals(pack["frames"])) if pack["frames"] != "shared" else ""
            for listed in (*pack["parts"].values(), pack["common"], named):
                for entry in listed.replace("_", " ").split():
                    known = stems if entry.endswith("*") else words
                    key = entry.rstrip("*")
                    known[key] = known.get(key, 0) | bit
        return _Vocabulary(words, stems)

    def _respelt(self, word: Word) -> Word:
        """A word that no language knows, drawn out, with digits for letters or misspelt, as what it stands for."""
        text = word.text
        if self._vocabulary.languages(text) or text.isdecimal():
            return word
        for form in (unstretched(text), without_digits(text)):
            if form != text and self._vocabulary.languages(form):
                return Word(form, word.start, word.end)
        nearest = self._speller.nearest(text) if len(text) > 5 else ()
        return Word(nearest[0], word.start, word.end) if len(nearest) == 1 else word

    @cached_property
    def _speller(self) -> Speller:
        ordinary = str(json.loads((DATA / "misspelling.json").read_text(encoding="utf-8"))["ordinary"]).split()
        return Speller((word for pack in self._packs for word in pack.get("spelled", "").split()), frozenset(ordinary))
