"""Misspelt words: spelling distance, misspelt keywords, and repair of the typing slips of a whole text.

A typing slip is one wrong key in short words, two in long ones. Words of any language are never corrected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING

from sms_consent.intent.keywords import Keyword
from sms_consent.intent.lookup import BoundedCache, SortedLookup, is_among, load_rules
from sms_consent.intent.normalisation import Folded, Word
from sms_consent.intent.result import Intent

if TYPE_CHECKING:
    from sms_consent.intent.lower_tiers import KeywordInContext, KeywordMatch

__all__ = [
    "Halves",
    "Speller",
    "TypoKeywords",
    "TypoRepair",
    "halves",
    "joined_letters",
    "respellings",
    "slips_of",
    "unstretched",
    "without_digits",
]

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEET = str.maketrans("01345789$@", "oieasteg5a".replace("5", "s"))
_DOUBLE = re.compile(r"(.)\1")
_STRETCH = re.compile(r"(.)\1{2,}")
_SHORTEST_SPELT, _LONGEST_SPELT = 4, 24
_SHORT = 5
"""Up to this length only a typing slip counts (a neighbouring key, a doubled or missing letter, two letters swapped), because
most words of four or five letters are one letter away from some other word."""
_LONG = 9
"""From this length on, two slips are allowed."""


def _neighbours() -> dict[str, str]:
    near: dict[str, str] = {}
    for y, row in enumerate(_ROWS):
        for x, key in enumerate(row):
            others = [row[x - 1 : x], row[x + 1 : x + 2]]
            if y:
                others.append(_ROWS[y - 1][x : x + 2])
            if y + 1 < len(_ROWS):
                others.append(_ROWS[y + 1][max(0, x - 1) : x + 1])
            near[key] = "".join(others)
    return near


_NEAR = _neighbours()


def unstretched(word: str) -> str:
    """Return a word without drawn-out letters: "stoooop" is "stop"."""
    return _STRETCH.sub(r"\1", word)


def respellings(word: str) -> Iterator[str]:
    """Yield spellings for a word that is drawn out ("offf"), doubled ("aloone"), clipped ("textin") or has digits for letters."""
    if _DOUBLE.search(word):
        once = _STRETCH.sub(r"\1", word)
        twice = _STRETCH.sub(r"\1\1", word)
        yield from (form for form in (once, twice, _DOUBLE.sub(r"\1", twice)) if form != word)
    if not word.isalpha():
        yield without_digits(word)
    if word[-2:] == "in":
        yield f"{word}g"


def slips_of(word: str) -> Iterator[str]:
    """Yield a word with one typing slip: two letters swapped, one doubled, or a neighbouring key."""
    for i, letter in enumerate(word):
        yield word[:i] + word[i + 1 : i + 2] + letter + word[i + 2 :]
        yield word[:i] + letter + word[i:]
        yield from (word[:i] + key + word[i + 1 :] for key in _NEAR.get(letter, ""))


def without_digits(word: str) -> str:
    """Return a word with letters for the digits and signs that imitate them: "5t0p" is "stop"."""
    return word.translate(_LEET)


class Speller:
    """Finds the known words nearest to a misspelt one.

    A slip leaves a word's first two letters, its last two, or both its ends as they are: that is how words are looked up.
    """

    def __init__(self, words: Iterable[str], ordinary: Container[str], *, one_slip_only: bool = False) -> None:
        self.ordinary = ordinary
        self._known = {word for word in words if len(word) >= _SHORTEST_SPELT}
        self._by_letters: dict[str, list[str]] = {}
        for word in sorted(self._known):
            for letters in _lasting(word):
                self._by_letters.setdefault(letters, []).append(word)
        self._forms: frozenset[str] = frozenset()
        if one_slip_only:
            self._forms = frozenset(form for word in self._known for form in (word, *_without_one(word)))

    def _is_near(self, word: str) -> bool:
        """Return whether a known word may be one slip away: both words then share a form with one letter removed."""
        forms = self._forms
        return word in forms or not forms.isdisjoint(_without_one(word))

    def nearest(self, word: str) -> list[str]:
        """Return the nearest known words, all at the same distance; none for an ordinary word."""
        if word in self._known:
            return [word]
        length = len(word)
        if word in self.ordinary or not _SHORTEST_SPELT - 1 <= length <= _LONGEST_SPELT:
            return []
        if self._forms and not self._is_near(word):
            return []
        best, found = 3, list[str]()
        for letters in _lasting(word):
            for known in self._by_letters.get(letters, ()):
                its_length = len(known)
                slips = 2 if its_length >= _LONG else 1
                if not -slips <= its_length - length <= slips or known in found:
                    continue
                far = _distance(word, known, slips)
                if far > slips or far > best or (len(known) <= _SHORT and not _finger_slip(word, known)):
                    continue
                if far < best:
                    best, found = far, []
                found.append(known)
        return sorted(found)


def halves(word: str) -> tuple[str, str]:
    """Return the letters before and after the middle of a word. One slip leaves one of the two unchanged."""
    before = (len(word) - 1) // 2
    return f"{len(word)}{word[:before]}", f"{len(word)}-{word[before + 1 :]}"


class Halves:
    """An index of words by their halves, so that a misspelt word is compared with few words."""

    def __init__(self, listed: str) -> None:
        self._listed = SortedLookup(listed)

    def beside(self, word: str) -> list[str]:
        """Return the words that are one slip away; for short words, one typing slip."""
        written = len(word)
        found: set[str] = set()
        for length in range(max(written - 1, _SHORTEST_SPELT), written + 2):
            before = (length - 1) // 2
            after = length - before - 1
            for half in (f"{length}{word[:before]}", f"{length}-{word[written - after :]}"):
                for known in (self._listed.get(half) or "").split():
                    if _one_slip(word, known) and (length > _SHORT or _finger_slip(word, known)):
                        found.add(known)
        return sorted(found)


def _without_one(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _lasting(word: str) -> tuple[str, str, str]:
    return word[:2], f"-{word[-2:]}", f"{word[0]}-{word[-1]}"


def _distance(word: str, known: str, most: int) -> int:
    """Return the number of slips between two words, or more than ``most``."""
    if _one_slip(word, known):
        return 1
    if most < 2 or len(set(word) ^ set(known)) > 2 * most:  # a slip changes at most two of the letters
        return most + 1
    return _slips(word, known)


def _one_slip(one: str, other: str) -> bool:
    """Return whether two words differ by one letter left out, inserted, replaced or swapped with the next."""
    if len(one) > len(other):
        one, other = other, one
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    rest, others = one[start:], other[start:]
    if len(rest) < len(others):
        return rest == others[1:]
    return rest[1:] == others[1:] or (rest[:2] == others[1::-1] and rest[2:] == others[2:])


def _slips(one: str, other: str) -> int:
    """Count letters left out, inserted, replaced or swapped with the next one (optimal string alignment)."""
    one, other = _unlike(one, other)
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _unlike(one: str, other: str) -> tuple[str, str]:
    """Return both words without their common beginning and end."""
    shorter, start, end = min(len(one), len(other)), 0, 0
    while start < shorter and one[start] == other[start]:
        start += 1
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def _finger_slip(word: str, known: str) -> bool:
    """Return whether one typing slip turns the known word into this one."""
    if len(word) == len(known):
        wrong = [i for i, (a, b) in enumerate(zip(word, known, strict=True)) if a != b]
        if len(wrong) == 2:
            return True
        return word[wrong[0]] in _NEAR.get(known[wrong[0]], "")
    if len(word) < len(known):
        return len(known) == _SHORT  # three letters are often another word; those of STOP are in the data
    return any(
        word[:i] + word[i + 1 :] == known
        and (word[i] in word[max(0, i - 1) : i] + word[i + 1 : i + 2] or _beside(word, i))
        for i in range(len(word))
    )


def _beside(word: str, i: int) -> bool:
    near = _NEAR.get(word[i], "")
    return any(key in near for key in word[max(0, i - 1) : i] + word[i + 1 : i + 2])


_MOST_WORDS_OF_KEYWORD = 8
_SIGNS = str.maketrans("$@", "sa")
_SHORTEST_CONTEXT = 5  # letters: too many words of four are one slip away from another
_SHORTEST_WHOLE, _LONGEST_WHOLE = 5, 24
_LONGEST_WRITTEN = 60  # letters drawn out included
_MOST_PIECES = 3  # "un subs cribe"


class TypoKeywords:
    """Misspelt keywords, alone or beside other words: "stpo", "s t o p", "5top", "unsubcribe me pls"."""

    def __init__(
        self,
        keywords: Mapping[str, Keyword],
        context: KeywordInContext,
        ordinary: Iterable[str],
        vocabulary: Container[str],
    ) -> None:
        self._keywords = keywords
        self._vocabulary = vocabulary
        self._ordinary = frozenset(ordinary)
        self._context = context
        self._meant_by = BoundedCache(self._meant)

    def match(self, words: Sequence[Word]) -> KeywordMatch | None:
        """Return the misspelt keyword and its words, if all other words are allowed beside it."""
        if not 0 < len(words) <= _MOST_WORDS_OF_KEYWORD:
            return None
        unknown = [i for i, word in enumerate(words) if not self._context.is_allowed(word.text)]
        if not 0 < len(unknown) <= _MOST_PIECES or unknown[-1] - unknown[0] >= _MOST_PIECES:
            return None
        first, last = words[unknown[0]], words[unknown[-1]]
        written = "".join(word.text for word in words[unknown[0] : unknown[-1] + 1])
        known_words = len(unknown) > 1 and all(words[i].text in self._vocabulary for i in unknown)
        meant = self._meant_by[written, len(unknown) == 1, not known_words]
        if meant is None:
            return None
        meant_words = [Word(word, first.start, last.end) for word in meant.split()]
        corrected = [*words[: unknown[0]], *meant_words, *words[unknown[-1] + 1 :]]
        return self._context.match(corrected)

    def beside_misspelt_words(self, words: Sequence[Word]) -> KeywordMatch | None:
        """Return a correctly spelt keyword beside misspelt allowed words: "SAIR obrigdao", "stop it plesae"."""
        if not 1 < len(words) <= _MOST_WORDS_OF_KEYWORD or not self._context.has_keyword(words):
            return None
        corrected = [self._as_context(word) for word in words]
        return self._context.match(corrected) if corrected != [*words] else None

    def _as_context(self, word: Word) -> Word:
        text = word.text
        if len(text) < _SHORTEST_CONTEXT or self._context.is_allowed(text):
            return word
        if text in self._keywords or text in self._vocabulary:
            return word
        nearest = self._context_speller.nearest(text)
        return Word(nearest[0], word.start, word.end) if nearest else word

    def disguised(self, folded: Folded) -> KeywordMatch | None:
        """Return a keyword with signs for letters: "$top", "c@ncel"."""
        text = folded.text
        if len(text) > _LONGEST_WRITTEN or ("$" not in text and "@" not in text):
            return None
        return self.match(Folded(folded.original, folded.text.translate(_SIGNS)).words)

    def _meant(self, asked: tuple[str, bool, bool]) -> str | None:
        """Return the keyword that these letters spell; None if they are another word, or the keyword is ambiguous.

        Args:
            asked: The letters, whether they are written as one word, and whether slips are allowed.
        """
        written, as_one_word, slips = asked
        if len(written) > _LONGEST_WRITTEN:
            return None
        joined = written.split("2")  # "stop2end", as some services write it
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

    def whole(self, words: Sequence[Word]) -> KeywordMatch | None:
        """Return a whole-message opt-out keyword with letters swapped or doubled."""
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
        """The keys of keywords by their letters without spaces. The general sources come first."""
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
    def _context_speller(self) -> Speller:
        return Speller(self._context.words, self._ordinary)

    @cached_property
    def _speller(self) -> Speller:
        others = {key for key, keyword in self._keywords.items() if key.replace(" ", "") not in self._joined}
        return Speller(self._joined, self._ordinary | others)


def joined_letters(words: Sequence[Word]) -> list[Word]:
    """Return the words with three and more single letters in a row joined: "s t o p", "S.T.O.P"."""
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


_MOST_WORDS_REPAIRED = 14
_MOST_UNKNOWN = 2
_MOST_ALTERNATIVES = 4
_SHORTEST_REPAIRED, _LONGEST_REPAIRED = 2, 24  # letters
_SHORTEST_RUN, _SHORTEST_PIECE = 6, 2
_SWAPPED = 3  # letters: in words of this length only swapped letters are repaired


class TypoRepair:
    """Replaces unknown words by words of one language: "reqest removal", "take of flist", "stoptexting".

    Applied to short texts without a request. A repair is a known word, or words, from which one typing slip makes the given one.
    ``rules/slips`` lists these words, and ordinary ones near them that are never replaced.
    """

    def __init__(self, language: str, known: Callable[[str], int], bit: int) -> None:
        """``known`` returns the languages of a word as bits; ``bit`` is the bit of this language."""
        data = load_rules(f"slips/{language}")
        self._words = Halves(data["words"])
        self._ordinary: list[str] = data["beside"].split()
        self._known, self._bit = known, bit
        self._unknown, self._likely_forms = BoundedCache(self._is_unknown), BoundedCache(self._forms)

    def repaired(self, words: Sequence[Word]) -> Iterator[Sequence[Word]]:
        """Yield possible repairs, the likeliest first. None for a long text, or one with many unknown words."""
        if len(words) > _MOST_WORDS_REPAIRED:
            return
        is_unknown = self._unknown
        unknown = {i for i, word in enumerate(words) if is_unknown[word.text]}
        if not 0 < len(unknown) <= _MOST_UNKNOWN:
            return
        options: list[list[Sequence[Word]]] = []
        i = 0
        while i < len(words):
            pair = words[i : i + 2]
            if len(pair) > 1 and not unknown.isdisjoint((i, i + 1)) and (moved := self._moved(*pair)):
                options.append([moved])
                i += 2
                continue
            meant = self._meant(words[i]) if i in unknown else []
            options.append(meant or [(words[i],)])
            i += 1
        for chosen in islice(product(*options), _MOST_ALTERNATIVES):
            repaired = [word for each in chosen for word in each]
            if repaired != [*words]:
                yield repaired

    def _is_unknown(self, text: str) -> bool:
        if not (text.isalpha() and text.isascii() and _SHORTEST_REPAIRED <= len(text) <= _LONGEST_REPAIRED):
            return False
        return not self._known(text) and not is_among(self._ordinary, text)

    def _is_in_language(self, text: str) -> bool:
        return bool(self._known(text) & self._bit)

    def _moved(self, one: Word, other: Word) -> Sequence[Word]:
        """Return two words with the space between them moved by one letter, or removed: "take of flist", "remo ve"."""
        a, b = one.text, other.text
        for first, second in ((a[:-1], a[-1] + b), (a + b[0], b[1:])):
            if self._is_in_language(first) and self._is_in_language(second):
                return (Word(first, one.start, one.end), Word(second, other.start, other.end))
        return (Word(a + b, one.start, other.end),) if self._is_in_language(a + b) else ()

    def _meant(self, word: Word) -> list[Sequence[Word]]:
        return [[Word(text, word.start, word.end) for text in form] for form in self._likely_forms[word.text]]

    def _forms(self, text: str) -> list[tuple[str, ...]]:
        """Return possible repairs of a word: one word, or two."""
        if len(text) == _SWAPPED:
            swapped = (text[1] + text[0] + text[2], text[0] + text[2] + text[1])
            return [(form,) for form in swapped if self._is_in_language(form)]
        others: list[tuple[str, ...]] = [(form,) for form in self._words.beside(text)]
        if len(text) < _SHORTEST_RUN:
            return others
        cuts = range(_SHORTEST_PIECE, len(text) - _SHORTEST_PIECE + 1)
        pairs = ((text[:cut], text[cut:]) for cut in cuts)
        return others + [pair for pair in pairs if self._is_in_language(pair[0]) and self._is_in_language(pair[1])]
