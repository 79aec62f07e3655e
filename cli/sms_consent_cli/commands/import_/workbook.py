"""Rows of an .xlsx workbook as text, read one by one. Cells with formulas have the value that the workbook was saved with."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import Any

from sms_consent_cli.shared.terminal_text import printable
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["sheet_name", "workbook_rows"]

LARGEST_STRINGS = 64 * 1024 * 1024
"""Bytes of the table with a workbook's texts, which is held in memory."""
MOST_LISTED = 10
MIDNIGHT = time()
_ARCHIVE = "an archive: unpack it first"
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError,
)  # fmt: skip
"""What the reader raises for a damaged workbook. XML errors are SyntaxErrors."""


def sheet_name(path: Path, wanted: str | None) -> str:
    """Return the name of the sheet to read. Raises UsageError if an option must name it, or if the file is no workbook."""
    with _opened(path) as book:
        sheets = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if wanted is not None:
            if wanted not in book.sheetnames:
                raise UsageError(
                    f"--sheet: the workbook has no sheet {printable(wanted)}, but {_listed(book.sheetnames)}"
                )
            return wanted
        filled = [title for title in sheets if next(_rows(book[title]), None) is not None]
    if len(filled) > 1:
        raise UsageError(f"{path}: it has several sheets: name one of {_listed(filled)} with --sheet")
    if not filled:
        raise UsageError(f"{path}: its sheets are empty")
    return str(filled[0])


def workbook_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row that is not empty. Raises UsageError if the workbook is damaged."""
    with _opened(path) as book:
        yield from _rows(book[sheet])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a workbook for reading row by row. Raises UsageError if it is no workbook, or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {each.filename: each.file_size for each in archive.infolist()}
        if "xl/workbook.xml" not in sizes:
            raise UsageError(
                f"{path}: it is {'an OpenDocument file: save it as .xlsx or CSV' if 'content.xml' in sizes else _ARCHIVE}"
            )
        if sizes.get("xl/sharedStrings.xml", 0) > LARGEST_STRINGS:
            raise UsageError(f"{path}: its texts do not fit into memory: save the sheet as CSV")
        from openpyxl import load_workbook

        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()
    except _DAMAGE as error:
        raise UsageError(f"{path}: the workbook or archive is damaged or incomplete: save or copy it again") from error


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # the size that the file states may be wrong
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [_text(value) for value in row]
        if any(cell.strip() for cell in cells):
            yield number, cells


def _text(value: Any) -> str:
    """Return a cell's value as text, as in a CSV file. A time at midnight becomes a date, since spreadsheets store dates
    so."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer():
            return f"{value:.0f}"
        case datetime():
            return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat(" ", "seconds")
        case _:
            return str(value)


def _listed(names: list[str]) -> str:
    return ", ".join(printable(name) for name in names[:MOST_LISTED])
