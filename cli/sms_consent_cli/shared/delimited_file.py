"""Delimited text files as spreadsheets and other systems write them, and cells that are safe to open.

A line with an unclosed quotation mark does not affect other lines: it is returned as a broken line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

__all__ = [
    "BrokenLine",
    "DelimitedRecord",
    "detect_dialect",
    "escape_cell",
    "normalised_heading",
    "open_text",
    "records",
    "unescape_cell",
]

DELIMITERS = ",;\t|"
LONGEST_RECORD = 20
"""Lines that a record with line breaks in quotation marks may have. Beyond that, its first line is broken."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_SIGNED_NUMBER = re.compile(r"[+-]?[0-9.]+")
_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\\(?=u[0-9a-f]{4})")
"""Characters that control a terminal: Unicode's Cc, line separators, and direction marks (UAX #9)."""
_SPELT = re.compile(r"\\u([0-9a-f]{4})")


@dataclass(frozen=True, slots=True)
class DelimitedRecord:
    """A record, with the number of its first line."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that cannot be parsed."""

    line: int
    text: str
    reason: str


def open_text(path: Path) -> TextIO:
    """Open UTF-8 with or without a byte order mark, or UTF-16 with one. Undecodable bytes are kept for writing them back."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in {b"\xff\xfe", b"\xfe\xff"}:
        return path.open(encoding="utf-16", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def detect_dialect(first_line: str) -> type[csv.Dialect]:
    """Return the dialect by the delimiter that occurs most often in the first line: comma, semicolon, tab or bar."""
    bare = re.sub(r'"[^"]*"', "", first_line)
    chosen = max(DELIMITERS, key=bare.count)

    class Chosen(csv.excel):
        delimiter = chosen

    return Chosen


def normalised_heading(text: str | None) -> str:
    """Return a heading in its form for comparison: ``Opted-Out At`` and ``optedOutAt`` become ``opted_out_at``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", (text or "").strip())
    return re.sub(r"[^0-9a-z]+", "_", apart.lower()).strip("_")


def escape_cell(cell: str) -> str:
    """Return a cell that neither a spreadsheet nor a terminal executes. Numbers such as +14255550182 stay as they are.

    An apostrophe keeps a spreadsheet from reading a formula (OWASP, CSV injection). Control characters and direction marks are
    escaped as ``\\u001b``, and so is a backslash that would look like such an escape. ``unescape_cell`` is the inverse.
    """
    spelt = _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", cell)
    return f"'{spelt}" if _FORMULA.match(spelt) and not _SIGNED_NUMBER.fullmatch(spelt) else spelt


def unescape_cell(cell: str) -> str:
    """Undo ``escape_cell``, and the apostrophe that people put before a number to keep its plus in a spreadsheet."""
    spelt = cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
    return _SPELT.sub(_unspelt, spelt)


def _unspelt(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character == "\\" or _COMMANDS.fullmatch(character) else found[0]


def records(lines: Iterable[str], dialect: type[csv.Dialect]) -> Iterator[DelimitedRecord | BrokenLine]:
    """Yield every record; empty lines are skipped."""
    feed = _LineBuffer(lines)
    while True:
        begin = feed.begin()
        reader = csv.reader(feed, dialect, strict=True)
        try:
            cells = next(reader, None)
        except (csv.Error, _TooLong):
            broken = feed.give_back()
            yield BrokenLine(begin, broken.rstrip("\r\n"), "a quotation mark is not closed, or not doubled")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield DelimitedRecord(begin, cells)


class _TooLong(Exception):
    """A record has more than LONGEST_RECORD lines."""


class _LineBuffer(Iterator[str]):
    """Lines, from which those of a failed record can be returned."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._begun = 0

    def begin(self) -> int:
        """Start a new record, and return the number of its first line."""
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
        """Return the first line of the record, and put the others back."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._taken = self._taken[:1]
        return self._taken[0]
