"""Which word a wrongly typed one stands for: a slip of one key in short words, two in long ones, never a word of its own."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

from sms_consent.intent.sorted_lookup import SortedLookup

__all__ = ["Halves", "Speller", "halves", "respellings", "slips_of", "unstretched", "without_digits"]

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEET = str.maketrans("01345789$@", "oieasteg5a".replace("5", "s"))
_DOUBLE = re.compile(r"(.)\1")
_STRETCH = re.compile(r"(.)\1{2,}")
_SHORTEST, _LONGEST = 4, 24
_SHORT = 5
"""Up to this length a slip must be one that fingers make (a neighbouring key, a doubled or missing letter, two letters
swapped): most words of four or five letters are one letter away from some other word."""
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
    """The word without drawn-out letters: "stoooop" is "stop"."""
    return _STRETCH.sub(r"\1", word)


def respellings(word: str) -> Iterator[str]:
    """What a word may stand for that is drawn out ("offf"), doubled ("aloone"), clipped ("textin") or has digits for letters."""
    if _DOUBLE.search(word):
        once = _STRETCH.sub(r"\1", word)
        twice = _STRETCH.sub(r"\1\1", word)
        yield from (form for form in (once, twice, _DOUBLE.sub(r"\1", twice)) if form != word)
    if not word.isalpha():
        yield without_digits(word)
    if word[-2:] == "in":
        yield f"{word}g"


def slips_of(word: str) -> Iterator[str]:
    """What one slip of a finger makes of a word: two letters swapped, one doubled, or the key beside one."""
    for i, letter in enumerate(word):
        yield word[:i] + word[i + 1 : i + 2] + letter + word[i + 2 :]
        yield word[:i] + letter + word[i:]
        yield from (word[:i] + key + word[i + 1 :] for key in _NEAR.get(letter, ""))


def without_digits(word: str) -> str:
    """The word with digits and signs read as the letters that they imitate: "5t0p" is "stop"."""
    return word.translate(_LEET)


class Speller:
    """Finds the known words that a misspelt one is nearest to.

    A slip leaves a word's first two letters, its last two, or both its ends as they are: that is how words are looked up.
    """

    def __init__(self, words: Iterable[str], ordinary: Container[str], *, one_slip_only: bool = False) -> None:
        self.ordinary = ordinary
        self._known = {word for word in words if len(word) >= _SHORTEST}
        self._by_letters: dict[str, list[str]] = {}
        for word in sorted(self._known):
            for letters in _lasting(word):
                self._by_letters.setdefault(letters, []).append(word)
        self._forms: frozenset[str] = frozenset()
        if one_slip_only:
            self._forms = frozenset(form for word in self._known for form in (word, *_without_one(word)))

    def _is_near(self, word: str) -> bool:
        """Whether one slip could lead to a known word: then both, with one letter left out, have a form in common."""
        forms = self._forms
        return word in forms or not forms.isdisjoint(_without_one(word))

    def nearest(self, word: str) -> list[str]:
        """The known words nearest to this one, all at the same distance; none if it is an ordinary word."""
        if word in self._known:
            return [word]
        length = len(word)
        if word in self.ordinary or not _SHORTEST - 1 <= length <= _LONGEST:
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
    """What one slip leaves of a word, the one or the other: the letters before its middle, or those after it."""
    before = (len(word) - 1) // 2
    return f"{len(word)}{word[:before]}", f"{len(word)}-{word[before + 1 :]}"


class Halves:
    """Words listed by their halves: what one slip leads to is compared with few."""

    def __init__(self, listed: str) -> None:
        self._listed = SortedLookup(listed)

    def beside(self, word: str) -> list[str]:
        """The words that one slip makes into this one; for short words, one of those that fingers make."""
        written = len(word)
        found: set[str] = set()
        for length in range(max(written - 1, _SHORTEST), written + 2):
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
    """How many slips lie between two words, as far as ``most``."""
    if _one_slip(word, known):
        return 1
    if most < 2 or len(set(word) ^ set(known)) > 2 * most:  # a slip changes at most two of the letters
        return most + 1
    return _slips(word, known)


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter left out, put in, replaced or swapped with the next makes one word into the other."""
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
    """Letters left out, put in, replaced, or swapped with the next one (optimal string alignment)."""
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
    """What is left of both without the letters that they begin and end with alike."""
    shorter, start, end = min(len(one), len(other)), 0, 0
    while start < shorter and one[start] == other[start]:
        start += 1
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def _finger_slip(word: str, known: str) -> bool:
    """Whether one slip of a finger makes the known word into this one."""
    if len(word) == len(known):
        wrong = [i for i, (a, b) in enumerate(zip(word, known, strict=True)) if a != b]
        if len(wrong) == 2:
            return True
        return word[wrong[0]] in _NEAR.get(known[wrong[0]], "")
    if len(word) < len(known):
        return len(known) == _SHORT  # three letters are too often a word: those of STOP are listed in the data
    return any(
        word[:i] + word[i + 1 :] == known
        and (word[i] in word[max(0, i - 1) : i] + word[i + 1 : i + 2] or _beside(word, i))
        for i in range(len(word))
    )


def _beside(word: str, i: int) -> bool:
    near = _NEAR.get(word[i], "")
    return any(key in near for key in word[max(0, i - 1) : i] + word[i + 1 : i + 2])
