"""Loading built data, compact lists for looking words up, and a bounded cache."""

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


K = TypeVar("K", bound=str | tuple[str, bool, bool])
V = TypeVar("V")

_MOST, _LONGEST = 4_096, 40  # answers; letters: longer ones are no words, and would fill the memory


def load_rules(name: str) -> dict[str, Any]:
    """Return a data file that ``rules/build.py`` has written, such as ``languages/en``."""
    content: dict[str, Any] = json.loads((_DATA / f"{name}.json").read_bytes())
    return content


class BoundedCache(dict[K, V]):
    """Answers by what was asked, which must always be the same; forgotten all at once when they are too many."""

    def __init__(self, answer: Callable[[K], V]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, asked: K) -> V:
        answer = self._answer(asked)
        if len(asked if isinstance(asked, str) else asked[0]) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[asked] = answer
        return answer
