"""Loading of built data, sorted look-up tables, and a bounded cache."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["BoundedCache", "SortedLookup", "is_among", "joined", "load_rules"]

_DATA = Path(__file__).parent / "data"
_BETWEEN, _AFTER = "^", "|"


def joined(rows: Mapping[str, str]) -> str:
    """Return rows as one text for ``SortedLookup``, sorted by key."""
    return _BETWEEN.join(sorted(f"{key}{_AFTER}{value}" for key, value in rows.items()))


def is_among(words: Sequence[str], word: str) -> bool:
    """Return whether a word is in a sorted list."""
    place = bisect_left(words, word)
    return place < len(words) and words[place] == word


class SortedLookup:
    """A read-only mapping in the text that ``joined`` returns. Faster to load at a cold start than a dictionary."""

    def __init__(self, listed: str) -> None:
        self._lines = listed.split(_BETWEEN)

    def get(self, key: str) -> str | None:
        """Return the value of a key, or None."""
        begin = key + _AFTER
        place = bisect_left(self._lines, begin)
        if place < len(self._lines) and self._lines[place].startswith(begin):
            return self._lines[place][len(begin) :]
        return None


K = TypeVar("K", bound=str | tuple[str, bool, bool])
V = TypeVar("V")

_MOST, _LONGEST = 4_096, 40  # entries; letters: a longer key is no word, and is not cached


def load_rules(name: str) -> dict[str, Any]:
    """Return a data file that ``rules/build.py`` has written, such as ``languages/en``."""
    content: dict[str, Any] = json.loads((_DATA / f"{name}.json").read_bytes())
    return content


class BoundedCache(dict[K, V]):
    """Caches the results of a pure function of a word. Cleared when it is full."""

    def __init__(self, compute: Callable[[K], V]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, key: K) -> V:
        value = self._compute(key)
        if len(key if isinstance(key, str) else key[0]) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[key] = value
        return value
