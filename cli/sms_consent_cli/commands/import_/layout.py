"""The layout of a file: its delimiter, and the position of its headings."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sms_consent_cli.commands.import_.columns import is_number_heading
from sms_consent_cli.commands.import_.number_cell import NumberForm, is_written_number, looks_like_number
from sms_consent_cli.shared.delimited_file import DELIMITERS, detect_dialect

__all__ = ["Layout", "headings_row", "text_layout"]

MOST_ABOVE = 15
"""Lines in which the headings are searched: exports have a title or a date above them."""
_SEPARATOR = re.compile(r'"?sep=(?P<delimiter>[,;\t|])"?\s*', re.IGNORECASE)
"""A first line that tells Excel the delimiter."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The delimiter of a file, and the number of lines above its headings or, without headings, above its first number."""

    dialect: Any
    above: int = 0


def text_layout(lines: Sequence[str], number_column: str | None, form: NumberForm) -> Layout:
    """Return the layout of a text file, determined from its first lines."""
    above = 0
    dialect = None
    if lines and (separator := _SEPARATOR.fullmatch(lines[0])) is not None:
        above, dialect = 1, _dialect(separator["delimiter"])
    for at, line in enumerate(lines[above:MOST_ABOVE], start=above):
        for each in [dialect] if dialect is not None else _dialects(line):
            cells = _cells(line, each)
            if _has_number(cells, form):
                break
            if any(is_number_heading(cell, number_column) for cell in cells):
                return Layout(each, at)
        else:
            continue
        break
    first = next((line for line in lines[above:] if line.strip()), "")
    return Layout(dialect or detect_dialect(first), above)


def headings_row(rows: Sequence[tuple[int, list[str]]], number_column: str | None, form: NumberForm) -> int:
    """Return how many rows of a workbook are above its headings, determined from its first rows."""
    for number, cells in rows[:MOST_ABOVE]:
        if _has_number(cells, form):
            break
        if any(is_number_heading(cell, number_column) for cell in cells):
            return number - 1
    return 0


def _has_number(cells: Sequence[str], form: NumberForm) -> bool:
    return any(is_written_number(cell) or looks_like_number(cell, form) for cell in cells)


def _dialects(line: str) -> list[type[csv.Dialect]]:
    """Return the CSV dialects that a line may have, the most probable first."""
    bare = re.sub(r'"[^"]*"', "", line)
    found = sorted((each for each in DELIMITERS if each in bare), key=bare.count, reverse=True)
    return [_dialect(each) for each in found or ","]


def _dialect(chosen: str) -> type[csv.Dialect]:
    class Chosen(csv.excel):
        delimiter = chosen

    return Chosen


def _cells(line: str, dialect: type[csv.Dialect]) -> list[str]:
    try:
        return next(csv.reader([line], dialect), [])
    except csv.Error:
        return []
