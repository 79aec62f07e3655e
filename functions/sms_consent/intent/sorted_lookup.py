"""A long list that is looked up in few places: split at once, searched in order, never made into a dictionary at a cold start."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

__all__ = ["SortedLookup", "is_among", "joined"]

_BETWEEN, _AFTER = "^", "|"


def joined(rows: Mapping[str, str]) -> str:
    """The list of what ``SortedLookup`` looks up, by its keys."""
    return _BETWEEN.join(sorted(f"{key}{_AFTER}{value}" for key, value in rows.items()))


def is_among(words: Sequence[str], word: str) -> bool:
    """Whether a word is one of many in order."""
    place = bisect_left(words, word)
    return place < len(words) and words[place] == word


class SortedLookup:
    """What stands behind a key in such a list."""

    def __init__(self, listed: str) -> None:
        self._lines = listed.split(_BETWEEN)

    def get(self, key: str) -> str | None:
        """The key's value; None where it has none."""
        begin = key + _AFTER
        place = bisect_left(self._lines, begin)
        if place < len(self._lines) and self._lines[place].startswith(begin):
            return self._lines[place][len(begin) :]
        return None
