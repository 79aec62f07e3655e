"""A file of numbers: its identity, its headings if any, and its lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sms_consent_cli.commands.import_.column_values import MOST_SHOWN, ColumnValues
from sms_consent_cli.commands.import_.columns import NO_RULE, Column, Columns, StatusRule, StatusUnknown, heading_shown
from sms_consent_cli.commands.import_.consent_signs import consent_sign
from sms_consent_cli.commands.import_.layout import Layout, headings_row, text_layout
from sms_consent_cli.commands.import_.message_columns import message_columns
from sms_consent_cli.commands.import_.number_cell import NumberForm, is_written_number, looks_like_number
from sms_consent_cli.commands.import_.preset import Preset, preset_for
from sms_consent_cli.commands.import_.source_file import SourceKind, file_errors, source_kind, text_lines
from sms_consent_cli.commands.import_.status_column import is_of_people_who_did_not_opt_out
from sms_consent_cli.commands.import_.workbook import sheet_name, workbook_rows
from sms_consent_cli.shared.delimited_file import BrokenLine, DelimitedRecord, detect_dialect, records, unescape_cell
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["NumberFile"]

SNIFFED_LINES = 20
SNIFFED_VALUES = 5_000
"""Lines from which a refusal names the columns that may say who opted out."""


@dataclass(frozen=True, slots=True)
class NumberFile:
    """A file. Its content is read again when needed, and never kept in memory."""

    path: Path
    digest: str
    lines: int  # an estimate, for a progress bar
    kind: SourceKind
    layout: Layout
    columns: Columns
    width: int
    sheet: str | None = None
    preset: Preset | None = None

    @classmethod
    def at(
        cls,
        path: Path,
        chosen: Mapping[Column, str],
        form: NumberForm | None = None,
        rule: StatusRule = NO_RULE,
        sheet: str | None = None,
        preset_name: str | None = None,
    ) -> NumberFile:
        """Open a file of numbers. Raises UsageError if it is none."""
        form = form or NumberForm()
        kind = source_kind(path)
        digest, lines = _measure(path)
        if kind is SourceKind.WORKBOOK:
            sheet = sheet_name(path, sheet)
        elif sheet is not None:
            raise UsageError("--sheet is for workbooks (.xlsx)")
        layout = _layout(path, kind, sheet, chosen.get(Column.NUMBER), form)
        first = next(_read(path, kind, layout, sheet), None)
        if not isinstance(first, DelimitedRecord):
            raise UsageError(f"{path}: the first line is empty or broken, so the columns are unknown")
        if kind is SourceKind.WORKBOOK:
            while not first.cells[-1].strip():
                first.cells.pop()
        try:
            columns, preset = _columns(first.cells, path, chosen, form, rule, preset_name)
        except StatusUnknown as unknown:
            sniffed = islice(_read(path, kind, layout, sheet), 1, SNIFFED_VALUES)
            raise StatusUnknown(f"{unknown}{_candidates(first.cells, sniffed)}") from None
        return cls(path, digest, lines, kind, layout, columns, len(first.cells), sheet, preset)

    @property
    def headings(self) -> list[str]:
        """The headings for the file of rejected lines. For a file without headings, ones that an import recognises."""
        if self.columns.headings:
            return list(self.columns.headings)
        by_place = {place: column.value for column, place in self.columns.places.items()}
        return [by_place.get(place, f"column {place + 1}") for place in range(self.width)]

    def rows(self) -> Iterator[DelimitedRecord | BrokenLine]:
        """Yield the lines after the headings. A line with a different number of cells than the first is broken.

        Raises UsageError if the file cannot be read to its end.
        """
        found = _read(self.path, self.kind, self.layout, self.sheet)
        if self.columns.headings:
            next(found)
        for each in found:
            yield self._checked(each) if isinstance(each, DelimitedRecord) else each

    def _checked(self, record: DelimitedRecord) -> DelimitedRecord | BrokenLine:
        cells = record.cells
        if len(cells) > self.width and not any(cell.strip() for cell in cells[self.width :]):
            del cells[self.width :]
        if self.kind is SourceKind.WORKBOOK:
            cells += [""] * (self.width - len(cells))  # a workbook does not store empty cells
        problem = None
        if len(cells) != self.width:
            problem = f"it has {'more' if len(cells) > self.width else 'fewer'} cells than the first line"
        elif any("\x00" in cell for cell in cells):
            problem = "it has a NUL byte: the file is damaged there"
        if problem is None:
            return record
        return BrokenLine(record.line, self.layout.dialect.delimiter.join(cells).replace("\x00", ""), problem)


def _columns(
    cells: Sequence[str],
    path: Path,
    chosen: Mapping[Column, str],
    form: NumberForm,
    rule: StatusRule,
    preset_name: str | None,
) -> tuple[Columns, Preset | None]:
    """Return the columns and the preset, determined from the first line.

    Raises UsageError if that line has neither known headings nor a number.
    """
    numbers = [looks_like_number(cell, form) for cell in cells]
    headings = [unescape_cell(cell) for cell in cells]
    if Column.TEXT in chosen:
        if any(numbers):
            raise UsageError(f"{path}: a message log needs headings in its first line, and this one has a number there")
        return message_columns(headings, chosen), None
    if any(numbers):
        if preset_name is not None:
            raise UsageError(f"--preset {preset_name}: the file has no headings")
        columns = Columns.without_heading(numbers, chosen, rule)
        _refuse_subscribers(path, columns)
        return columns, None
    if any(map(is_written_number, cells)):
        raise UsageError(
            f"{path}: the first line has no headings, and its number has no country code: give the country of the "
            "numbers with --region, as US, or --with-country-code if only the plus is missing"
        )
    preset = _preset(headings, preset_name, chosen, rule)
    if preset is not None:
        chosen, rule = {**preset.chosen(headings), **chosen}, preset.rule(rule)
    columns = Columns.of(headings, chosen, rule)
    _refuse_subscribers(path, columns)
    return columns, preset


def _refuse_subscribers(path: Path, columns: Columns) -> None:
    """Raise UsageError if a file has only numbers, and its heading or name says that they are subscribers."""
    if columns.status is not None or columns.decided_by_user:
        return
    heading = columns.headings[0] if columns.headings else ""
    found = is_of_people_who_did_not_opt_out(heading)
    if found or (found is None and is_of_people_who_did_not_opt_out(path.name.partition(".")[0])):
        what = f"its only column, {heading_shown(heading, 0)}," if found else "by its name, the file"
        raise UsageError(
            f"{what} may have people who did not opt out: give --all-opted-out if every line is an opt-out"
        )


def _candidates(headings: Sequence[str], lines: Iterator[DelimitedRecord | BrokenLine]) -> str:
    """Return, for a message, the columns whose heading or values look like consent; empty if there are none."""
    columns = [ColumnValues() for _ in headings]
    for line in lines:
        if isinstance(line, DelimitedRecord):
            for values, cell in zip(columns, line.cells, strict=False):
                if not values.many:
                    values.add(cell)
    found = []
    for place, (heading, values) in enumerate(zip(headings, columns, strict=True)):
        sign = consent_sign(heading, None if values.many else values.counts, status_is_certain=False)
        if sign is not None:
            found.append(f"{heading_shown(heading, place)} ({sign}: {values.shown(heading)})")
    return f". These look like it: {', '.join(found[:MOST_SHOWN])}" if found else ""


def _preset(headings: Sequence[str], name: str | None, chosen: Mapping[Column, str], rule: StatusRule) -> Preset | None:
    """Return the preset for a file, or None. If an option says who opted out, only a preset named by an option is used."""
    decided = Column.STATUS in chosen or rule.all_opted_out or rule.yes_means is not None
    return preset_for(headings, name) if name is not None or not decided else None


def _layout(path: Path, kind: SourceKind, sheet: str | None, number_column: str | None, form: NumberForm) -> Layout:
    number_column = None if number_column is None or number_column.isdecimal() else number_column
    if kind is SourceKind.WORKBOOK and sheet is not None:
        rows = list(islice(workbook_rows(path, sheet), SNIFFED_LINES))
        return Layout(detect_dialect(","), headings_row(rows, number_column, form))
    return text_layout(list(islice(text_lines(path, kind), SNIFFED_LINES)), number_column, form)


def _read(path: Path, kind: SourceKind, layout: Layout, sheet: str | None) -> Iterator[DelimitedRecord | BrokenLine]:
    """Yield the lines of a file, beginning with the headings if there are any."""
    if kind is SourceKind.WORKBOOK and sheet is not None:
        for number, cells in workbook_rows(path, sheet):
            if number > layout.above:
                yield DelimitedRecord(number, cells)
        return
    lines = text_lines(path, kind)
    for _ in islice(lines, layout.above):
        pass
    for each in records(lines, layout.dialect):
        yield replace(each, line=each.line + layout.above) if layout.above else each


def _measure(path: Path) -> tuple[str, int]:
    digest, lines = hashlib.sha256(), 0
    with file_errors(path), path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines
