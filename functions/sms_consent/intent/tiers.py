"""What a text asks for that is no keyword by itself: keywords in company or misspelt, sentences, whatever is the sender's own.

Its modules and data load when a first text gets past the keywords: most texts to a short code are one word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sms_consent.intent.clauses import clauses, has_breaks, is_laughing
from sms_consent.intent.company import Company, Kept
from sms_consent.intent.folding import Folded, Word
from sms_consent.intent.immunity import Immunity
from sms_consent.intent.keywords import Keyword, load_prepared
from sms_consent.intent.misspelt import Misspelt, joined_letters
from sms_consent.intent.reading import NOTHING, RULES_VERSION, Intent, Reading, Spans, Tier
from sms_consent.intent.sentences import Sentences

__all__ = ["Tiers"]


_LONGEST_SIGNED = 6  # words: a keyword with a little company, and a name of two or three


class Tiers:
    """The tiers below keywords, in the order of their evidence: the first that speaks decides."""

    def __init__(self, keywords: Mapping[str, Keyword], *, weighed: bool) -> None:
        prepared = load_prepared("reading")
        self._keywords = keywords
        self._company = Company(keywords, prepared["company"])
        self._immunity = Immunity(prepared["immunity"])
        self._sentences = Sentences(prepared, weighed=weighed)
        self._misspelt = Misspelt(keywords, self._company, prepared["ordinary"].split(), self._sentences.vocabulary)

    def read(self, folded: Folded, last_reply: str | None) -> tuple[Reading, Spans]:
        """What it asks for, and where the deciding words stand."""
        own = self._immunity.own_words(folded, self._keywords, last_reply)
        aside = Reading(Intent.NONE, None, own.rule, "", None, RULES_VERSION) if own.rule else NOTHING
        if not own.words:
            return aside, ()
        if kept := self._company.read(own.words):
            return _in_company(Tier.COMPANY, kept, folded)
        words = self._without_play(folded, joined_letters(own.words))
        misspelt = self._misspelt
        if (
            kept := misspelt.read(words)
            or misspelt.whole(words)
            or misspelt.disguised(folded)
            or misspelt.company(words)
        ):
            return _in_company(Tier.MISSPELT, kept, folded)
        if kept := self._own_clause(folded, words) or self._signed(folded, words):
            return _in_company(Tier.COMPANY, kept, folded)
        heard = self._sentences.read(folded, words)
        found = heard.found
        if found is None or found.intent is Intent.UNCLEAR:
            for mended in self._sentences.mended(heard):
                if (kept := self._company.read(mended)) and kept[0].intent is Intent.OPT_OUT:
                    return _in_company(Tier.MISSPELT, kept, folded)
                meant = self._sentences.read(folded, mended).found
                if meant and meant.intent is Intent.OPT_OUT:
                    found = meant
                    break
        if found and (not own.rule or found.intent is Intent.OPT_OUT):
            tier = Tier.UNCLEAR if found.intent is Intent.UNCLEAR else Tier.SENTENCE
            matched = folded.written(found.start, found.end)
            span = folded.span(found.start, found.end)
            return Reading(found.intent, tier, found.rule, matched, found.language, RULES_VERSION), (span,)
        return aside, ()

    def marks(self, folded: Folded, language: str) -> list[list[str]]:
        """What would be weighed in each clause of a text of this language."""
        own = self._immunity.own_words(folded, self._keywords, None)
        return self._sentences.marks(folded, joined_letters(own.words), language) if own.words else []

    def _without_play(self, folded: Folded, words: Sequence[Word]) -> Sequence[Word]:
        """Without a "Stop it!!" or "Get out!!" before a surprised question, "40% off boots??": it asks for nothing.

        A question about the texts or the sender's people is none, nor is one that begins as plain ones do.
        """
        if "?" not in folded.text or not any(word.text in ("it", "out", "up") for word in words[1:]):
            return words
        company = self._company
        for part, following in pairwise(clauses(folded, words)):
            if not _asks(folded, following) or company.is_about_us(following):
                continue
            named = any(word.text == "it" for word in part) and company.read(part, strong_only=True)
            if named or company.is_surprise(part):
                return [word for word in words if word not in part]
        return words

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

    def _signed(self, folded: Folded, words: Sequence[Word]) -> Kept | None:
        """A keyword with a name under it: "STOP - Margaret". A name is a capital, and a word of no language known here."""
        if "-" not in folded.text or len(words) > _LONGEST_SIGNED:
            return None
        for i, word in enumerate(words[1:], 1):
            if "-" in folded.text[words[i - 1].end : word.start]:
                names = words[i:]
                known = self._sentences.vocabulary
                if any(each.text in known or not folded.written(each.start, each.end)[0].isupper() for each in names):
                    return None
                return self._company.read(words[:i], strong_only=True)
        return None


def _instructs(words: Sequence[Word]) -> bool:
    """Whether a clause is what texts like ours end with, "STOP to end", which beside other clauses is quoted."""
    return any(word.text == "to" and i and words[i - 1].text == "stop" for i, word in enumerate(words))


def _echoes(folded: Folded, words: Sequence[Word]) -> bool:
    """Whether a clause is one word asked back, "Stop? Never!", which sentences read by what follows."""
    return len(words) == 1 and folded.text[words[0].end : words[0].end + 1] == "?"


def _asks(folded: Folded, words: Sequence[Word]) -> bool:
    """Whether a clause of more than a word ends in a question mark."""
    return len(words) > 1 and "?" in folded.text[words[-1].end : words[-1].end + 3]


def _in_company(tier: Tier, kept: Kept, folded: Folded) -> tuple[Reading, Spans]:
    keyword, first, last = kept
    matched = folded.written(first.start, last.end)
    rule = f"{tier.lower()}:{keyword.rule.partition(':')[2]}"
    reading = Reading(keyword.intent, tier, rule, matched, keyword.language, RULES_VERSION, keyword.everyday)
    return reading, (folded.span(first.start, last.end),)
