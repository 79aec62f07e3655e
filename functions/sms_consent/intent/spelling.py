"""Which word a wrongly typed one stands for: a slip of one key in short words, two in long ones, never a word of its own."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

__all__ = ["Speller", "unstretched", "without_digits"]

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEET = str.maketrans("01345789$@", "oieasteg5a".replace("5", "s"))
_STRETCH = re.compile(r"(.)\1{2,}")
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


def without_digits(word: str) -> str:
    """The word with digits and signs read as the letters that they imitate: "5t0p" is "stop"."""
    return word.translate(_LEET)


def _deletes(word: str) -> Iterator[str]:
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]


class Speller:
    """Finds the known word that a misspelt one is nearest to, by the forms that both have with letters left out."""

    def __init__(self, words: Iterable[str], ordinary: Container[str]) -> None:
        self.ordinary = ordinary
        self._words: set[str] = set()
        self._forms: dict[str, list[str]] = {}
        for word in words:
            if len(word) < 4 or word in self._words:
                continue
            self._words.add(word)
            for form in self._shortened(word):
                self._forms.setdefault(form, []).append(word)

    def nearest(self, word: str) -> list[str]:
        """The known words nearest to this one, all at the same distance; none if it is an ordinary word."""
        if word in self._words or word in self.ordinary or not 3 <= len(word) <= 24:
            return [word] if word in self._words else []
        best, found = 3, list[str]()
        for form in self._shortened(word):
            for known in self._forms.get(form, ()):
                far = _slips(word, known)
                allowed = 2 if len(known) >= _LONG else 1
                if far > allowed or far > best or (len(known) <= _SHORT and not _finger_slip(word, known)):
                    continue
                if far < best:
                    best, found = far, []
                if known not in found:
                    found.append(known)
        return found

    @staticmethod
    def _shortened(word: str) -> set[str]:
        forms = {word, *_deletes(word)}
        if len(word) >= _LONG - 1:
            forms.update(shorter for form in tuple(forms) for shorter in _deletes(form))
        return forms


def _slips(one: str, other: str) -> int:
    """Letters left out, put in, replaced, or swapped with the next one (optimal string alignment)."""
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
