"""Parsing and validation of one line of a file of numbers. No message repeats the line's content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.phone_number import PhoneNumber
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.import_.columns import Column, Columns
from sms_consent_cli.commands.import_.number_cell import NumberForm
from sms_consent_cli.commands.import_.status_column import NoRequest, channel_request
from sms_consent_cli.shared.delimited_file import unescape_cell
from sms_consent_cli.shared.number_input import length_problem
from sms_consent_cli.shared.usage_error import UsageError
from sms_consent_cli.shared.written_time import Span, TimeFormat

__all__ = ["ColumnSettings", "ImportRow", "InvalidRow"]

IMPORT = "import"
LONGEST_NAME, LONGEST_TEXT = 200, 1600
_TRUTHS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


class InvalidRow(ValueError):
    """A line is invalid. The message says why, without the line's content."""


def _asked(cells: list[str], settings: ColumnSettings) -> Asked | NoRequest | ValueError:
    """Return the request of a line, or the ValueError that says why it is uncertain."""
    columns = settings.columns
    channel = columns.cell(cells, Column.CHANNEL)
    if channel is not None and (other := channel_request(channel, columns.channels)) is not None:
        return other
    if columns.status is None:
        return Asked.OPT_OUT  # a file of opt-outs
    try:
        asked = columns.status.read_cells(cells, settings.times)
        both = columns.both_times
        contradicted = asked is Asked.OPT_IN and both is not None and both.opt_out_is_newer(cells, settings.times)
    except ValueError as error:
        return error
    return ValueError("its status is an opt-in, but its opt-out is newer than its opt-in") if contradicted else asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSettings:
    """The settings by which the lines of one file are parsed, with its columns."""

    columns: Columns
    now: datetime  # the import's time, kept when an interrupted import continues
    times: TimeFormat
    region: str | None
    as_of: datetime | None  # when the file was exported: the time of requests without one
    own_list: str
    list_name: Callable[[str], str]  # as the ledger spells it; raises UsageError
    source: str | None
    end_user: bool
    opt_ins: bool = True  # lines that request an opt-in are skipped if False
    with_country_code: bool = False  # numbers without a plus begin with their country code

    @property
    def number_form(self) -> NumberForm:
        """The form of the numbers in the file."""
        return NumberForm(self.region, self.with_country_code)


def _read_number(cells: Any, info: ValidationInfo[ColumnSettings]) -> str:
    number, country = cells
    return info.context.number_form.read(number, country)


def _read_status(asked: Any) -> Asked | NoRequest:
    if isinstance(asked, ValueError):
        raise asked
    found: Asked | NoRequest = asked
    return found


def _read_time(cell: Any, info: ValidationInfo[ColumnSettings]) -> Span | None:
    return info.context.times.read(cell) if cell else None


def _read_list(cell: Any, info: ValidationInfo[ColumnSettings]) -> str:
    if not cell:
        return info.context.own_list
    try:
        return info.context.list_name(cell)
    except UsageError as error:
        raise InvalidRow(f"{error}. If the column does not have opt-out lists, rename its heading") from None


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
        """Parse a line. Raises InvalidRow, which names every problem of the line."""

        columns = settings.columns
        asked = _asked(cells, settings)
        if isinstance(asked, NoRequest) or (asked is Asked.OPT_IN and not settings.opt_ins):
            return cls.skipped(asked)

        def cell(column: Column) -> str | None:
            value = columns.cell(cells, column)
            return value.strip() if value is not None else None

        def text(column: Column) -> str | None:
            value = columns.cell(cells, column)
            return value if value and value.strip() else None

        values = {
            "number": (cell(Column.NUMBER) or "", cell(Column.COUNTRY)),
            "asked": asked,
            "written": columns.time_cell(cells, asked if isinstance(asked, Asked) else Asked.OPT_OUT),
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

    @classmethod
    def skipped(cls, asked: Asked | NoRequest) -> ImportRow:
        """Return a line without a request, or with an opt-in that is not imported. Its other cells are not read."""
        return cls.model_construct(
            number="", asked=asked, written=None, list_name="", end_user=False, source=None, reason=None
        )

    @staticmethod
    def skipped_request(cells: list[str], settings: ColumnSettings) -> tuple[str, datetime | None]:
        """Return the number and the time of an opt-in that is not imported; ``""`` and None if they are invalid."""
        columns = settings.columns
        try:
            number = settings.number_form.read(
                columns.cell(cells, Column.NUMBER) or "", columns.cell(cells, Column.COUNTRY)
            )
            cell = columns.time_cell(cells, Asked.OPT_IN)
            return number, settings.times.read(cell).moment(Asked.OPT_IN, settings.now) if cell else None
        except ValueError:
            return "", None

    @property
    def warning(self) -> str | None:
        """A reason why the number may be wrong, although it is imported; else None."""
        return length_problem(PhoneNumber(self.number)) if self.number else None

    def effective_time(self, settings: ColumnSettings) -> datetime | None:
        """Return the time at which the request counts; None for a line that is not imported."""
        try:
            return self._at(self.asked, settings) if self.number and isinstance(self.asked, Asked) else None
        except InvalidRow:
            return None

    def _at(self, asked: Asked, settings: ColumnSettings) -> datetime:
        """Return the time at which the request counts. Raises InvalidRow."""
        if asked is Asked.OPT_IN and self.written is None:
            raise InvalidRow(
                "an opt-in without its own time might undo a newer STOP: name the column of its time with "
                "--opt-in-time-column, or --time-column if it has the times of both"
            )
        if self.written is not None:
            try:
                return self.written.moment(asked, settings.now)
            except ValueError as error:
                raise InvalidRow(str(error)) from None
        if settings.as_of is None:
            raise InvalidRow("it has no time: give the time of the export with --as-of")
        return settings.as_of

    def decision(self, settings: ColumnSettings, place: str) -> Decision:
        """Return the decision of a line. The same line has the same id in every file.

        Raises InvalidRow for an opt-in without a time.
        """
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
