"""Decides what a CSV file of senders asks for, line by line, and how what was rejected is given back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_consent_cli.shared.delimited_file import neutral, original
from sms_consent_cli.shared.sender_checks import Wish
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Line", "Reject", "read_lines", "write_rejects"]

COLUMNS = ("identity", "list", "brand", "support_contact", "language", "reply_from")
ERROR = "error"
"""A column of a file of rejects, which can be mended and imported as it is."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sender, and the line of the file that it ends on."""

    number: int
    wish: Wish
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that was not taken."""

    number: int
    cells: Mapping[str, str]
    error: str


def read_lines(content: bytes) -> Iterator[Line | Reject]:
    """Raises Refusal if it is no such file at all."""
    try:
        text = content.decode("utf-8-sig")
        yield from _lines(csv.DictReader(io.StringIO(text, newline=""), dialect=_dialect(text), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError("the file is no CSV in UTF-8") from error


def _dialect(text: str) -> type[csv.Dialect]:
    """Spreadsheets in half the world separate by semicolons."""
    first = text.partition("\n")[0]
    return _Semicolons if ";" in first and "," not in first else csv.excel


class _Semicolons(csv.excel):
    delimiter = ";"


def _lines(rows: Any) -> Iterator[Line | Reject]:
    names = [_name(each) for each in rows.fieldnames or ()]
    unknown = sorted(set(names) - {*COLUMNS, ERROR})
    if "identity" not in names or unknown or len(set(names)) < len(names):
        columns = ", ".join(COLUMNS)
        raise UsageError(f"the first line must name the columns, once each: identity, and whichever else of {columns}")
    rows.fieldnames = names
    for row in rows:
        cells = {name: original(row.get(name) or "") for name in COLUMNS if name in names}
        if None in row or None in row.values():
            count = "more" if None in row else "fewer"
            yield Reject(rows.line_num, cells, f"it has {count} fields than the first line")
            continue
        wish = Wish(
            identity=cells["identity"],
            list_name=cells.get("list", ""),
            brand=cells.get("brand", ""),
            support_contact=cells.get("support_contact", ""),
            language=cells.get("language", ""),
            reply_from=cells.get("reply_from", ""),
        )
        yield Line(rows.line_num, wish, cells)


def _name(heading: str | None) -> str:
    return (heading or "").strip().lower().replace(" ", "_").replace("-", "_")


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """As they came, each with its error; what a spreadsheet or a terminal might obey is made harmless. Raises OSError."""
    names = [name for name in COLUMNS if any(name in reject.cells for reject in rejects)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*names, ERROR])
        writer.writeheader()
        for reject in rejects:
            told = {**reject.cells, ERROR: reject.error}
            writer.writerow({name: neutral(cell) for name, cell in told.items()})
