"""A file of numbers: its identity, its headings if any, and its lines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_consent_cli.commands.import_.columns import NO_RULE, Column, Columns, StatusRule
from sms_consent_cli.commands.import_.number_cell import NumberForm, looks_like_number
from sms_consent_cli.shared.delimited_file import (
    BrokenLine,
    DelimitedRecord,
    detect_dialect,
    open_text,
    records,
    unescape_cell,
)
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["NumberFile"]


@dataclass(frozen=True, slots=True)
class NumberFile:
    """A file. Its content is read again when needed, and never kept in memory."""

    path: Path
    digest: str
    lines: int
    dialect: Any
    columns: Columns
    width: int

    @classmethod
    def at(
        cls, path: Path, chosen: Mapping[Column, str], form: NumberForm | None = None, rule: StatusRule = NO_RULE
    ) -> NumberFile:
        """Open a file. Raises UsageError if it cannot be read as such."""
        try:
            digest, lines = _measure(path)
            with open_text(path) as text:
                first_line = next((line for line in text if line.strip()), "")
                dialect = detect_dialect(first_line)
        except (OSError, UnicodeError) as error:
            raise UsageError(f"{path}: {getattr(error, 'strerror', None) or 'not text'}") from error
        first = next(iter(_read(path, dialect)), None)
        if not isinstance(first, DelimitedRecord):
            raise UsageError(f"{path}: the first line is empty or broken, so the columns are unknown")
        numbers = [looks_like_number(cell, form or NumberForm()) for cell in first.cells]
        if any(numbers):
            columns = Columns.without_heading(numbers, chosen, rule)
        elif any(_WRITTEN_NUMBER.fullmatch(cell.strip()) for cell in first.cells):
            raise UsageError(
                f"{path}: the first line has no headings, and its number has no country code: give the country of the "
                "numbers with --region, as US"
            )
        else:
            columns = Columns.of([unescape_cell(cell) for cell in first.cells], chosen, rule)
        return cls(path, digest, lines, dialect, columns, len(first.cells))

    @property
    def headings(self) -> list[str]:
        """The headings for a file of rejected lines. A file without headings gets some that an import recognises."""
        if self.columns.headings:
            return list(self.columns.headings)
        by_place = {place: column.value for column, place in self.columns.places.items()}
        return [by_place.get(place, f"column {place + 1}") for place in range(self.width)]

    def rows(self) -> Iterator[DelimitedRecord | BrokenLine]:
        """Yield the lines after the headings. A line with a different number of cells than the first is broken."""
        found = iter(_read(self.path, self.dialect))
        if self.columns.headings:
            next(found)
        for each in found:
            if isinstance(each, DelimitedRecord) and len(each.cells) != self.width:
                count = "more" if len(each.cells) > self.width else "fewer"
                text = self.dialect.delimiter.join(each.cells)
                yield BrokenLine(each.line, text, f"it has {count} cells than the first line")
            else:
                yield each


_WRITTEN_NUMBER = re.compile(
    r"(?![0-9]{4}-[0-9]{2}-[0-9]{2})'?\(?[0-9][0-9 ().-]{5,}[0-9](\.0)?|[0-9]+([.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE
)
"""A number without country code. Taken as a heading, its opt-out would be lost."""


def _read(path: Path, dialect: Any) -> Iterator[DelimitedRecord | BrokenLine]:
    with open_text(path) as text:
        yield from records(text, dialect)


def _measure(path: Path) -> tuple[str, int]:
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines
