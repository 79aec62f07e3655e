"""Parsing and validation of one line of a file of numbers. No message repeats the line's content."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.import_.columns import Column, Columns
from sms_consent_cli.commands.import_.status_column import NoRequest, StatusKind
from sms_consent_cli.shared.delimited_file import unescape_cell
from sms_consent_cli.shared.number_input import InvalidNumber, length_problem, parse_number
from sms_consent_cli.shared.usage_error import UsageError
from sms_consent_cli.shared.written_time import Span, TimeFormat

__all__ = ["ColumnSettings", "ImportRow", "InvalidRow", "looks_like_number"]

IMPORT = "import"
LONGEST_NAME, LONGEST_TEXT = 200, 1600
_SHORTENED = re.compile(r"[0-9]+([.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_TRUTHS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


class InvalidRow(ValueError):
    """A line is invalid. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSettings:
    """How the lines of one file are read, apart from their columns."""

    columns: Columns
    now: datetime  # the import's time, kept when an interrupted import continues
    times: TimeFormat
    region: str | None
    as_of: datetime | None  # when the file was exported: the time of what has none
    own_list: str
    list_name: Callable[[str], str]  # as the ledger spells it; raises UsageError
    source: str | None
    end_user: bool


def looks_like_number(cell: str, region: str | None) -> bool:
    """Return whether a cell holds a number, so that the file has no headings."""
    try:
        _number(cell, region)
    except ValueError:
        return False
    return True


def _number(cell: str, region: str | None) -> str:
    text = "".join(each for each in unicodedata.normalize("NFKC", cell) if unicodedata.category(each) != "Cf")
    text = text.strip().removeprefix("'").removesuffix(".0")
    if not text:
        raise InvalidRow("it has no number")
    if _SHORTENED.fullmatch(text):
        raise InvalidRow("a spreadsheet has rounded its number, and its last digits are lost")
    try:
        number = parse_number(text, region)
    except InvalidNumber as error:
        raise InvalidRow(str(error).replace("--country, as US", "country with --region, as US")) from None
    if not number.is_e164:
        raise InvalidRow("a number has seven to fifteen digits with its country code, as +14255550182")
    if (problem := length_problem(number)) is not None:
        raise InvalidRow(f"{problem}: check how it was exported")
    return number.e164


def _read_number(cell: Any, info: ValidationInfo[ColumnSettings]) -> str:
    return _number(cell, info.context.region)


def _read_status(cell: Any, info: ValidationInfo[ColumnSettings]) -> Asked | NoRequest:
    status = info.context.columns.status
    if status is None:
        return Asked.OPT_OUT  # a file of opt-outs
    if status.kind is StatusKind.TIME_OF_OPT_OUT and cell:
        info.context.times.read(cell)
    return status.read(cell or "")


def _read_time(cell: Any, info: ValidationInfo[ColumnSettings]) -> Span | None:
    return info.context.times.read(cell) if cell else None


def _read_list(cell: Any, info: ValidationInfo[ColumnSettings]) -> str:
    if not cell:
        return info.context.own_list
    try:
        return info.context.list_name(cell)
    except UsageError as error:
        raise InvalidRow(str(error)) from None


def _read_truth(cell: Any, info: ValidationInfo[ColumnSettings]) -> bool | None:
    if not cell:
        return info.context.end_user or None  # the file does not say
    try:
        return _TRUTHS[cell.casefold()]
    except KeyError:
        raise InvalidRow("whether the end user opted out must be true or false") from None


def _read_text(cell: Any) -> str | None:
    return unescape_cell(cell)[:LONGEST_TEXT] if cell else None


class ImportRow(BaseModel):
    """A valid line."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    number: Annotated[str, BeforeValidator(_read_number)]
    asked: Annotated[Asked | NoRequest, BeforeValidator(_read_status)]
    written: Annotated[Span | None, BeforeValidator(_read_time)]
    list_name: Annotated[str, BeforeValidator(_read_list)]
    end_user: Annotated[bool | None, BeforeValidator(_read_truth)]
    source: Annotated[str | None, BeforeValidator(_read_text)]
    reason: Annotated[str | None, BeforeValidator(_read_text)]

    @classmethod
    def of(cls, cells: list[str], settings: ColumnSettings) -> ImportRow:
        """Parse a line. Raises InvalidRow with every problem."""

        def cell(column: Column) -> str | None:
            value = settings.columns.cell(cells, column)
            return value.strip() if value is not None else None

        def text(column: Column) -> str | None:
            value = settings.columns.cell(cells, column)
            return value if value and value.strip() else None

        values = {
            "number": cell(Column.NUMBER) or "",
            "asked": cell(Column.STATUS),
            "written": cell(Column.TIME),
            "list_name": cell(Column.LIST),
            "end_user": cell(Column.END_USER),
            "source": text(Column.SOURCE) or settings.source,
            "reason": text(Column.REASON),
        }
        try:
            row = cls.model_validate(values, context=settings)
        except ValidationError as error:
            causes = [problem.get("ctx", {}).get("error") for problem in error.errors(include_input=False)]
            messages = dict.fromkeys(str(cause) for cause in causes if cause is not None)
            raise InvalidRow("; ".join(messages)) from None
        if row.asked is Asked.OPT_OUT:
            row._at(row.asked, settings)
        return row

    def _at(self, asked: Asked, settings: ColumnSettings) -> datetime:
        """Return the effective time. Raises InvalidRow."""
        if asked is Asked.OPT_IN and (self.written is None or settings.columns.times_are_of_opt_outs):
            raise InvalidRow("an opt-in without its own time might undo a newer STOP")
        if self.written is not None:
            try:
                return self.written.moment(asked, settings.now)
            except ValueError as error:
                raise InvalidRow(str(error)) from None
        if settings.as_of is None:
            raise InvalidRow("it has no time: give the time of the export with --as-of")
        return settings.as_of

    def decision(self, settings: ColumnSettings, place: str) -> Decision:
        """Return the decision. The same row has the same id in every file. Raises InvalidRow for an opt-in without a time."""
        if isinstance(self.asked, NoRequest):
            raise InvalidRow("it has no request")
        at = self._at(self.asked, settings)
        end_user = self.end_user if self.asked is Asked.OPT_OUT else None
        # Earlier releases stored False where the file does not say: the id of the same line stays the same.
        asked_themselves = str(end_user is True) if self.asked is Asked.OPT_OUT else "None"
        facts = "\n".join((self.list_name, self.number, self.asked, as_text(at), asked_themselves))
        return Decision(
            id=f"import-{hashlib.sha256(facts.encode()).hexdigest()[:32]}",
            number=self.number,
            asked=self.asked,
            at=at,
            author=Author.IMPORT,
            through=IMPORT,
            actor=self.source[:LONGEST_NAME] if self.source else None,
            reference=place,
            body=self.reason,
            end_user=end_user,
        )
