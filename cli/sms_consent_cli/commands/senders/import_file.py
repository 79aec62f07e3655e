"""CSV files of senders, and files of rejected lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_consent_cli.shared.delimited_file import detect_dialect, escape_cell, normalised_heading, unescape_cell
from sms_consent_cli.shared.sender_checks import SenderRequest
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Reject", "SenderLine", "read_lines", "write_rejects"]

COLUMNS = ("identity", "list", "brand", "support_contact", "language", "reply_from")
ERROR = "error"
"""A column of a file of rejected lines, which can be imported after correction."""


@dataclass(frozen=True, slots=True)
class SenderLine:
    """A sender, and the number of its last line in the file."""

    number: int
    request: SenderRequest
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reject:
    """A rejected line."""

    number: int
    cells: Mapping[str, str]
    error: str


def read_lines(content: bytes) -> Iterator[SenderLine | Reject]:
    """Yield every line. Raises UsageError if the file is not valid CSV with the expected columns."""
    try:
        text = content.decode("utf-8-sig")
        yield from _lines(
            csv.DictReader(io.StringIO(text, newline=""), dialect=detect_dialect(text.partition("\n")[0]), strict=True)
        )
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError("the file is not CSV in UTF-8") from error


def _lines(rows: Any) -> Iterator[SenderLine | Reject]:
    names = [normalised_heading(each) for each in rows.fieldnames or ()]
    unknown = sorted(set(names) - {*COLUMNS, ERROR})
    if "identity" not in names or unknown or len(set(names)) < len(names):
        columns = ", ".join(COLUMNS)
        raise UsageError(f"the first line must name identity and any of the other columns, once each: {columns}")
    rows.fieldnames = names
    for row in rows:
        cells = {name: unescape_cell(row.get(name) or "") for name in COLUMNS if name in names}
        if None in row or None in row.values():
            count = "more" if None in row else "fewer"
            yield Reject(rows.line_num, cells, f"it has {count} fields than the first line")
            continue
        request = SenderRequest(
            identity=cells["identity"],
            list_name=cells.get("list", ""),
            brand=cells.get("brand", ""),
            support_contact=cells.get("support_contact", ""),
            language=cells.get("language", ""),
            reply_from=cells.get("reply_from", ""),
        )
        yield SenderLine(rows.line_num, request, cells)


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """Write the rejected lines with their errors, safe to open in a spreadsheet or terminal. Raises OSError."""
    names = [name for name in COLUMNS if any(name in reject.cells for reject in rejects)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*names, ERROR])
        writer.writeheader()
        for reject in rejects:
            summary = {**reject.cells, ERROR: reject.error}
            writer.writerow({name: escape_cell(cell) for name, cell in summary.items()})
