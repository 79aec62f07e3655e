"""How the parts of a request stand together: a small pattern language over parts.

A pattern is a row of elements: a part, or parts joined by ``|``; ``X?`` for perhaps one; ``X*`` for up to eight; ``..3``
for up to three words that begin no new thought; ``!X`` for "no X here"; ``<`` and ``>`` for the start and the end of the
clause, words that ask for nothing aside. ``w:back`` is the word itself. ``>`` among alternatives also stands for the end.

A clause is a row of bits for each part, and matching shifts and joins these rows: there is nothing to go back to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from sms_consent.intent.lexicon import Unit

__all__ = ["Board", "Element", "Elements", "Frame", "Kind"]

_MOST = 8


class Kind(IntEnum):
    """What an element takes: one unit, perhaps units, any units, or none but a condition."""

    ONE = 0
    MANY = 1
    GAP = 2
    NOT = 3
    START = 4
    END = 5


class Element(NamedTuple):
    """One element of a pattern."""

    kind: Kind
    parts: int
    most: int
    or_end: bool


class Frame(NamedTuple):
    """One way to ask: who must be acting, what rules it out, makes it unclear or must stand elsewhere in the text."""

    id: str
    says: str
    who: str
    unless: int
    soften: int
    needs: int
    vetoes: frozenset[str]
    pattern: tuple[Element, ...]
    required: tuple[int, ...]  # the parts without which it cannot match


class Elements:
    """Reads patterns; the same element in many patterns is read once."""

    def __init__(self, parts: Callable[[str], int], filler: int) -> None:
        self._parts = parts
        self._known = {"<": Element(Kind.START, filler, 0, or_end=False), ">": Element(Kind.END, filler, 0, or_end=False)}

    def pattern(self, text: str) -> tuple[Element, ...]:
        """A pattern's elements."""
        return tuple(self._known.get(token) or self._read(token) for token in text.split())

    def _read(self, token: str) -> Element:
        if token.startswith(".."):
            element = Element(Kind.GAP, 0, int(token[2:]), or_end=False)
        else:
            kind, most, names = Kind.ONE, 1, token
            if token[0] == "!":
                kind, names = Kind.NOT, token[1:]
            elif token[-1] in "?*":
                kind, most, names = Kind.MANY, _MOST if token[-1] == "*" else 1, token[:-1]
            or_end = names.endswith("|>")
            element = Element(kind, self._parts(names.removesuffix("|>")), most, or_end)
        self._known[token] = element
        return element


class Board:
    """One clause, as rows of bits: for each part, the places at which it stands."""

    def __init__(self, units: Sequence[Unit], breakers: int) -> None:
        self.parts = 0
        self._rows: dict[int, int] = {}
        self._count = len(units)
        self._all = (1 << self._count) - 1
        rows = self._rows
        for place, unit in enumerate(units):
            rest = unit.parts
            self.parts |= rest
            while rest:
                lowest = rest & -rest
                rows[lowest] = rows.get(lowest, 0) | 1 << place
                rest ^= lowest
        self._unbroken = self._all & ~self.row(breakers)

    def row(self, parts: int) -> int:
        """The places at which any of these parts stands."""
        rest = parts & self.parts
        if rest in self._rows:
            return self._rows[rest]
        row = 0
        while rest:
            lowest = rest & -rest
            row |= self._rows[lowest]
            rest ^= lowest
        return row

    def matches(self, pattern: tuple[Element, ...]) -> Iterator[tuple[int, int]]:
        """Where the pattern matches: first place, and the place after the last, the shortest of each start."""
        first = next(element for element in pattern if element.kind not in (Kind.START, Kind.NOT))
        starts = self.row(first.parts) if first.kind is Kind.ONE else self._all
        if not starts or not self._ends(starts, pattern):
            return
        for place in range(self._count):
            if starts >> place & 1:
                ends = self._ends(1 << place, pattern)
                if ends:
                    yield place, (ends & -ends).bit_length() - 1

    def _ends(self, places: int, pattern: tuple[Element, ...]) -> int:
        """All places at which the pattern may end, from all of ``places`` at once."""
        for kind, parts, most, or_end in pattern:
            if kind == Kind.ONE:
                places = (places & self.row(parts)) << 1 | (places & self._all + 1 if or_end else 0)
            elif kind == Kind.MANY or kind == Kind.GAP:
                over = self.row(parts) if kind == Kind.MANY else self._unbroken
                step = places
                for _ in range(most):
                    step = (step & over) << 1
                    if not step:
                        break
                    places |= step
            elif kind == Kind.NOT:
                places &= ~self.row(parts)
            elif kind == Kind.END:
                places &= self._before_end(parts)
            else:
                places &= self._after_start(parts)
            if not places:
                return 0
        return places

    def _before_end(self, filler: int) -> int:
        """The places from which only filler stands, and the end itself."""
        row, places, place = self.row(filler), self._all + 1, self._count - 1
        while place >= 0 and row >> place & 1 and self._count - place <= _MOST:
            places |= 1 << place
            place -= 1
        return places

    def _after_start(self, filler: int) -> int:
        row, places, place = self.row(filler), 1, 0
        while place < self._count and row >> place & 1 and place < _MOST:
            place += 1
            places |= 1 << place
        return places
