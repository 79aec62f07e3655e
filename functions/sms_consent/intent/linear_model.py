"""A linear model of words. It finds opt-outs that no pattern matches, and overrules doubtful matches of patterns.

The features are words, pairs of near words, parts, and pairs of near parts. Each has a weight; a text's total is their sum.
``rules/fit_weights.py`` fits them to the labelled texts of ``tests/corpus/dev.jsonl`` and writes ``rules/weights``, one file for
each language; ``data/weights`` holds the same weights, arranged for look-up.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

from sms_consent.intent.lexicon import Lexicon, Row
from sms_consent.intent.lookup import SortedLookup, load_rules
from sms_consent.intent.normalisation import Word
from sms_consent.intent.result import Found, Intent

__all__ = ["ASKING", "OTHERS", "WHOLE", "FeatureFinder", "Features", "Weights", "beginning_of", "summed"]

_PARTS = [
    "I",
    "YOU",
    "THIRD",
    "THEM",
    "ME",
    "NEG",
    "CANT",
    "CAN",
    "MUST",
    "WANT",
    "NEED",
    "ASK",
    "SAY",
    "HOW",
    "IF",
    "WHY",
    "PASTAUX",
    "DET",
    "LAUGH",
    "END",
    "ENDW",
    "BARE",
    "SEND",
    "CONTACT",
    "BUG",
    "CALL",
    "EMAIL",
    "RECEIVE",
    "TEXTS",
    "DEICTIC",
    "JUNK",
    "AGAIN",
    "LIST",
    "OTHERLIST",
    "NUMBER",
    "REMOVE",
    "TAKE",
    "OFF",
    "LOSE",
    "OUTWORD",
    "UNSUB",
    "CONSENT",
    "THREAT",
    "APPT",
    "PERSON",
    "WRONG",
    "NOTINTERESTED",
    "IDIOM",
    "PLEASE",
    "NAME",
    "CANCELABLE",
    "PLAY",
    "HYPO",
    "STUFF",
]
"""The parts that are features, as lexicons name them."""
_NEAR = ((1, " "), (2, "~"), (3, "~"), (4, "~"))
"""Distance of the words in a pair, and the sign between them in the feature's name: "stop texting", "stop~me"."""
_NEAR_PARTS = 3
_MOST_READY = 16_384
"""How many beginnings of features are remembered as loaded. Limits memory, because texts keep bringing new words."""
WHOLE = 100
"""Weights are integers, in hundredths: a sum of floats would depend on the order, and a set has none."""
ASKING = "?"
"""The feature of a question feature anywhere in the text."""
OTHERS = 0.5
"""The factor of all clauses but the one with the greatest total. A request may be in any of them."""
_ACTIONS = [
    "END",
    "ENDW",
    "BARE",
    "REMOVE",
    "TAKE",
    "LOSE",
    "UNSUB",
    "NEG",
    "NO",
    "CONSENT",
    "REVOKE",
    "IDIOM",
    "WEAKIDIOM",
    "GOAWAY",
    "ENDING",
    "REMOVED",
    "UNSUBPAST",
    "DNC",
]
_THINGS = ["TEXTS", "CONTACT", "SEND", "LIST", "NUMBER", "RECEIVE", "ME", "PLURAL", "YOU", "BUG", "CALL", "JUNK"]
_ELSEWHERE = ["PLAY", "LAUGH", "THING", "OTHERLIST"]
"""Parts beside which the words of a request are mostly about something else, or no request."""
_TEXTS = ["TEXTS", "CONTACT", "SEND", "LIST", "NUMBER", "RECEIVE", "PLURAL", "JUNK"]


class Limits(NamedTuple):
    """Thresholds: the totals above which a text is a request, and below which a pattern's match becomes UNCLEAR."""

    enough: float  # if words name an action and a thing or person
    alone: float | None  # an action only; None: never
    undone: float  # texts or how they arrive, but no action
    in_play: float
    against: float
    glance: float = -math.inf  # least total of single words for which pairs and parts are computed


_USUAL = Limits(enough=1.6, alone=2.0, undone=2.0, in_play=3.0, against=-1.5)
"""Chosen by cross-validation (``rules/fit_weights.py``)."""


class Features(NamedTuple):
    """The features of a clause: words and pairs of words; parts and pairs of parts."""

    words: set[str]
    parts: set[tuple[int, int]]


class FeatureFinder:
    """Finds the features of clauses in one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.language = lexicon.language
        self._names = {lexicon.bits[name]: name for name in _PARTS if name in lexicon.bits}
        self._feature_parts = sum(self._names)

    def features(self, clause: Sequence[Word], row: Row) -> Features:
        """Return the features of a clause."""
        texts = ["<", *["#" if word.text.isdecimal() else word.text for word in clause], ">"]
        words = set(texts)
        for distance, sign in _NEAR:
            words.update([one + sign + other for one, other in zip(texts, texts[distance:], strict=False)])
        parts: set[tuple[int, int]] = set()
        parts_of_text = [unit.parts & self._feature_parts for unit in row.merged(len(row.units))]
        parts_of_text = [each for each in parts_of_text if each]
        for i, one in enumerate(parts_of_text):
            parts.add((one, 0))
            parts.update([(one, other) for other in parts_of_text[i + 1 : i + _NEAR_PARTS]])
        return Features(words, parts)

    def named(self, pair: tuple[int, int]) -> list[str]:
        """Return the names of the features of a unit (its parts) or of two near units (each pair of their parts)."""
        ones, others = ([self._names[bit] for bit in _bits(parts)] for parts in pair)
        return [f"@{one}@{other}" for one in ones for other in others] if others else [f"@{one}" for one in ones]

    def listed(self, clause: Sequence[Word], row: Row) -> list[str]:
        """Return the names of all features of a clause, repeated for each occurrence."""
        features = self.features(clause, row)
        return sorted([*features.words, *(name for pair in features.parts for name in self.named(pair))])


class Weights(FeatureFinder):
    """The weights of one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__(lexicon)
        self._weights: dict[str, int] = {}
        self._ready: set[str] = set()
        self._of_parts: dict[tuple[int, int], int] = {}
        self._actions = sum(lexicon.bits.get(name, 0) for name in _ACTIONS)
        self._play = sum(lexicon.bits.get(name, 0) for name in _ELSEWHERE)
        self._things = sum(lexicon.bits.get(name, 0) for name in _THINGS)
        self._texts = sum(lexicon.bits.get(name, 0) for name in _TEXTS)

    # Loaded when a first text needs weights. Most requests are found by a reliable pattern.
    @cached_property
    def _data(self) -> Mapping[str, Any]:
        return load_rules(f"weights/{self.language}")

    @cached_property
    def _limits(self) -> Limits:
        """The language's thresholds, or the default ones. Weights that were fitted to fewer texts need stricter ones."""
        own: Mapping[str, Any] | None = self._data.get("limits")
        return Limits(**own) if own else _USUAL

    @property
    def _bias(self) -> float:
        bias: float = self._data["bias"]
        return bias

    @cached_property
    def _listed(self) -> SortedLookup:
        return SortedLookup(self._data["features"])

    def _load(self, beginnings: Iterable[str]) -> None:
        """Load the weights of features that begin with these words or parts. Loading all would delay a cold start."""
        for beginning in beginnings:
            if beginning in self._ready:
                continue
            if (listed := self._listed.get(beginning)) is not None:
                weights, _, rests = listed.partition("|")
                features = [beginning + rest for rest in rests.split("|")]
                self._weights.update(zip(features, map(int, weights.split(" ")), strict=True))
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            self._ready.add(beginning)  # last: a thread that finds it here finds the weights

    def _weight(self, name: str) -> int:
        self._load((beginning_of(name),))
        return self._weights.get(name, 0)

    def of_clause(self, clause: Sequence[Word], row: Row) -> float:
        """Return the total of a clause. The greater, the more likely it is an opt-out."""
        features, known = self.features(clause, row), self._of_parts
        self._load(["<", ">", "#", *[word.text for word in clause]])
        total = sum(map(self._weights.get, features.words, repeat(0)))
        for pair in features.parts:
            weight = known.get(pair)
            if weight is None:
                weight = known[pair] = sum(map(self._weight, self.named(pair)))
            total += weight
        return total / WHOLE

    def _by_single_words(self, clauses: Sequence[Sequence[Word]]) -> float:
        """Return the greatest total of single words of a clause: a cheap first test, which most texts fail."""
        self._load([word.text for clause in clauses for word in clause])
        weight = self._weights.get
        sums = [sum([weight(word.text, 0) for word in clause]) for clause in clauses]
        return self._bias + max(sums, default=0) / WHOLE

    def weigh(
        self,
        found: Found | None,
        clauses: Sequence[Sequence[Word]],
        rows: Sequence[Row],
        *,
        asking: bool,
        laughing: bool,
        doubtful: Container[str],
    ) -> Found | None:
        """Return the request of a text, given what the patterns found and the weights.

        An opt-out found by a doubtful pattern becomes UNCLEAR if the weights contradict it. If no pattern found one, weights may.
        """
        if found and (found.intent not in (Intent.OPT_OUT, Intent.UNCLEAR)):
            return found
        asked = bool(found and found.intent is Intent.OPT_OUT)
        if found and asked and found.rule.rpartition("/")[2] not in doubtful:
            return found
        if not asked and self._limits.glance > -math.inf and self._by_single_words(clauses) < self._limits.glance:
            return found
        least = self._limits.against if asked else self._enough(rows, laughing=laughing)
        if least is None:
            return found
        totals = [self.of_clause(clause, row) for clause, row in zip(clauses, rows, strict=True)]
        total = self._bias + summed(totals) + (self._weight(ASKING) / WHOLE if asking else 0.0)
        if found and asked:  # by its clearest clause alone: a long story before it is no contradiction
            return found._replace(intent=Intent.UNCLEAR) if self._bias + max(totals) < least else found
        if total < least:
            return found
        clause = clauses[totals.index(max(totals))]
        rule = f"sentence:{self.language}/weighed"
        return Found(Intent.OPT_OUT, rule, clause[0].start, clause[-1].end, self.language)

    def _enough(self, rows: Sequence[Row], *, laughing: bool) -> float | None:
        """Return the total needed for an opt-out, by the parts in the text. None if it has neither an action nor texts."""
        parts_of_text = 0
        for row in rows:
            for unit in row.units:
                parts_of_text |= unit.parts
            for phrases in row.phrases.values():
                for _, unit in phrases:
                    parts_of_text |= unit.parts
        if not parts_of_text & (self._actions | self._texts):
            return None
        if laughing or parts_of_text & self._play:
            return self._limits.in_play
        if not parts_of_text & self._actions:
            return self._limits.undone
        return self._limits.enough if parts_of_text & self._things else self._limits.alone


def beginning_of(feature: str) -> str:
    """Return the first word or part of a feature, by which it is looked up."""
    return feature.partition(" ")[0].partition("~")[0] if feature[0] != "@" else f"@{feature[1:].partition('@')[0]}"


def summed(totals: Sequence[float]) -> float:
    """Return a text's total: the greatest clause total, plus half of each other one."""
    return OTHERS * sum(totals) + (1 - OTHERS) * max(totals) if totals else 0.0


def _bits(parts: int) -> Iterator[int]:
    while parts:
        lowest = parts & -parts
        yield lowest
        parts ^= lowest
