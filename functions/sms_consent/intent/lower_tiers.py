"""The tiers below whole-message keywords: keywords in context, misspelt keywords, and sentences.

Only the words that the sender wrote count. This module and its data are loaded for the first text that is not a keyword, since
most texts to a short code are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

from sms_consent.intent.keywords import Keyword
from sms_consent.intent.lookup import load_rules
from sms_consent.intent.non_authored_text import AuthoredText, NonAuthoredText, OwnReplies
from sms_consent.intent.normalisation import Folded, Word, cut_evenly, looks_like
from sms_consent.intent.result import NOTHING, RULES_VERSION, Classification, Found, Intent, Spans, Tier
from sms_consent.intent.sentences import Sentences, clauses, has_breaks, is_laughing
from sms_consent.intent.typos import TypoKeywords, joined_letters

__all__ = ["KeywordInContext", "KeywordMatch", "LowerTiers"]

_MOST_WORDS = 14
_MOST_LETTERS = 60
_LONGEST_PIECE = 12
_LONGEST = 5  # words in a keyword or in an allowed phrase

KeywordMatch = tuple[Keyword, Word, Word]
"""A keyword, and its first and last word in the text."""


def _is_unspaced(text: str) -> bool:
    """Return whether a text is in kana, Han characters or Hangul."""
    return not text.isascii() and any(
        "\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3" for letter in text
    )


class KeywordInContext:
    """Keywords that count beside other words, and the words that are allowed beside them."""

    def __init__(self, keywords: Mapping[str, Keyword], words: Mapping[str, str]) -> None:
        self._keywords = {key: each for key, each in keywords.items() if self._counts(each)}
        self._single = {key for key in self._keywords if " " not in key}
        self._lengths: dict[str, list[int]] = {}  # of keywords, by their first word
        for length, key in sorted(((key.count(" ") + 1, key) for key in self._keywords), reverse=True):
            lengths = self._lengths.setdefault(key.partition(" ")[0], [])
            if length <= _LONGEST and length not in lengths:
                lengths.append(length)
        self._first = self._lengths.keys()
        # A word that a deployment has removed asks for nothing beside a keyword either: "STOP BAJA" is a STOP.
        removed = {key for key, each in keywords.items() if each.is_removed}
        self._beside_strong = frozenset(words["strong"].split("|")) | removed
        self._by_intent = {
            Intent.OPT_IN: frozenset(words["start"].split("|")),
            Intent.HELP: frozenset(words["help"].split("|")),
        }
        self._beside_weak = frozenset(words["weak"].split("|")) | removed
        self._weak = frozenset(words["weak_keywords"].split("|"))
        self._determiners = frozenset(words["determiners"].split("|"))
        self._laughter = frozenset(words["laughter"].split("|"))
        self._refusals = frozenset(words["refusals"].split("|"))
        self._questions = frozenset(words["questions"].split("|"))
        self._about_us, self._plainly_asking = (
            frozenset(words[name].split("|")) for name in ("about_us", "plainly_asking")
        )
        self._surprise = frozenset(words["surprise"].split("|"))

    @staticmethod
    def _counts(keyword: Keyword) -> bool:
        return not keyword.whole_message_only and keyword.intent in (Intent.OPT_OUT, Intent.OPT_IN, Intent.HELP)

    def is_teasing(self, words: Sequence[Word]) -> bool:
        """Return whether the words show that the sender laughs, so that "Stop," may not be a request."""
        return any(word.text in self._laughter for word in words)

    def is_about_us(self, words: Sequence[Word]) -> bool:
        """Return whether a question is about the texts or their sender, or begins like a question that needs an answer."""
        return words[0].text in self._plainly_asking or any(word.text in self._about_us for word in words)

    def is_surprise(self, words: Sequence[Word]) -> bool:
        """Return whether a clause is an exclamation of surprise."""
        return " ".join(word.text for word in words) in self._surprise

    def has_keyword(self, words: Sequence[Word]) -> bool:
        """Return whether one of the words is a keyword."""
        return not self._single.isdisjoint([word.text for word in words])

    def is_missing(self, words: Sequence[Word]) -> bool:
        """Return whether the words are ASCII and contain no keyword."""
        texts = [word.text for word in words]
        return self._first.isdisjoint(texts) and all(map(str.isascii, texts))

    @property
    def words(self) -> Iterable[str]:
        """All words that are allowed beside a strong opt-out keyword, including those of phrases."""
        return {word for phrase in self._beside_strong for word in phrase.split(" ")}

    def is_allowed(self, word: str) -> bool:
        """Return whether a word is allowed beside a strong opt-out keyword."""
        return word in self._beside_strong or word.isdecimal()

    def _segmented(self, words: Sequence[Word]) -> Sequence[Word]:
        """Split words of scripts without spaces, if they consist of keywords and allowed words only."""
        return [piece for word in words for piece in (self._pieces(word) if _is_unspaced(word.text) else (word,))]

    def _pieces(self, word: Word) -> Sequence[Word]:
        text = word.text
        if len(text) > _MOST_LETTERS or len(text) != word.end - word.start:
            return (word,)
        cuts = cut_evenly(text, _LONGEST_PIECE, lambda piece: piece in self._keywords or piece in self._unspaced)
        return [Word(text[begin:end], word.start + begin, word.start + end) for begin, end in cuts] or (word,)

    @cached_property
    def _unspaced(self) -> frozenset[str]:
        return frozenset(phrase.replace(" ", "") for phrase in self._beside_strong if _is_unspaced(phrase))

    def match(self, words: Sequence[Word], *, strong_only: bool = False) -> KeywordMatch | None:
        """Return the keyword if all other words are allowed beside it. An opt-out takes precedence over other keywords."""
        if not 0 < len(words) <= _MOST_WORDS:
            return None
        texts = [word.text for word in words]
        if not all(map(str.isascii, texts)):
            words = self._segmented(words)
            texts = [word.text for word in words]
        if len(words) > 2 * _MOST_WORDS or self._first.isdisjoint(texts):
            return None
        if len(words) > 1 and f"{words[0].text} {words[1].text}" in self._questions:
            return None  # "do I have to unsubscribe": sentences decide
        found, others = self._split(words)
        if not found:
            return None
        decides = next((each for each in found if each[0].intent is Intent.OPT_OUT), found[0])
        weak = all(each[0].key in self._weak for each in found if each[0].intent is Intent.OPT_OUT)
        if strong_only and (weak or decides[0].intent is not Intent.OPT_OUT):
            return None
        strong = decides[0].intent is Intent.OPT_OUT and not weak
        allowed = self._allowed_beside(decides[0].intent, weak=weak)
        if strong:  # "no stop", but not "no me den de baja"
            others = [run for run in others if not (len(run) == 1 and run[0] in self._refusals)]
        return decides if self._all_in(others, allowed, numbers=strong) else None

    def opt_out_at(self, words: Sequence[Word], at: int) -> KeywordMatch | None:
        """Return the opt-out keyword that begins at this word, or None."""
        key, length = self._longest(words, at) if words else ("", 0)
        if not length or self._keywords[key].intent is not Intent.OPT_OUT:
            return None
        return self._keywords[key], words[at], words[at + length - 1]

    def _allowed_beside(self, intent: Intent, *, weak: bool) -> frozenset[str]:
        if intent is Intent.OPT_OUT:
            return self._beside_weak if weak else self._beside_strong
        return self._by_intent[intent]

    def _split(self, words: Sequence[Word]) -> tuple[list[KeywordMatch], list[list[str]]]:
        """Return the keywords in the text, and the sequences of words between them."""
        found: list[KeywordMatch] = []
        others: list[list[str]] = [[]]
        begun = [i for i, word in enumerate(words) if word.text in self._lengths]
        if not [i for i in begun if self._longest(words, i)[1]]:
            return found, others  # mostly a word that only begins a keyword of several words
        i = 0
        while i < len(words):
            key, length = self._longest(words, i)
            if length and not (others[-1] and others[-1][-1] in self._determiners):
                found.append((self._keywords[key], words[i], words[i + length - 1]))
                others.append([])
                i += length
            else:
                others[-1].append(words[i].text)
                i += 1
        return found, others

    def _longest(self, words: Sequence[Word], at: int) -> tuple[str, int]:
        """Return the longest keyword that begins at a word, and its number of words."""
        for length in self._lengths.get(words[at].text, ()):
            key = " ".join([word.text for word in words[at : at + length]])
            if at + length <= len(words) and key in self._keywords:
                return key, length
        return "", 0

    @staticmethod
    def _all_in(runs: list[list[str]], allowed: frozenset[str], *, numbers: bool) -> bool:
        for run in runs:
            i = 0
            while i < len(run):
                for length in range(min(_LONGEST, len(run) - i), 0, -1):
                    if " ".join(run[i : i + length]) in allowed or (numbers and length == 1 and run[i].isdecimal()):
                        i += length
                        break
                else:
                    return False
        return True


_LONGEST_SIGNED = 6  # words: a keyword with a few words beside it, and a name of two or three
_MOST_WORDS_OF_INSTRUCTION, _LONGEST_INSTRUCTION, _LONGEST_UNSPACED_INSTRUCTION = 9, 70, 40  # the last two in letters
_FEW_BESIDE = 2  # words beside an instruction that do not make another text of it
_WEIGHED = "/weighed"
_SENTENCE_ENDS, _CLAUSE_ENDS = ".!?;\n:", ".!?;\n:,"
_OPENING = frozenset({Intent.OPT_IN, Intent.HELP})


class LowerTiers:
    """The tiers below whole-message keywords. They are tried in the order of their evidence; the first match decides."""

    def __init__(self, keywords: Mapping[str, Keyword], *, linear_model: bool) -> None:
        data = load_rules("lower_tiers")
        self._keywords = keywords
        self._in_context = KeywordInContext(keywords, data["keyword_context"])
        self._non_authored = NonAuthoredText(data["non_authored_text"])
        self._machine = {
            name: frozenset(words.split("|")) for name, words in data["non_authored_text"]["machine"].items()
        }
        self._sentences = Sentences(data, linear_model=linear_model)
        self._misspelt = TypoKeywords(keywords, self._in_context, data["ordinary"].split(), self._sentences.vocabulary)

    def classify(
        self, folded: Folded, ours: Callable[[], OwnReplies], echo: str | None
    ) -> tuple[Classification, Spans]:
        """Return the intent of the text, and the positions of the deciding words.

        An opt-in counts only if the sender wrote the whole text: not beside removed words, and not in a fragment of a reply,
        such as "to opt back in.". The same holds for HELP: an automatic text could otherwise start a loop of replies.

        Args:
            folded: The text.
            ours: Returns the replies of the number that was texted.
            echo: The reply that the text copies, if any.
        """
        authored = self._non_authored.authored(folded, self._keywords, echo)
        result, spans = self._by_tiers(folded, authored)
        # "SAIR para cancelar"; "ARRET pour vous": follows an instruction, however much of it is missing.
        if (
            result.intent is Intent.NONE
            and (match := self._instructed_word(folded))
            and (self._non_authored.is_instruction(folded, match[2]) or ours().has_piece(folded))
        ):
            return _from_keyword(Tier.COMPANY, match, folded)
        if result.intent not in _OPENING:
            return result, spans
        if authored.rule and not (authored.rule == "immune:quotation" and result.intent is Intent.HELP):
            return _set_aside(authored.rule), ()
        if self._non_authored.instructs(folded, authored.words, self._keywords):
            return _set_aside("immune:instruction"), ()
        if ours().has_piece(folded):
            return _set_aside("immune:own-reply"), ()
        return result, spans

    def _by_tiers(self, folded: Folded, authored: AuthoredText) -> tuple[Classification, Spans]:
        nothing = _set_aside(authored.rule) if authored.rule else NOTHING
        if authored.words:
            if match := self._alone(authored) or self._in_context.match(authored.words):
                return _from_keyword(Tier.COMPANY, match, folded)
            words = self._without_surprise(folded, joined_letters(authored.words))
            if found := self._by_keyword(folded, words, authored) or self._by_sentence(folded, words, authored):
                return found
        return self._by_instruction(folded, authored) or (nothing, ())

    def _alone(self, authored: AuthoredText) -> KeywordMatch | None:
        """Return the opt-out keyword if nothing else is left of the text. Includes whole-message-only keywords."""
        if not authored.rule:
            return None
        key = " ".join(word.text for word in authored.words)
        keyword = self._keywords.get(key) or self._keywords.get(looks_like(key))
        return (
            (keyword, authored.words[0], authored.words[-1]) if keyword and keyword.intent is Intent.OPT_OUT else None
        )

    def _by_keyword(
        self, folded: Folded, words: Sequence[Word], authored: AuthoredText
    ) -> tuple[Classification, Spans] | None:
        misspelt = self._misspelt
        if (
            match := misspelt.match(words)
            or misspelt.whole(words)
            or misspelt.disguised(folded)
            or misspelt.beside_misspelt_words(words)
        ):
            return _from_keyword(Tier.MISSPELT, match, folded)
        match = self._own_clause(folded, words, authored) or self._signed(folded, words)
        if match is None:
            return None
        result, spans = _from_keyword(Tier.COMPANY, match, folded)
        if self._is_in_passing(folded, authored.words, match) and self._non_authored.may_be_automatic(folded):
            result = replace(result, intent=Intent.UNCLEAR, tier=Tier.UNCLEAR)
        return result, spans

    def _by_sentence(
        self, folded: Folded, words: Sequence[Word], authored: AuthoredText
    ) -> tuple[Classification, Spans] | None:
        result = self._sentences.find(folded, words)
        found = result.found
        if found is None or found.intent is Intent.UNCLEAR:
            for repaired in self._sentences.repaired(result):
                if (match := self._in_context.match(repaired)) and match[0].intent is Intent.OPT_OUT:
                    return _from_keyword(Tier.MISSPELT, match, folded)
                meant = self._sentences.find(folded, repaired).found
                if meant and meant.intent is Intent.OPT_OUT:
                    found = meant
                    break
        if found is None or (authored.rule and found.intent is not Intent.OPT_OUT):
            return None
        if found.intent is Intent.OPT_OUT:
            found = self._in_automatic_reply(found, folded, authored)
        if found is None:
            return None
        tier = Tier.UNCLEAR if found.intent is Intent.UNCLEAR else Tier.SENTENCE
        matched, span = folded.quoted(found.start, found.end)
        return Classification(found.intent, tier, found.rule, matched, found.language, RULES_VERSION), (span,)

    def _in_automatic_reply(self, found: Found, folded: Folded, authored: AuthoredText) -> Found | None:
        """Return what a request means in a text that is, or may be, an automatic reply.

        "Do not text this number" and "don't text me while I'm driving" are no requests; "don't text me again" is one. Ambiguous
        texts, and requests found only by weights, become UNCLEAR.
        """
        weighed = found.rule.endswith(_WEIGHED)
        if not weighed and found.rule.rpartition("/")[2] not in self._machine["passing"]:
            return found
        unclear = found._replace(intent=Intent.UNCLEAR)
        qualifiers = self._qualifiers(found, folded, authored)
        if authored.by_machine and not weighed:
            if "lasting" in qualifiers:
                return unclear if "meanwhile" in qualifiers else found
            if "meanwhile" in qualifiers or ("channel" in qualifiers and "whom" not in qualifiers):
                return None
            return found if qualifiers == {"whom"} else unclear
        if not weighed and qualifiers and "meanwhile" not in qualifiers:
            return found
        may_be = authored.rule == "immune:automatic-reply" or self._non_authored.may_be_automatic(folded)
        return unclear if may_be else found

    def _qualifiers(self, found: Found, folded: Folded, authored: AuthoredText) -> set[str]:
        """Return the qualifiers in the clause of a request: for whom, for how long, for now, of which number."""
        begin, stop = _around(folded.text, _CLAUSE_ENDS, found.start, found.end)
        texts = [word.text for word in authored.words if begin <= word.start < stop]
        return {
            name for name in ("lasting", "whom", "meanwhile", "channel") if not self._machine[name].isdisjoint(texts)
        }

    def _by_instruction(self, folded: Folded, authored: AuthoredText) -> tuple[Classification, Spans] | None:
        """Classify a text that begins with an instruction's opt-out keyword, or is little more than an opt-out instruction.

        It is UNCLEAR: a person may have copied "Reply STOP to opt out" from a text in order to follow it.
        """
        words = folded.words
        if authored.rule != "immune:instruction":
            return None
        if match := self._in_context.opt_out_at(words, 0):
            return _from_keyword(Tier.COMPANY, match, folded)
        longest = _LONGEST_INSTRUCTION if folded.text.isascii() else _LONGEST_UNSPACED_INSTRUCTION
        if len(authored.words) > _FEW_BESIDE or len(words) > _MOST_WORDS_OF_INSTRUCTION or len(folded.key) > longest:
            return None
        match = next((each for place in range(len(words)) if (each := self._in_context.opt_out_at(words, place))), None)
        if match is None:
            return None
        _, first, last = match
        matched, span = folded.quoted(first.start, last.end)
        return Classification(Intent.UNCLEAR, Tier.UNCLEAR, authored.rule, matched, None, RULES_VERSION), (span,)

    def _instructed_word(self, folded: Folded) -> KeywordMatch | None:
        """Return the opt-out keyword with which the text begins, if companies' texts instruct people to send it."""
        if not folded.words:
            return None
        first = folded.words[0]
        keyword = self._keywords.get(first.text)
        if keyword is None or keyword.intent is not Intent.OPT_OUT or not self._non_authored.is_instructed(first.text):
            return None
        return keyword, first, first

    def begins_with_opt_out(self, folded: Folded) -> bool:
        """Return whether the text begins with an opt-out keyword. Such a text never counts as a copy of a reply."""
        return self._in_context.opt_out_at(folded.words, 0) is not None

    def features(self, folded: Folded, language: str) -> list[list[str]]:
        """Return the features of each clause of a text in a language, for fitting weights."""
        authored = self._non_authored.authored(folded, self._keywords, None)
        words = authored.words
        return self._sentences.features(folded, joined_letters(words), language) if words else []

    def _without_surprise(self, folded: Folded, words: Sequence[Word]) -> Sequence[Word]:
        """Return the words without a surprised "Stop it!!" or "Get out!!" before a question: "40% off boots??".

        It does not count as surprise before a question about the texts or the sender's people, or one that asks for an answer.
        """
        if "?" not in folded.text or not any(word.text in ("it", "out", "up") for word in words[1:]):
            return words
        in_context = self._in_context
        for part, following in pairwise(clauses(folded, words)):
            if not _asks(folded, following) or in_context.is_about_us(following):
                continue
            named = any(word.text == "it" for word in part) and in_context.match(part, strong_only=True)
            if named or in_context.is_surprise(part):
                return [word for word in words if word not in part]
        return words

    def _own_clause(self, folded: Folded, words: Sequence[Word], authored: AuthoredText) -> KeywordMatch | None:
        """Return an unambiguous keyword in a separate sentence: "We sold the house. STOP!".

        In an automatic reply, a clause such as "не пишите" applies only while its sender is driving.
        """
        if not has_breaks(folded) or self._in_context.is_missing(words):
            return None
        parts = clauses(folded, words)
        if len(parts) == 1 or is_laughing(folded.original) or self._in_context.is_teasing(words):
            return None
        return next(
            (
                match
                for part in parts
                if not (_instructs(part) or _echoes(folded, part))
                and (match := self._in_context.match(part, strong_only=True))
                and not (authored.by_machine and self._is_in_passing(folded, authored.words, match))
            ),
            None,
        )

    def _is_in_passing(self, folded: Folded, words: Sequence[Word], match: KeywordMatch) -> bool:
        """Return whether its sentence has other words, and the keyword counts only as a whole sentence in such a text."""
        keyword, first, last = match
        begin, stop = _around(folded.text, _SENTENCE_ENDS, first.start, last.end)
        others = [word for word in words if begin <= word.start < stop and not first.start <= word.start < last.end]
        return bool(others) and keyword.key in self._machine["passing_keywords"]

    def _signed(self, folded: Folded, words: Sequence[Word]) -> KeywordMatch | None:
        """Return a keyword with a name below it: "STOP - Margaret". A name has a capital and is a word of no known language."""
        if "-" not in folded.text or len(words) > _LONGEST_SIGNED:
            return None
        for i, word in enumerate(words[1:], 1):
            if "-" in folded.text[words[i - 1].end : word.start]:
                names = words[i:]
                known = self._sentences.vocabulary
                if any(each.text in known or not folded.written(each.start, each.end)[0].isupper() for each in names):
                    return None
                return self._in_context.match(words[:i], strong_only=True)
        return None


def _instructs(words: Sequence[Word]) -> bool:
    """Return whether a clause is an instruction such as "STOP to end", which beside other clauses is a quotation."""
    return any(word.text == "to" and i and words[i - 1].text == "stop" for i, word in enumerate(words))


def _echoes(folded: Folded, words: Sequence[Word]) -> bool:
    """Return whether a clause repeats one word as a question, as in "Stop? Never!". Later tiers then decide."""
    return len(words) == 1 and folded.text[words[0].end : words[0].end + 1] == "?"


def _asks(folded: Folded, words: Sequence[Word]) -> bool:
    """Return whether a clause of more than one word ends in a question mark."""
    return len(words) > 1 and "?" in folded.text[words[-1].end : words[-1].end + 3]


def _around(text: str, ends: str, start: int, end: int) -> tuple[int, int]:
    """Return the start and end of the sentence or clause around a span of the folded text."""
    begin = max(text.rfind(mark, 0, start) for mark in ends) + 1
    stop = min((place for mark in ends if (place := text.find(mark, end)) >= 0), default=len(text))
    return begin, stop


def _set_aside(rule: str) -> Classification:
    return Classification(Intent.NONE, None, rule, "", None, RULES_VERSION)


def _from_keyword(tier: Tier, match: KeywordMatch, folded: Folded) -> tuple[Classification, Spans]:
    keyword, first, last = match
    matched, span = folded.quoted(first.start, last.end)
    rule = f"{tier.lower()}:{keyword.rule.partition(':')[2]}"
    result = Classification(keyword.intent, tier, rule, matched, keyword.language, RULES_VERSION, keyword.everyday)
    return result, (span,)
