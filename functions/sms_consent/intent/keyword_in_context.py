"""Keywords beside words that ask for nothing: "STOP please", "Stop. Thank you", "cancel this"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from sms_consent.intent.keywords import Keyword
from sms_consent.intent.normalisation import Word, cut_evenly
from sms_consent.intent.result import Intent

__all__ = ["KeywordInContext", "KeywordMatch"]

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
    """Keywords that count beside other words, and the words that are allowed there."""

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
        """Return whether the sender laughs, so that "Stop," may be no request."""
        return any(word.text in self._laughter for word in words)

    def is_about_us(self, words: Sequence[Word]) -> bool:
        """Return whether a question is about the texts or their sender, or begins like one that wants an answer."""
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
        """Split words of scripts without spaces into keywords and allowed words, if they consist of nothing else."""
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
        """Return the deciding keyword if all other words are allowed beside it. An opt-out counts before other keywords."""
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
        """Return the opt-out keyword that begins at a word, if one does."""
        key, length = self._longest(words, at) if words else ("", 0)
        if not length or self._keywords[key].intent is not Intent.OPT_OUT:
            return None
        return self._keywords[key], words[at], words[at + length - 1]

    def _allowed_beside(self, intent: Intent, *, weak: bool) -> frozenset[str]:
        if intent is Intent.OPT_OUT:
            return self._beside_weak if weak else self._beside_strong
        return self._by_intent[intent]

    def _split(self, words: Sequence[Word]) -> tuple[list[KeywordMatch], list[list[str]]]:
        """Return the keywords in the text, and the runs of words between them."""
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
