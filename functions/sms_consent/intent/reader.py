"""What a text asks for: the tiers in the order of their evidence, the first that speaks decides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sms_consent.intent.clauses import clauses, has_breaks, is_laughing
from sms_consent.intent.company import Company, Kept
from sms_consent.intent.folding import MOST_WORDS, Folded, Word, fold
from sms_consent.intent.immunity import Immunity
from sms_consent.intent.keywords import DATA, Keyword, own_keywords
from sms_consent.intent.look_alikes import looks_like
from sms_consent.intent.misspelt import Misspelt, joined_letters
from sms_consent.intent.reading import Explanation, Intent, Reading, Tier
from sms_consent.intent.sentences import Sentences
from sms_consent.intent.sources import source_of

__all__ = ["RULES_VERSION", "Reader"]

RULES_VERSION = "2026.11.4"
"""Kept with every decision. It changes whenever a rule or a word does."""

_NOTHING = Reading(Intent.NONE, None, "none", "", None, RULES_VERSION)
_MOST_LETTERS = 4_000
"""In scripts without spaces, a message may be one word; rich messages end at 3,072 characters."""


class Reader:
    """Reads texts by the built-in rules and a deployment's own keywords, which stand above them.

    ``ordinary`` are words that ask for nothing in this deployment, such as YES where texts ask yes-or-no questions.
    With ``weighed`` off, only frames find requests in sentences, which is how weights are fitted.
    """

    def __init__(
        self,
        *,
        opt_out: Iterable[str] = (),
        opt_in: Iterable[str] = (),
        help: Iterable[str] = (),  # noqa: A002 - the field's own word for this keyword
        ordinary: Iterable[str] = (),
        weighed: bool = True,
    ) -> None:
        custom = {"opt_out": opt_out, "opt_in": opt_in, "help": help, "ordinary": ordinary}
        self._keywords = own_keywords(_prepared("keywords"), custom)
        self._weighed = weighed

    # The other tiers load when the first text gets past the keywords: most texts to a short code are one word.
    @cached_property
    def _prepared(self) -> Mapping[str, Any]:
        return _prepared("reading")

    @cached_property
    def _company(self) -> Company:
        return Company(self._keywords, self._prepared["company"])

    @cached_property
    def _misspelt(self) -> Misspelt:
        return Misspelt(self._keywords, self._company, self._prepared["ordinary"].split(), self._sentences.vocabulary)

    @cached_property
    def _immunity(self) -> Immunity:
        return Immunity(self._prepared["immunity"])

    @cached_property
    def _sentences(self) -> Sentences:
        return Sentences(self._prepared, weighed=self._weighed)

    def read(self, text: str, *, last_reply: str | None = None) -> Reading:
        """Read one text. Pure; never raises, whatever the text. ``last_reply`` is what this person was last sent."""
        return self._read(fold(text), last_reply)[0]

    def explain(self, text: str, *, last_reply: str | None = None) -> Explanation:
        """Read one text, and show what the rules saw and where the deciding words stand."""
        folded = fold(text)
        reading, spans = self._read(folded, last_reply)
        deciding = _in_key(folded, spans)
        return Explanation(reading, folded.original, folded.key, spans, deciding, self.sources(reading.rule))

    def marks(self, text: str, language: str) -> list[list[str]]:
        """What would be weighed in each clause of a text of this language, for weights to be fitted to."""
        folded = fold(text)
        own = self._immunity.own_words(folded, self._keywords, None)
        return self._sentences.marks(folded, joined_letters(own.words), language) if own.words else []

    def sources(self, rule: str) -> str:
        """Where a rule comes from, for a person who asks why."""
        return source_of(rule)

    def _read(self, folded: Folded, last_reply: str | None) -> tuple[Reading, tuple[tuple[int, int], ...]]:
        key = folded.key
        keyword = self._keywords.get(key) or self._keywords.get(looks_like(key))
        if keyword:
            return _by_keyword(keyword, folded)
        if not key or len(key) > _MOST_LETTERS or len(folded.words) > MOST_WORDS:
            return _NOTHING, ()
        own = self._immunity.own_words(folded, self._keywords, last_reply)
        aside = Reading(Intent.NONE, None, own.rule, "", None, RULES_VERSION) if own.rule else _NOTHING
        if not own.words:
            return aside, ()
        if kept := self._company.read(own.words):
            return _in_company(Tier.COMPANY, kept, folded)
        words = joined_letters(own.words)
        misspelt = self._misspelt
        if kept := misspelt.read(words) or misspelt.whole(words) or misspelt.disguised(folded):
            return _in_company(Tier.MISSPELT, kept, folded)
        if kept := self._own_clause(folded, words):
            return _in_company(Tier.COMPANY, kept, folded)
        found = self._sentences.read(folded, words)
        if found and (not own.rule or found.intent is Intent.OPT_OUT):
            tier = Tier.UNCLEAR if found.intent is Intent.UNCLEAR else Tier.SENTENCE
            matched = folded.written(found.start, found.end)
            span = folded.span(found.start, found.end)
            return Reading(found.intent, tier, found.rule, matched, found.language, RULES_VERSION), (span,)
        return aside, ()

    def _own_clause(self, folded: Folded, words: Sequence[Word]) -> Kept | None:
        """A keyword that can mean nothing else, in a sentence of its own: "We sold the house. STOP!"."""
        if not has_breaks(folded) or self._company.is_missing(words):
            return None
        parts = clauses(folded, words)
        if len(parts) == 1 or is_laughing(folded.original) or self._company.is_teasing(words):
            return None
        return next(
            (
                kept
                for part in parts
                if not (_instructs(part) or _echoes(folded, part))
                and (kept := self._company.read(part, strong_only=True))
            ),
            None,
        )


def _instructs(words: Sequence[Word]) -> bool:
    """Whether a clause is what texts like ours end with, "STOP to end", which beside other clauses is quoted."""
    return any(word.text == "to" and i and words[i - 1].text == "stop" for i, word in enumerate(words))


def _echoes(folded: Folded, words: Sequence[Word]) -> bool:
    """Whether a clause is one word asked back, "Stop? Never!", which sentences read by what follows."""
    return len(words) == 1 and folded.text[words[0].end : words[0].end + 1] == "?"


def _in_key(folded: Folded, spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Where the words of some spans of the original stand in the key, those next to each other as one."""
    found: list[tuple[int, int]] = []
    place = 0
    for word in folded.words if spans else ():
        first, last = folded.span(word.start, word.end)
        end = place + len(word.text)
        if any(first < stop and start < last for start, stop in spans):
            joins = bool(found) and found[-1][1] == place - 1
            found[-1:] = [(found[-1][0], end)] if joins else [*found[-1:], (place, end)]
        place = end + 1
    return tuple(found)


def _prepared(name: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads((DATA / "prepared" / f"{name}.json").read_bytes())
    return content


def _by_keyword(keyword: Keyword, folded: Folded) -> tuple[Reading, tuple[tuple[int, int], ...]]:
    if keyword.intent is Intent.NONE:
        return Reading(Intent.NONE, None, keyword.rule, "", None, RULES_VERSION), ()
    tier = Tier.UNCLEAR if keyword.intent is Intent.UNCLEAR else Tier.KEYWORD
    start, end = folded.words[0].start, folded.words[-1].end
    matched = folded.written(start, end)
    reading = Reading(keyword.intent, tier, keyword.rule, matched, keyword.language, RULES_VERSION)
    return reading, (folded.span(start, end),)


def _in_company(tier: Tier, kept: Kept, folded: Folded) -> tuple[Reading, tuple[tuple[int, int], ...]]:
    keyword, first, last = kept
    matched = folded.written(first.start, last.end)
    rule = f"{tier.lower()}:{keyword.rule.partition(':')[2]}"
    reading = Reading(keyword.intent, tier, rule, matched, keyword.language, RULES_VERSION)
    return reading, (folded.span(first.start, last.end),)
