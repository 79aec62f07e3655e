"""What a text asks for that is no keyword by itself: keywords in company or misspelt, sentences, whatever is the sender's own.

Its modules and data load when a first text gets past the keywords: most texts to a short code are one word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from sms_consent.intent.echo import OwnReplies
from sms_consent.intent.keyword_in_context import Kept, KeywordInContext
from sms_consent.intent.keywords import Keyword
from sms_consent.intent.lookup import load_rules
from sms_consent.intent.non_authored_text import NonAuthoredText, OwnWords
from sms_consent.intent.normalisation import Folded, Word, looks_like
from sms_consent.intent.result import NOTHING, RULES_VERSION, Classification, Found, Intent, Spans, Tier
from sms_consent.intent.sentences import Sentences, clauses, has_breaks, is_laughing
from sms_consent.intent.typos import TypoKeywords, joined_letters

__all__ = ["Tiers"]


_LONGEST_SIGNED = 6  # words: a keyword with a little company, and a name of two or three
_MOST_WORDS_TOLD, _LONGEST_TOLD, _LONGEST_TOLD_UNSPACED = 9, 70, 40  # words and letters of an instruction by itself
_FEW_BESIDE = 2  # words beside an instruction that make no other text of it
_WEIGHED = "/weighed"
_SENTENCE_ENDS, _CLAUSE_ENDS = ".!?;\n:", ".!?;\n:,"
_OPENING = frozenset({Intent.OPT_IN, Intent.HELP})


class Tiers:
    """The tiers below keywords, in the order of their evidence: the first that speaks decides."""

    def __init__(self, keywords: Mapping[str, Keyword], *, weighed: bool) -> None:
        prepared = load_rules("lower_tiers")
        self._keywords = keywords
        self._company = KeywordInContext(keywords, prepared["company"])
        self._immunity = NonAuthoredText(prepared["immunity"])
        self._machine = {name: frozenset(words.split("|")) for name, words in prepared["immunity"]["machine"].items()}
        self._sentences = Sentences(prepared, weighed=weighed)
        self._misspelt = TypoKeywords(keywords, self._company, prepared["ordinary"].split(), self._sentences.vocabulary)

    def read(self, folded: Folded, ours: Callable[[], OwnReplies], echo: str | None) -> tuple[Classification, Spans]:
        """Return what the text asks for, and where the deciding words stand.

        ``ours`` gives the replies of the sender of ours that was texted. What opts somebody in must be their own: neither
        beside words that were set aside, nor a piece of a reply, such as "to opt back in.". The same holds for HELP, whose
        reply a machine would send back.
        """
        own = self._immunity.own_words(folded, self._keywords, echo)
        reading, spans = self._read(folded, own)
        # "SAIR para cancelar"; "ARRET pour vous": does as told, however much is cut off.
        if (
            reading.intent is Intent.NONE
            and (kept := self._told_word(folded))
            and (self._immunity.is_instruction(folded, kept[2]) or ours().has_piece(folded))
        ):
            return _in_company(Tier.COMPANY, kept, folded)
        if reading.intent not in _OPENING:
            return reading, spans
        if own.rule and not (own.rule == "immune:quotation" and reading.intent is Intent.HELP):
            return _set_aside(own.rule), ()
        if self._immunity.instructs(folded, own.words, self._keywords):
            return _set_aside("immune:instruction"), ()
        if ours().has_piece(folded):
            return _set_aside("immune:own-reply"), ()
        return reading, spans

    def _read(self, folded: Folded, own: OwnWords) -> tuple[Classification, Spans]:
        nothing = _set_aside(own.rule) if own.rule else NOTHING
        if own.words:
            if kept := self._alone(own) or self._company.read(own.words):
                return _in_company(Tier.COMPANY, kept, folded)
            words = self._without_play(folded, joined_letters(own.words))
            if found := self._by_keyword(folded, words, own) or self._by_sentence(folded, words, own):
                return found
        return self._told(folded, own) or (nothing, ())

    def _alone(self, own: OwnWords) -> Kept | None:
        """Return the opt-out keyword that is all that is left of a text, also one that counts as a whole message only."""
        if not own.rule:
            return None
        key = " ".join(word.text for word in own.words)
        keyword = self._keywords.get(key) or self._keywords.get(looks_like(key))
        return (keyword, own.words[0], own.words[-1]) if keyword and keyword.intent is Intent.OPT_OUT else None

    def _by_keyword(self, folded: Folded, words: Sequence[Word], own: OwnWords) -> tuple[Classification, Spans] | None:
        misspelt = self._misspelt
        if (
            kept := misspelt.read(words)
            or misspelt.whole(words)
            or misspelt.disguised(folded)
            or misspelt.company(words)
        ):
            return _in_company(Tier.MISSPELT, kept, folded)
        kept = self._own_clause(folded, words, own) or self._signed(folded, words)
        if kept is None:
            return None
        reading, spans = _in_company(Tier.COMPANY, kept, folded)
        if self._passes(folded, own.words, kept) and self._immunity.may_be_automatic(folded):
            reading = replace(reading, intent=Intent.UNCLEAR, tier=Tier.UNCLEAR)
        return reading, spans

    def _by_sentence(self, folded: Folded, words: Sequence[Word], own: OwnWords) -> tuple[Classification, Spans] | None:
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
        if found is None or (own.rule and found.intent is not Intent.OPT_OUT):
            return None
        if found.intent is Intent.OPT_OUT:
            found = self._said_by_machine(found, folded, own)
        if found is None:
            return None
        tier = Tier.UNCLEAR if found.intent is Intent.UNCLEAR else Tier.SENTENCE
        matched = folded.written(found.start, found.end)
        span = folded.span(found.start, found.end)
        return Classification(found.intent, tier, found.rule, matched, found.language, RULES_VERSION), (span,)

    def _said_by_machine(self, found: Found, folded: Folded, own: OwnWords) -> Found | None:
        """Return what a request amounts to in a text that is, or may be, an automatic reply.

        A request that only its words make is asked about. "Do not text this number" is no end of texts, nor is "don't text
        me while I'm driving"; "don't text me again" is. What may be either is asked about, and so is what a person may
        have written.
        """
        weighed = found.rule.endswith(_WEIGHED)
        if not weighed and found.rule.rpartition("/")[2] not in self._machine["passing"]:
            return found
        asked = found._replace(intent=Intent.UNCLEAR)
        said = self._said_with(found, folded, own)
        if own.by_machine and not weighed:
            if "lasting" in said:
                return asked if "meanwhile" in said else found
            if "meanwhile" in said or ("channel" in said and "whom" not in said):
                return None
            return found if said == {"whom"} else asked
        if not weighed and said and "meanwhile" not in said:
            return found
        may_be = own.rule == "immune:automatic-reply" or self._immunity.may_be_automatic(folded)
        return asked if may_be else found

    def _said_with(self, found: Found, folded: Folded, own: OwnWords) -> set[str]:
        """Return what the clause of a request says besides: for whom, for how long, for now, of which number."""
        begin, stop = _around(folded.text, _CLAUSE_ENDS, found.start, found.end)
        texts = [word.text for word in own.words if begin <= word.start < stop]
        return {
            name for name in ("lasting", "whom", "meanwhile", "channel") if not self._machine[name].isdisjoint(texts)
        }

    def _told(self, folded: Folded, own: OwnWords) -> tuple[Classification, Spans] | None:
        """Ask about a text that is hardly more than an instruction to opt out, "Reply STOP to opt out", or begins with its word.

        A person may have copied it from a text of ours, to do what it says.
        """
        words = folded.words
        if own.rule != "immune:instruction":
            return None
        if kept := self._company.opt_out_at(words, 0):
            return _in_company(Tier.COMPANY, kept, folded)
        longest = _LONGEST_TOLD if folded.text.isascii() else _LONGEST_TOLD_UNSPACED
        if len(own.words) > _FEW_BESIDE or len(words) > _MOST_WORDS_TOLD or len(folded.key) > longest:
            return None
        kept = next((kept for place in range(len(words)) if (kept := self._company.opt_out_at(words, place))), None)
        if kept is None:
            return None
        _, first, last = kept
        matched, span = folded.written(first.start, last.end), folded.span(first.start, last.end)
        return Classification(Intent.UNCLEAR, Tier.UNCLEAR, own.rule, matched, None, RULES_VERSION), (span,)

    def _told_word(self, folded: Folded) -> Kept | None:
        """Return the opt-out keyword with which the text begins, if it is one that texts tell people to send."""
        if not folded.words:
            return None
        first = folded.words[0]
        keyword = self._keywords.get(first.text)
        if keyword is None or keyword.intent is not Intent.OPT_OUT or not self._immunity.is_told(first.text):
            return None
        return keyword, first, first

    def begins_with_opt_out(self, folded: Folded) -> bool:
        """Tell whether the text begins with an opt-out keyword, so that it is no copy of a reply, however much it looks so."""
        return self._company.opt_out_at(folded.words, 0) is not None

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

    def _own_clause(self, folded: Folded, words: Sequence[Word], own: OwnWords) -> Kept | None:
        """Find an unambiguous keyword in a separate sentence: "We sold the house. STOP!".

        In an automatic reply, "не пишите" between commas is for as long as its sender drives.
        """
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
                and not (own.by_machine and self._passes(folded, own.words, kept))
            ),
            None,
        )

    def _passes(self, folded: Folded, words: Sequence[Word], kept: Kept) -> bool:
        """Tell whether a keyword asks for no texts, and its sentence says more."""
        keyword, first, last = kept
        begin, stop = _around(folded.text, _SENTENCE_ENDS, first.start, last.end)
        others = [word for word in words if begin <= word.start < stop and not first.start <= word.start < last.end]
        return bool(others) and keyword.key in self._machine["passing_keywords"]

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


def _around(text: str, ends: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence or clause begins and ends that a place of the folded text is in."""
    begin = max(text.rfind(mark, 0, start) for mark in ends) + 1
    stop = min((place for mark in ends if (place := text.find(mark, end)) >= 0), default=len(text))
    return begin, stop


def _set_aside(rule: str) -> Classification:
    return Classification(Intent.NONE, None, rule, "", None, RULES_VERSION)


def _in_company(tier: Tier, kept: Kept, folded: Folded) -> tuple[Classification, Spans]:
    keyword, first, last = kept
    matched = folded.written(first.start, last.end)
    rule = f"{tier.lower()}:{keyword.rule.partition(':')[2]}"
    reading = Classification(keyword.intent, tier, rule, matched, keyword.language, RULES_VERSION, keyword.everyday)
    return reading, (folded.span(first.start, last.end),)
