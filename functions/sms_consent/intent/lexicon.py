"""The parts that words can have in a request, by language, and who acts in it.

The words are in ``rules/sentences``, one file for each language. A word with several parts has several bits. ``word*`` is a stem,
for languages that inflect; ``*word`` is an ending, for languages that compound; ``two_words`` is a phrase that counts as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise, repeat
from typing import Any, NamedTuple, TypeVar

from sms_consent.intent.lookup import BoundedCache
from sms_consent.intent.normalisation import Word

__all__ = ["ALLOWED", "Agency", "Lexicon", "Row", "Unit", "Who", "bits_of", "unfolded"]

T = TypeVar("T")

_LONGEST_STEM = 12
_SHORTEST_STEM = 2
_SHORTEST_ENDING = 3
_DIGITS = 3  # at least, in a part of a phone number


class Unit(NamedTuple):
    """One word, or a phrase that counts as one, with its possible parts."""

    parts: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One clause: its words, and for each position the phrases that begin there with their lengths, the longest first."""

    units: list[Unit]
    phrases: Mapping[int, list[tuple[int, Unit]]]

    def merged(self, until: int) -> list[Unit]:
        """Return the units before a position: the longest phrases, and the single words between them."""
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
    """Return the bits of each word, given the words of each combination of bits."""
    return _spread((bits_of(places), listed) for places, listed in words.items())


def _spread(rows: Iterable[tuple[T, str]]) -> dict[str, T]:
    """Return the value of each word, given rows of words that have the same value."""
    found: dict[str, T] = {}
    for value, listed in rows:
        found.update(zip(listed.split(" "), repeat(value)))
    return found


def bits_of(places: str) -> int:
    """Parse bit positions: ``0,2`` is 5."""
    return sum([1 << int(place) for place in places.split(",")]) if "," in places else 1 << int(places)


class Lexicon:
    """The words of one language. Loaded for the first text that may be in it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """``data`` is a language's file in ``data/languages``."""
        self.language: str = data["language"]
        self.requests: Sequence[Mapping[str, Any]] = data["requests"]
        self.anchors: Sequence[Sequence[str]] = data["anchors"]
        self.doubtful = frozenset(data["doubtful"].split())
        """Requests whose patterns are mostly right, but not if the weights of the text contradict them."""
        self.has_slips: bool = data["has_slips"]
        """Whether it has a list of words that may be misspelt."""
        self.has_weights: bool = data["has_weights"]
        self.has_reliable_weights: bool = data["has_reliable_weights"]
        """Whether its weights are fitted to so many texts that the usual limits hold."""
        self._unspaced: bool = data["unspaced"]
        self.bits = {name: 1 << place for place, name in enumerate(data["names"])}
        self._words: dict[str, int] = {}
        self._others = BoundedCache(self._word)
        self._unloaded = _spread(data["words"].items())
        self._stems = unfolded(data["stems"])
        self._endings = unfolded(data["endings"])
        self._phrases = _Phrases(data["phrases"])  # by the first two words
        self._stem_phrases = _Phrases(data["stem_phrases"])  # phrases with a stem, by the first word

    def row(self, words: Sequence[Word]) -> Row:
        """Return a clause with the parts of its words and phrases. A word within a phrase keeps its own parts as well."""
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
        """Return the parts of a word that is listed without a stem or ending."""
        if (places := self._unloaded.get(text)) is not None:
            self._words[text] = bits_of(places)
            self._unloaded.pop(text, None)  # last: a thread that finds it gone finds the word
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
        """Split text without spaces into the longest known pieces. An unknown character is a piece by itself."""
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
    """Phrases by their beginning, the longest first. Parsed when a text first has the beginning."""

    def __init__(self, listed: Mapping[str, str]) -> None:
        super().__init__(listed)
        self._parsed: dict[str, list[tuple[list[str], int]]] = {}

    def rows(self, beginning: str) -> list[tuple[list[str], int]]:
        """Return the remaining words and the parts of each phrase with this beginning."""
        found = self._parsed.get(beginning)
        if found is None:
            rows = [each.rpartition("=") for each in self[beginning].split(" ")]
            found = self._parsed[beginning] = [
                (rest.split("_") if rest else [], bits_of(places)) for rest, _, places in rows
            ]
        return found


def _same(words: Sequence[str], listed: Sequence[str]) -> bool:
    return all(
        word.startswith(entry[:-1]) if entry.endswith("*") else word == entry
        for word, entry in zip(words, listed, strict=True)
    )


class Who(Enum):
    """Who acts, by the words before a verb."""

    ASKED = auto()  # an imperative, "can you", "you need to", "I told you to"
    WANTED = auto()  # "I want to"
    HOW = auto()  # "how do I"
    COMPLAINT = auto()  # "you won't", "why don't you"
    MINE = auto()  # "I will"
    UNABLE = auto()  # "I can't"
    OTHER = auto()  # "he will", "did you", "let's", "what happens if I"
    NEGATED = auto()  # "don't"
    NOUN = auto()  # "the next stop"
    UNKNOWN = auto()  # any other word, mostly the end of a sentence without a full stop


_LOOSE = frozenset({Who.ASKED, Who.WANTED, Who.HOW, Who.COMPLAINT, Who.UNKNOWN})
ALLOWED = {
    "ask": _LOOSE,
    "ask or unable": _LOOSE | {Who.UNABLE},
    "strict": frozenset({Who.ASKED, Who.WANTED, Who.HOW, Who.COMPLAINT}),
    "asked": frozenset(Who) - {Who.NEGATED, Who.OTHER, Who.UNABLE},
    "any but denied": frozenset(Who) - {Who.NEGATED, Who.OTHER},
    "mine": frozenset({Who.ASKED, Who.MINE, Who.UNKNOWN, Who.HOW, Who.WANTED}),
    "addressed": frozenset({Who.ASKED, Who.COMPLAINT, Who.UNKNOWN}),
}
"""The agents with which a request counts, by its ``who``."""


class Agency:
    """Finds who acts, by the words before a verb that are not fillers."""

    def __init__(self, lexicon: Lexicon) -> None:
        def parts(names: str) -> int:
            return sum(lexicon.bits.get(name, 0) for name in names.split())

        self._skipped, self._please = parts("FILL AGAIN CLITIC"), parts("PLEASE")
        self._i, self._you, self._third, self._them = parts("I"), parts("YOU"), parts("THIRD"), parts("THEM")
        self._not, self._cant, self._may_not = parts("NEG"), parts("CANT"), parts("MAYNOT")
        self._past_not, self._never = parts("PASTNEG"), parts("NEVER")
        self._asks = parts("ASKS")
        self._can, self._must, self._want, self._try = parts("CAN"), parts("MUST"), parts("WANT"), parts("TRY")
        self._ask, self._say, self._how, self._to = parts("ASK"), parts("SAY"), parts("HOW"), parts("TO")
        self._why, self._if, self._past = parts("WHY"), parts("IF"), parts("PASTAUX")
        self._det, self._lets, self._hypothesis = parts("DET"), parts("LETS"), parts("HYPO")
        self._texts, self._me, self._need = parts("TEXTS PLURAL DEICTIC"), parts("ME"), parts("NEED")
        self._these, self._it = parts("TEXTS PLURAL"), parts("IT")
        self._no_need, self._cause = parts("NONEED"), parts("CAUSE")
        self._anybody = parts("ANYBODY")
        self._you_would, self._said = parts("YOUWOULD"), parts("SAYPAST")

    def before(self, units: Sequence[Unit]) -> Who:
        """Return the subject of a verb, given the words before it."""
        at = len(units)
        if any(unit.parts & self._hypothesis for unit in units[max(0, at - 8) : at]):
            return Who.OTHER
        who = self._before(units, at)
        if who is Who.WANTED and any(unit.parts & self._why for unit in units[:at]):
            return Who.OTHER  # "why would I want to stop these?"
        return who

    def _before(self, units: Sequence[Unit], at: int) -> Who:
        j, parts = self._back(units, at)
        if not parts:
            return Who.ASKED if j < 0 else Who.UNKNOWN
        if parts & self._you_would:
            return Who.ASKED
        for mask, answer in (
            (self._not, self._after_not),
            (self._to, self._after_to),
            (self._you, self._after_you),
            (self._must, self._after_must),
            (self._want, self._after_want),
            (self._can, self._after_can),
            (self._say, self._after_say),
        ):
            if parts & mask:
                return answer(units, j)
        return self._simple(units, j, parts)

    def before_not(self, units: Sequence[Unit], negation: int) -> Who:
        """Return the subject of a negated verb, given the words before its "not": "I don't", "you may not", "told you not to"."""
        at = len(units)
        if any(unit.parts & self._hypothesis for unit in units[max(0, at - 8) : at]):
            return Who.OTHER
        j, parts = self._back(units, at)
        if negation & self._past_not or parts & (self._why | self._if | self._them | self._past | self._det):
            return Who.OTHER
        if parts & self._you:
            _, earlier = self._back(units, j)
            if earlier & (self._ask | self._want | self._need) or negation & self._may_not:
                return Who.OTHER if earlier & self._if else Who.ASKED
            return Who.OTHER
        if parts & (self._i | self._third):
            return Who.MINE
        if parts & (self._can | self._must):
            _, subject = self._back(units, j)
            return Who.MINE if subject & (self._i | self._third) else Who.ASKED
        if parts & self._say:
            _, subject = self._back(units, j)
            return Who.OTHER if subject & (self._third | self._you | self._them) else Who.ASKED
        if negation & self._cant:
            return Who.UNABLE  # "can't text right now"
        return Who.ASKED if j < 0 else Who.UNKNOWN

    def before_refusal(self, units: Sequence[Unit]) -> Who:
        """Return the subject of a "not want", given the words before its "not". OTHER for "you" ("if you don't want")."""
        at = len(units)
        if any(unit.parts & self._hypothesis for unit in units[max(0, at - 8) : at]):
            return Who.OTHER
        _, parts = self._back(units, at)
        return Who.OTHER if parts & (self._you | self._if | self._why | self._past) else Who.ASKED

    def _back(self, units: Sequence[Unit], at: int) -> tuple[int, int]:
        j = at - 1
        while j >= 0 and units[j].parts & self._skipped and not units[j].parts & (self._you | self._not):
            if units[j].parts & self._please:
                return -1, 0  # the sentence begins at "please", whatever precedes it
            j -= 1
        return (j, units[j].parts) if j >= 0 else (-1, 0)

    def _simple(self, units: Sequence[Unit], j: int, parts: int) -> Who:
        if parts & self._how:
            return Who.HOW
        if parts & self._no_need:
            return Who.NEGATED
        if parts & self._i:
            _, earlier = self._back(units, j)
            return Who.HOW if earlier & self._how else Who.MINE
        if parts & self._them:
            _, earlier = self._back(units, j)
            return Who.ASKED if earlier & self._ask else Who.OTHER
        if parts & self._past and not j and units[j].text == "do":
            return Who.ASKED  # "do stop"
        if parts & self._it:
            _, earlier = self._back(units, j)  # "the alarm keeps going off, make it stop"
            return Who.OTHER if earlier & self._cause else Who.UNKNOWN
        if parts & self._anybody and self._back(units, j)[1] & self._can:
            return Who.ASKED  # "can somebody"
        if parts & (self._third | self._lets | self._if | self._past | self._why):
            return Who.OTHER
        return Who.NOUN if parts & self._det else Who.UNKNOWN

    def _after_not(self, units: Sequence[Unit], j: int) -> Who:
        _, subject = self._back(units, j)
        if subject & (self._you | self._these) and not subject & self._i:
            return Who.COMPLAINT
        return Who.UNABLE if units[j].parts & self._cant and (subject & self._i or not subject) else Who.NEGATED

    def _after_you(self, units: Sequence[Unit], j: int) -> Who:
        _, earlier = self._back(units, j)
        if earlier & self._not:
            return Who.COMPLAINT
        if earlier & (self._past | self._if | self._why):
            return Who.OTHER
        return Who.ASKED

    def _after_can(self, units: Sequence[Unit], j: int) -> Who:
        k, subject = self._back(units, j)
        if subject & (self._you | self._texts):
            return Who.ASKED
        if subject & self._i:
            _, earlier = self._back(units, k)
            return Who.HOW if earlier & self._how else Who.MINE
        if units[j].parts & self._asks and not subject & self._third:
            return (
                Who.NEGATED if subject & self._not else Who.ASKED
            )  # the verb alone identifies who: "veuillez", "pueden"
        return Who.OTHER

    def _after_must(self, units: Sequence[Unit], j: int) -> Who:
        k, subject = self._back(units, j)
        if subject & self._not:
            return Who.NEGATED
        if subject & self._you:
            _, earlier = self._back(units, k)
            return Who.OTHER if earlier & self._past else Who.ASKED
        if subject & self._i:
            return Who.WANTED
        if subject & self._texts or k < 0:
            return Who.ASKED
        if not subject:
            return Who.OTHER  # "the beeping has to stop"
        return Who.OTHER if subject & self._third else Who.UNKNOWN

    def _after_want(self, units: Sequence[Unit], j: int) -> Who:
        _, subject = self._back(units, j)
        if subject & self._not:
            return Who.NEGATED
        if subject & (self._you | self._third | self._if):
            return Who.OTHER
        return Who.HOW if subject & self._how else Who.WANTED

    def _after_to(self, units: Sequence[Unit], j: int) -> Who:
        k, parts = self._back(units, j)
        m, earlier = self._back(units, k) if k >= 0 else (-1, 0)
        if parts & self._not:
            return Who.NEGATED
        if parts & (self._how | self._try):
            return Who.OTHER if earlier & (self._you | self._third) else Who.WANTED
        if parts & self._want:
            return self._after_want(units, k)
        if parts & self._you and earlier & (self._ask | self._want | self._need | self._say):
            _, subject = self._back(units, m)
            return Who.NEGATED if subject & self._not else Who.OTHER if subject & self._third else Who.ASKED
        if parts & (self._them | self._third) and earlier & self._ask:
            return Who.ASKED if self._back(units, m)[0] < 0 else Who.OTHER
        if parts & self._texts and earlier & (self._want | self._need):
            return Who.WANTED
        if parts & (self._me | self._them | self._third | self._say | self._past):
            return Who.OTHER
        return Who.UNKNOWN

    def _after_say(self, units: Sequence[Unit], j: int) -> Who:
        k, subject = self._back(units, j)
        would = subject & (self._can | self._must)
        if would:
            k, subject = self._back(units, k)  # "my wife would say get lost"
        if subject & self._not:
            return Who.NEGATED
        if subject & (self._third | self._you | self._them | self._if):
            return Who.OTHER
        if subject & self._i:
            _, earlier = self._back(units, k)
            return Who.OTHER if earlier & self._if else Who.ASKED
        if k < 0:
            return Who.ASKED
        return Who.OTHER if would or units[j].parts & self._said else Who.UNKNOWN
