"""What a text says whose words were mistyped in ways that the rest of it shows: "reqest removal", "take of flist", "stoptexting".

Tried on short texts that ask for nothing as they stand: a word that no language knows becomes the words that one slip of a
finger away are known to the text's language. ``data/slips`` has those words, and the ordinary ones beside them, which
stand for themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

from sms_consent.intent.bounded_cache import BoundedCache
from sms_consent.intent.keywords import load_rules
from sms_consent.intent.normalisation import Word
from sms_consent.intent.sorted_lookup import is_among
from sms_consent.intent.typos import Halves

__all__ = ["TypoRepair"]

_MOST_WORDS = 14
_MOST_ODD = 2
_MOST_READINGS = 4
_SHORTEST, _LONGEST = 2, 24  # letters
_SHORTEST_RUN, _SHORTEST_PIECE = 6, 2
_SWAPPED = 3  # letters: what of these words is mistyped shows only where two letters are swapped


class TypoRepair:
    """Puts words of one language for those that no language knows."""

    def __init__(self, language: str, known: Callable[[str], int], bit: int) -> None:
        """``known`` tells which languages know a word, one bit a language; ``bit`` is this one's."""
        prepared = load_rules(f"slips/{language}")
        self._words = Halves(prepared["words"])
        self._ordinary: list[str] = prepared["beside"].split()
        self._known, self._bit = known, bit
        self._odd, self._likest = BoundedCache(self._is_odd), BoundedCache(self._forms)

    def mended(self, words: Sequence[Word]) -> Iterator[Sequence[Word]]:
        """The text as it may have been meant, the likeliest first; nothing where it is long, or much of it is unknown."""
        if len(words) > _MOST_WORDS:
            return
        is_odd = self._odd
        odd = {i for i, word in enumerate(words) if is_odd[word.text]}
        if not 0 < len(odd) <= _MOST_ODD:
            return
        options: list[list[Sequence[Word]]] = []
        i = 0
        while i < len(words):
            pair = words[i : i + 2]
            if len(pair) > 1 and not odd.isdisjoint((i, i + 1)) and (moved := self._moved(*pair)):
                options.append([moved])
                i += 2
                continue
            meant = self._meant(words[i]) if i in odd else []
            options.append(meant or [(words[i],)])
            i += 1
        for chosen in islice(product(*options), _MOST_READINGS):
            mended = [word for each in chosen for word in each]
            if mended != [*words]:
                yield mended

    def _is_odd(self, text: str) -> bool:
        if not (text.isalpha() and text.isascii() and _SHORTEST <= len(text) <= _LONGEST):
            return False
        return not self._known(text) and not is_among(self._ordinary, text)

    def _is_own(self, text: str) -> bool:
        return bool(self._known(text) & self._bit)

    def _moved(self, one: Word, other: Word) -> Sequence[Word]:
        """Two words with the space between them one letter further, or none: "take of flist", "remo ve"."""
        a, b = one.text, other.text
        for first, second in ((a[:-1], a[-1] + b), (a + b[0], b[1:])):
            if self._is_own(first) and self._is_own(second):
                return (Word(first, one.start, one.end), Word(second, other.start, other.end))
        return (Word(a + b, one.start, other.end),) if self._is_own(a + b) else ()

    def _meant(self, word: Word) -> list[Sequence[Word]]:
        return [[Word(text, word.start, word.end) for text in form] for form in self._likest[word.text]]

    def _forms(self, text: str) -> list[tuple[str, ...]]:
        """What a word may stand for: another one, or two."""
        if len(text) == _SWAPPED:
            swapped = (text[1] + text[0] + text[2], text[0] + text[2] + text[1])
            return [(form,) for form in swapped if self._is_own(form)]
        others: list[tuple[str, ...]] = [(form,) for form in self._words.beside(text)]
        if len(text) < _SHORTEST_RUN:
            return others
        cuts = range(_SHORTEST_PIECE, len(text) - _SHORTEST_PIECE + 1)
        pairs = ((text[:cut], text[cut:]) for cut in cuts)
        return others + [pair for pair in pairs if self._is_own(pair[0]) and self._is_own(pair[1])]
