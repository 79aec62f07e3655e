"""Decides how a file of delimited text is read, as spreadsheets and other systems write them, and what a cell may hold.

A line with a quotation mark that is never closed takes no other line with it: it is given back alone, as it stands.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

__all__ = ["Broken", "Record", "dialect_of", "heading", "neutral", "open_text", "original", "records"]

DELIMITERS = ",;\t|"
LONGEST_RECORD = 20
"""Lines that one record may have, by line breaks in quotation marks, before its first one is taken for broken."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_SIGNED_NUMBER = re.compile(r"[+-]?[0-9.]+")
_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\\(?=u[0-9a-f]{4})")
"""What a terminal may obey: control characters (Unicode's Cc), separators of lines, and marks of direction (UAX #9)."""
_SPELT = re.compile(r"\\u([0-9a-f]{4})")


@dataclass(frozen=True, slots=True)
class Record:
    """One record, and the line that it begins on."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """One line that is none."""

    line: int
    text: str
    reason: str


def open_text(path: Path) -> TextIO:
    """UTF-8 with or without a mark, or UTF-16 with one. Bytes that are neither are kept, to be written as they came."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in {b"\xff\xfe", b"\xfe\xff"}:
        return path.open(encoding="utf-16", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def dialect_of(first_line: str) -> type[csv.Dialect]:
    """By what separates the first line: spreadsheets in half the world write semicolons, databases tabs or bars."""
    bare = re.sub(r'"[^"]*"', "", first_line)
    chosen = max(DELIMITERS, key=bare.count)

    class Chosen(csv.excel):
        delimiter = chosen

    return Chosen


def heading(text: str | None) -> str:
    """As it is compared: ``Opted-Out At`` is ``opted_out_at``, and so is ``optedOutAt``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", (text or "").strip())
    return re.sub(r"[^0-9a-z]+", "_", apart.lower()).strip("_")


def neutral(cell: str) -> str:
    """A cell that neither a spreadsheet nor a terminal takes for a command; a number as +14255550182 is none.

    An apostrophe keeps a spreadsheet from reading a formula (OWASP, CSV injection). Control characters and marks of
    direction are spelt out as ``\\u001b``, and so is a backslash that begins what looks like one of those. ``original`` is
    the inverse.
    """
    spelt = _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", cell)
    return f"'{spelt}" if _FORMULA.match(spelt) and not _SIGNED_NUMBER.fullmatch(spelt) else spelt


def original(cell: str) -> str:
    """The inverse, which also undoes what people do to keep a spreadsheet from eating a number's plus."""
    spelt = cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
    return _SPELT.sub(_unspelt, spelt)


def _unspelt(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character == "\\" or _COMMANDS.fullmatch(character) else found[0]


def records(lines: Iterable[str], dialect: type[csv.Dialect]) -> Iterator[Record | Broken]:
    """Every record, empty lines passed over."""
    feed = _Feed(lines)
    while True:
        begin = feed.begin()
        reader = csv.reader(feed, dialect, strict=True)
        try:
            cells = next(reader, None)
        except (csv.Error, _TooLong):
            broken = feed.give_back()
            yield Broken(
                begin, broken.rstrip("\r\n"), "a quotation mark is in its way: it is not closed, or not doubled"
            )
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Record(begin, cells)


class _TooLong(Exception):
    """A record that does not end."""


class _Feed(Iterator[str]):
    """Lines, of which those of a record that failed can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._begun = 0

    def begin(self) -> int:
        """A new record: the number of its first line."""
        self._begun += len(self._taken)
        self._taken = []
        return self._begun + 1

    def __next__(self) -> str:
        if len(self._taken) >= LONGEST_RECORD:
            raise _TooLong
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        return line

    def give_back(self) -> str:
        """All lines of the record but its first one, which is returned."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._taken = self._taken[:1]
        return self._taken[0]
