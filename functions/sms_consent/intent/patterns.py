"""How the parts of a request stand together: a small pattern language over parts.

A pattern is a row of elements: a part, or parts joined by ``|``; ``X?`` for perhaps one; ``X*`` for up to eight; ``..3``
for up to three words that begin no new thought; ``!X`` for "no X here"; ``<`` and ``>`` for the start and the end of the
clause, words that ask for nothing aside. ``w:back`` is the word itself. ``>`` among alternatives also stands for the end.

A clause is a row of bits for each part, and matching shifts and joins these rows: there is nothing to go back to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import NamedTuple

from sms_consent.intent.lexicon import Row

__all__ = ["Board", "Element", "Elements", "Frame", "Kind", "Pattern"]

_MOST = 8


class Kind(IntEnum):
    """What an element takes: one unit, perhaps units, any units, or none but a condition."""

    ONE = 0
    MANY = 1
    GAP = 2
    NOT = 3
    START = 4
    END = 5


_ONE, _MANY, _GAP, _NOT, _END = Kind.ONE, Kind.MANY, Kind.GAP, Kind.NOT, Kind.END


class Element(NamedTuple):
    """One element of a pattern."""

    kind: Kind
    parts: int
    most: int
    or_end: bool


class Pattern(NamedTuple):
    """A row of elements, and the parts of the first word that they take: 0 where that can be any word."""

    elements: tuple[Element, ...]
    begins: int


class Frame(NamedTuple):
    """One way to ask: who must be acting, what rules it out, makes it unclear or must stand elsewhere in the text."""

    id: str
    rule: str
    says: str
    who: str
    unless: int
    soften: int
    needs: int
    vetoes: frozenset[str]
    pattern: Pattern
    required: tuple[int, ...]  # the parts without which it cannot match, but for those by which it is looked up


class Elements:
    """Reads patterns; the same element in many patterns is read once."""

    def __init__(self, parts: Callable[[str], int], filler: int) -> None:
        self._parts = parts
        self._known = {
            "<": Element(Kind.START, filler, 0, or_end=False),
            ">": Element(Kind.END, filler, 0, or_end=False),
        }

    def pattern(self, text: str) -> Pattern:
        """A pattern as it is matched."""
        elements = tuple(self._known.get(token) or self._read(token) for token in text.split())
        first = next(each for each in elements if each.kind not in (Kind.START, Kind.NOT))
        return Pattern(elements, first.parts if first.kind is Kind.ONE else 0)

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
    """One clause, as rows of bits: for each part and length, the places at which a unit of that length plays it."""

    def __init__(self, row: Row, breakers: int) -> None:
        self._all = (1 << len(row.units)) - 1
        self._played = {1: [(1 << place, unit.parts) for place, unit in enumerate(row.units) if unit.parts]}
        for place, phrases in row.phrases.items():
            for length, unit in phrases:
                self._played.setdefault(length, []).append((1 << place, unit.parts))
        self.parts = 0
        for units in self._played.values():
            for _, parts in units:
                self.parts |= parts
        self._known: dict[int, list[tuple[int, int]]] = {}
        self._unbroken = self._all & ~self._row(1, breakers)

    def _row(self, length: int, parts: int) -> int:
        row = 0
        for place, played in self._played[length]:
            if played & parts:
                row |= place
        return row

    def rows(self, parts: int) -> list[tuple[int, int]]:
        """For each length, the places at which a unit of this length plays any of these parts."""
        known = self._known.get(parts)
        if known is None:
            rows = [(length, self._row(length, parts)) for length in self._played]
            known = self._known[parts] = [(length, row) for length, row in rows if row]
        return known

    def _after(self, places: int, parts: int) -> int:
        """The places after one unit that plays any of these parts."""
        after = 0
        for length, row in self.rows(parts):
            after |= (places & row) << length
        return after

    def _starts(self, parts: int) -> int:
        starts = 0
        for _, row in self.rows(parts):
            starts |= row
        return starts

    def matches(self, pattern: Pattern) -> Iterator[tuple[int, int]]:
        """Where the pattern matches: first place, and the place after the last, the shortest of each start."""
        starts = self._starts(pattern.begins) if pattern.begins else self._all
        if starts & starts - 1 and not self._ends(starts, pattern.elements):
            return  # from none of several starts
        while starts:
            start = starts & -starts
            if ends := self._ends(start, pattern.elements):
                yield start.bit_length() - 1, (ends & -ends).bit_length() - 1
            starts ^= start

    def _ends(self, places: int, elements: tuple[Element, ...]) -> int:
        """All places at which the pattern may end, from all of ``places`` at once."""
        for kind, parts, most, or_end in elements:
            if kind is _ONE:
                places = self._after(places, parts) | (places & self._all + 1 if or_end else 0)
            elif kind is _MANY:
                places = self._repeated(places, parts, most)
            elif kind is _GAP:
                places = self._with_gap(places, most)
            elif kind is _NOT:
                places &= ~self._starts(parts)
            elif kind is _END:
                places &= self._before_end(parts)
            else:
                places &= self._repeated(1, parts, _MOST)  # what asks for nothing, from the start
            if not places:
                return 0
        return places

    def _repeated(self, places: int, parts: int, most: int) -> int:
        """The places, and those after up to ``most`` units that play any of these parts."""
        new = places
        for _ in range(most if self.rows(parts) else 0):
            new = self._after(new, parts) & ~places
            if not new:
                break
            places |= new
        return places

    def _with_gap(self, places: int, most: int) -> int:
        """The places, and those after up to ``most`` words that begin no new thought."""
        new = places
        for _ in range(most):
            new = (new & self._unbroken) << 1 & ~places
            if not new:
                break
            places |= new
        return places

    def _before_end(self, filler: int) -> int:
        """The places from which only filler stands, and the end itself."""
        places = self._all + 1
        for _ in range(_MOST):
            before = 0
            for length, row in self.rows(filler):
                before |= (places >> length) & row
            if not before & ~places:
                break
            places |= before
        return places
