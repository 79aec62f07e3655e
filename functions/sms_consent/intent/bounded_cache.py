"""Answers about words that are given again without the work: the same words come in text after text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["BoundedCache"]

K = TypeVar("K", bound=str | tuple[str, bool, bool])
V = TypeVar("V")

_MOST, _LONGEST = 4_096, 40  # answers; letters: longer ones are no words, and would fill the memory


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
