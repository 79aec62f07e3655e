"""How the parts of a request stand together: a small pattern language over parts, matched without backtracking blow-up.

A pattern is a row of elements: a part, or parts joined by ``|``; ``X?`` for perhaps one; ``X*`` for up to eight; ``..3``
for up to three words that begin no new thought; ``!X`` for "no X here"; ``<`` and ``>`` for the start and the end of the
clause, words that ask for nothing aside. ``w:back`` is the word itself. ``>`` among alternatives also stands for the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sms_consent.intent.lexicon import Unit

__all__ = ["Element", "Frame", "compile_pattern", "match"]

_MOST = 8


@dataclass(frozen=True, slots=True)
class Element:
    """One element: how many units of which parts it takes."""

    kind: str  # "one", "perhaps", "many", "gap", "not", "start", "end"
    parts: int = 0
    most: int = 1
    or_end: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to ask: who must be acting, what rules it out, makes it unclear or must stand elsewhere in the text."""

    id: str
    says: str
    who: str
    unless: int
    soften: int
    needs: int
    vetoes: frozenset[str]
    pattern: tuple[Element, ...]


def compile_pattern(pattern: str, parts: Callable[[str], int], filler: int) -> tuple[Element, ...]:
    """Turn a pattern's text into elements. ``<`` and ``>`` carry the filler parts that may stand outside."""
    return tuple(_element(token, parts, filler) for token in pattern.split())


def _element(token: str, parts: Callable[[str], int], filler: int) -> Element:
    if token == "<":
        return Element("start", filler)
    if token == ">":
        return Element("end", filler)
    if token.startswith(".."):
        return Element("gap", most=int(token[2:]))
    kind, most = "one", 1
    if token.startswith("!"):
        kind, token = "not", token[1:]
    elif token.endswith("?"):
        kind, token = "perhaps", token[:-1]
    elif token.endswith("*"):
        kind, token, most = "many", token[:-1], _MOST
    names = token.split("|")
    wanted = [name for name in names if name != ">"]
    mask = 0
    for name in wanted:
        mask |= parts(name)
    return Element(kind, mask, most, or_end=">" in names)


def match(units: Sequence[Unit], at: int, pattern: tuple[Element, ...], breakers: int) -> int | None:
    """The unit after the match that starts at ``at``, or None. Every element is bounded, hence so is the work."""
    ends = {at}
    for element in pattern:
        ends = _step(units, ends, element, breakers)
        if not ends:
            return None
    return min(ends)


def _step(units: Sequence[Unit], starts: Iterable[int], element: Element, breakers: int) -> set[int]:
    """All places at which the element may end, from all places at which it may start: a small automaton."""
    count, parts, found = len(units), element.parts, set[int]()
    for start in starts:
        if element.kind == "one":
            if start < count:
                if units[start].parts & parts:
                    found.add(start + 1)
            elif element.or_end:
                found.add(start)
        elif element.kind in ("many", "perhaps"):
            found.add(start)
            end = start
            while end < count and end - start < element.most and units[end].parts & parts:
                end += 1
                found.add(end)
        elif element.kind == "gap":
            found.add(start)
            end = start
            while end < count and end - start < element.most and not units[end].parts & breakers:
                end += 1
                found.add(end)
        elif element.kind == "not":
            if start >= count or not units[start].parts & parts:
                found.add(start)
        elif element.kind == "end":
            if all(unit.parts & parts for unit in units[start : start + _MOST]) and count - start <= _MOST:
                found.add(start)
        elif all(unit.parts & parts for unit in units[max(0, start - _MOST) : start]) and start <= _MOST:
            found.add(start)
    return found
