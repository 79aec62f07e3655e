"""How much the words of a text speak for a request, where no pattern finds it by its parts, and against one that a pattern finds.

Every word, every pair of near words, every part and every pair of near parts has a weight, and the weights of a text add up.
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
"""The parts that are weighed, as lexicons name them."""
_NEAR = ((1, " "), (2, "~"), (3, "~"), (4, "~"))
"""How many words on the other word of a pair stands, and how the pair is written: "stop texting", "stop~me"."""
_NEAR_PARTS = 3
_MOST_READY = 16_384
"""Words known to be ready, or to weigh nothing; there are no more that weigh, and texts bring ever new ones."""
WHOLE = 100
"""Weights add up as hundredths: sums of fractions would depend on their order, and a set has none."""
ASKING = "?"
"""The feature of a question feature anywhere in the text."""
OTHERS = 0.5
"""How much the clauses count that say less than the clearest one: a request may stand in any of them."""
_DEEDS = [
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
"""Parts beside which the words of a request are mostly about another thing, or no request."""
_TOLD_BY = ["TEXTS", "CONTACT", "SEND", "LIST", "NUMBER", "RECEIVE", "PLURAL", "JUNK"]


class Limits(NamedTuple):
    """From which total on words make a request, and below which they speak against one that a pattern finds."""

    enough: float  # where they name a deed and a thing or person
    alone: float | None  # a deed only; None: never
    undone: float  # texts, or what they come by, but no deed
    in_play: float
    against: float
    glance: float = -math.inf  # what single words are to weigh, for pairs and parts to be looked at


_USUAL = Limits(enough=1.6, alone=2.0, undone=2.0, in_play=3.0, against=-1.5)
"""By cross-validation (rules/fit_weights.py)."""


class Features(NamedTuple):
    """What is weighed in a clause: words and pairs of them, and parts of words that stand near each other."""

    words: set[str]
    parts: set[tuple[int, int]]


class FeatureFinder:
    """Finds the features of clauses, by the parts of one language's lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.language = lexicon.language
        self._names = {lexicon.bits[name]: name for name in _PARTS if name in lexicon.bits}
        self._weighed = sum(self._names)

    def features(self, clause: Sequence[Word], row: Row) -> Features:
        """What is to be weighed in a clause."""
        texts = ["<", *["#" if word.text.isdecimal() else word.text for word in clause], ">"]
        words = set(texts)
        for far, feature in _NEAR:
            words.update([one + feature + other for one, other in zip(texts, texts[far:], strict=False)])
        parts: set[tuple[int, int]] = set()
        played = [unit.parts & self._weighed for unit in row.merged(len(row.units))]
        played = [each for each in played if each]
        for i, one in enumerate(played):
            parts.add((one, 0))
            parts.update([(one, other) for other in played[i + 1 : i + _NEAR_PARTS]])
        return Features(words, parts)

    def named(self, pair: tuple[int, int]) -> list[str]:
        """The features of two units that stand near each other, or of one: every part of the one with every part of the other."""
        ones, others = ([self._names[bit] for bit in _bits(parts)] for parts in pair)
        return [f"@{one}@{other}" for one in ones for other in others] if others else [f"@{one}" for one in ones]

    def listed(self, clause: Sequence[Word], row: Row) -> list[str]:
        """Every feature by its name, as often as it counts."""
        features = self.features(clause, row)
        return sorted([*features.words, *(name for pair in features.parts for name in self.named(pair))])


class Weights(FeatureFinder):
    """One language's weights."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__(lexicon)
        self._weights: dict[str, int] = {}
        self._ready: set[str] = set()
        self._of_parts: dict[tuple[int, int], int] = {}
        self._deeds = sum(lexicon.bits.get(name, 0) for name in _DEEDS)
        self._play = sum(lexicon.bits.get(name, 0) for name in _ELSEWHERE)
        self._things = sum(lexicon.bits.get(name, 0) for name in _THINGS)
        self._told_by = sum(lexicon.bits.get(name, 0) for name in _TOLD_BY)

    # Read when a first text is weighed: most requests are told by a pattern that nothing speaks against.
    @cached_property
    def _data(self) -> Mapping[str, Any]:
        return load_rules(f"weights/{self.language}")

    @cached_property
    def _limits(self) -> Limits:
        """The language's own limits, where its file names them: fitted to fewer texts, weights are to be surer."""
        own: Mapping[str, Any] | None = self._data.get("limits")
        return Limits(**own) if own else _USUAL

    @property
    def _bias(self) -> float:
        bias: float = self._data["bias"]
        return bias

    @cached_property
    def _listed(self) -> SortedLookup:
        return SortedLookup(self._data["features"])

    def _read(self, beginnings: Iterable[str]) -> None:
        """Make the weights ready of the features that begin so: a text has few of them, and a cold start has no time."""
        for beginning in beginnings:
            if beginning in self._ready:
                continue
            if (listed := self._listed.get(beginning)) is not None:
                weights, _, rests = listed.partition("|")
                features = [beginning + rest for rest in rests.split("|")]
                self._weights.update(zip(features, map(int, weights.split(" ")), strict=True))
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            self._ready.add(beginning)  # last: another thread that finds it here finds the weights

    def _weight(self, name: str) -> int:
        self._read((beginning_of(name),))
        return self._weights.get(name, 0)

    def of_clause(self, clause: Sequence[Word], row: Row) -> float:
        """How much a clause speaks for an opt-out; below nothing it speaks against."""
        features, known = self.features(clause, row), self._of_parts
        self._read(["<", ">", "#", *[word.text for word in clause]])
        total = sum(map(self._weights.get, features.words, repeat(0)))
        for pair in features.parts:
            weight = known.get(pair)
            if weight is None:
                weight = known[pair] = sum(map(self._weight, self.named(pair)))
            total += weight
        return total / WHOLE

    def _at_a_glance(self, clauses: Sequence[Sequence[Word]]) -> float:
        """What the single words of the clause weigh that says most: looked at first, since most texts ask for nothing."""
        self._read([word.text for clause in clauses for word in clause])
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
        """What a text asks for, weighed against what its patterns say.

        A request that its words speak against is asked about, if its pattern is one of those that are often wrong; one
        that they make is found.
        """
        if found and (found.intent not in (Intent.OPT_OUT, Intent.UNCLEAR)):
            return found
        asked = bool(found and found.intent is Intent.OPT_OUT)
        if found and asked and found.rule.rpartition("/")[2] not in doubtful:
            return found
        if not asked and self._limits.glance > -math.inf and self._at_a_glance(clauses) < self._limits.glance:
            return found
        least = self._limits.against if asked else self._enough(rows, laughing=laughing)
        if least is None:
            return found
        totals = [self.of_clause(clause, row) for clause, row in zip(clauses, rows, strict=True)]
        total = self._bias + summed(totals) + (self._weight(ASKING) / WHOLE if asking else 0.0)
        if found and asked:  # by its clearest clause alone: a long story before it denies nothing
            return found._replace(intent=Intent.UNCLEAR) if self._bias + max(totals) < least else found
        if total < least:
            return found
        clause = clauses[totals.index(max(totals))]
        rule = f"sentence:{self.language}/weighed"
        return Found(Intent.OPT_OUT, rule, clause[0].start, clause[-1].end, self.language)

    def _enough(self, rows: Sequence[Row], *, laughing: bool) -> float | None:
        """Where neither deed nor texts are named nothing is; less is where a thing or person is too; more in play."""
        played = 0
        for row in rows:
            for unit in row.units:
                played |= unit.parts
            for phrases in row.phrases.values():
                for _, unit in phrases:
                    played |= unit.parts
        if not played & (self._deeds | self._told_by):
            return None
        if laughing or played & self._play:
            return self._limits.in_play
        if not played & self._deeds:
            return self._limits.undone
        return self._limits.enough if played & self._things else self._limits.alone


def beginning_of(feature: str) -> str:
    """What a feature is looked up by: its first word or part."""
    return feature.partition(" ")[0].partition("~")[0] if feature[0] != "@" else f"@{feature[1:].partition('@')[0]}"


def summed(totals: Sequence[float]) -> float:
    """What clauses weigh together: the one that says most counts in full, the others by half."""
    return OTHERS * sum(totals) + (1 - OTHERS) * max(totals) if totals else 0.0


def _bits(parts: int) -> Iterator[int]:
    while parts:
        lowest = parts & -parts
        yield lowest
        parts ^= lowest
