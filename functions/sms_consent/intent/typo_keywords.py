"""Whether a message is a keyword wrongly typed, alone or in company: "stpo", "s t o p", "5top", "unsubcribe me pls"."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property

from sms_consent.intent.bounded_cache import BoundedCache
from sms_consent.intent.keyword_in_context import Kept, KeywordInContext
from sms_consent.intent.keywords import Keyword, load_rules
from sms_consent.intent.normalisation import Folded, Word
from sms_consent.intent.result import Intent
from sms_consent.intent.typos import Speller, unstretched, without_digits

__all__ = ["TypoKeywords", "joined_letters"]

_MOST_WORDS = 8
_SIGNS = str.maketrans("$@", "sa")
_SHORTEST_COMPANY = 5  # letters: too many words of four are one slip away from another
_SHORTEST_WHOLE, _LONGEST_WHOLE = 5, 24
_LONGEST_WRITTEN = 60  # letters drawn out included
_MOST_PIECES = 3  # "un subs cribe"


class TypoKeywords:
    """The keywords that may be misspelt, and the ways in which they are."""

    def __init__(
        self,
        keywords: Mapping[str, Keyword],
        company: KeywordInContext,
        ordinary: Iterable[str],
        vocabulary: Container[str],
    ) -> None:
        self._keywords = keywords
        self._vocabulary = vocabulary
        self._ordinary = frozenset(ordinary)
        self._company = company
        self._meant_by = BoundedCache(self._meant)

    def read(self, words: Sequence[Word]) -> Kept | None:
        """The keyword that was meant, with the words that stand for it, if all other words keep it company."""
        if not 0 < len(words) <= _MOST_WORDS:
            return None
        odd = [i for i, word in enumerate(words) if not self._company.is_company(word.text)]
        if not 0 < len(odd) <= _MOST_PIECES or odd[-1] - odd[0] >= _MOST_PIECES:
            return None
        first, last = words[odd[0]], words[odd[-1]]
        written = "".join(word.text for word in words[odd[0] : odd[-1] + 1])
        words_of_their_own = len(odd) > 1 and all(words[i].text in self._vocabulary for i in odd)
        meant = self._meant_by[written, len(odd) == 1, not words_of_their_own]
        if meant is None:
            return None
        meant_words = [Word(word, first.start, last.end) for word in meant.split()]
        corrected = [*words[: odd[0]], *meant_words, *words[odd[-1] + 1 :]]
        return self._company.read(corrected)

    def company(self, words: Sequence[Word]) -> Kept | None:
        """A keyword as it is, with company that is misspelt: "SAIR obrigdao", "stop it plesae"."""
        if not 1 < len(words) <= _MOST_WORDS or not self._company.has_keyword(words):
            return None
        corrected = [self._as_company(word) for word in words]
        return self._company.read(corrected) if corrected != [*words] else None

    def _as_company(self, word: Word) -> Word:
        text = word.text
        if len(text) < _SHORTEST_COMPANY or self._company.is_company(text):
            return word
        if text in self._keywords or text in self._vocabulary:
            return word
        nearest = self._company_speller.nearest(text)
        return Word(nearest[0], word.start, word.end) if nearest else word

    def disguised(self, folded: Folded) -> Kept | None:
        """A keyword with signs for letters: "$top", "c@ncel"."""
        text = folded.text
        if len(text) > _LONGEST_WRITTEN or ("$" not in text and "@" not in text):
            return None
        return self.read(Folded(folded.original, folded.text.translate(_SIGNS)).words)

    def _meant(self, asked: tuple[str, bool, bool]) -> str | None:
        """The keyword that letters stand for; None if they are a word of their own, or could be one of two requests.

        Asked with the letters: whether they are written as one word, and whether they may have slips.
        """
        written, as_one_word, slips = asked
        if len(written) > _LONGEST_WRITTEN:
            return None
        joined = written.split("2")  # "stop2end", as some services print it
        if len(joined) > 1 and all(part in self._joined for part in joined):
            return self._joined[joined[0]]
        plain = without_digits(written)
        for form in dict.fromkeys((written, unstretched(written), plain, unstretched(plain))):
            if form in self._variants:
                return self._variants[form]
            if form in self._joined and (form != written or not as_one_word):
                return self._joined[form]
            nearest = self._speller.nearest(form) if slips else ()
            meant = [self._joined[word] for word in nearest]
            if meant and len({self._keywords[key].intent for key in meant}) == 1:
                return meant[0]
        return None

    def whole(self, words: Sequence[Word]) -> Kept | None:
        """An opt-out keyword that counts as the whole message only, with letters swapped or doubled."""
        if len(words) != 1 or not _SHORTEST_WHOLE <= len(words[0].text) <= _LONGEST_WHOLE:
            return None
        if words[0].text in self._speller.ordinary:
            return None
        text = words[0].text
        swapped = (text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1))
        single = (text[:i] + text[i + 1 :] for i in range(len(text) - 1) if text[i] == text[i + 1])
        for form in (*single, *swapped, unstretched(text)):
            keyword = self._keywords.get(form)
            if keyword and keyword.whole_message_only and keyword.intent is Intent.OPT_OUT:
                return keyword, words[0], words[0]
        return None

    @cached_property
    def _joined(self) -> dict[str, str]:
        """Keywords without spaces, to their keys; the general sources' first."""
        found: dict[str, str] = {}
        for key, keyword in self._keywords.items():
            if not keyword.whole_message_only and keyword.intent in (Intent.OPT_OUT, Intent.OPT_IN, Intent.HELP):
                found.setdefault(key.replace(" ", ""), key)
        return found

    @cached_property
    def _variants(self) -> dict[str, str]:
        means: Mapping[str, str] = load_rules("typos")["means"]
        return {word: key for key, words in means.items() for word in words.split() if key in self._keywords}

    @cached_property
    def _company_speller(self) -> Speller:
        return Speller(self._company.words, self._ordinary)

    @cached_property
    def _speller(self) -> Speller:
        others = {key for key, keyword in self._keywords.items() if key.replace(" ", "") not in self._joined}
        return Speller(self._joined, self._ordinary | others)


def joined_letters(words: Sequence[Word]) -> list[Word]:
    """Three and more single letters in a row as one word: "s t o p", "S.T.O.P"."""
    if sum([len(word.text) == 1 for word in words]) < _MOST_PIECES:
        return list(words)
    found: list[Word] = []
    run: list[Word] = []
    for word in (*words, None):
        if word is not None and len(word.text) == 1:
            run.append(word)
            continue
        if len(run) >= _MOST_PIECES:
            found.append(Word("".join(letter.text for letter in run), run[0].start, run[-1].end))
        else:
            found += run
        run = []
        if word is not None:
            found.append(word)
    return found
