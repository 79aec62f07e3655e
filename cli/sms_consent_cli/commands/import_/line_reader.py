"""The request of a line of an imported file: a decision, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sms_consent.domain.decision import Asked, Decision
from sms_consent_cli.commands.import_.row import ColumnSettings, ImportRow
from sms_consent_cli.commands.import_.status_column import NoRequest
from sms_consent_cli.shared.delimited_file import DelimitedRecord

__all__ = ["LineOutcome", "LineReader", "NumberLines", "Requested"]


class LineOutcome(StrEnum):
    """The outcome of a line of the file."""

    OPTED_OUT = "optedOut"
    OPTED_IN = "optedIn"
    CONFIRMED = "confirmed"  # recorded, without a change of status
    SUPERSEDED = "superseded"  # recorded, but a newer decision applies
    UNCHANGED = "unchanged"  # already recorded
    SKIPPED = "skipped"  # no request, or an opt-in without --opt-ins
    REJECTED = "rejected"
    HELP = "help"  # of a message log: a request for help, which changes nothing
    UNCLEAR = "unclear"  # of a message log: perhaps an opt-out, which changes nothing
    OUTBOUND = "outbound"  # of a message log: sent by the company


@dataclass(frozen=True, slots=True)
class Requested:
    """The request of a line, for one list."""

    decision: Decision
    list_name: str


class LineReader(Protocol):
    """Reads the lines of one kind of file."""

    def read(self, found: DelimitedRecord, place: str) -> Requested | LineOutcome:
        """Return the request of a line, or the outcome of a line without one. Raises InvalidRow.

        ``place`` is file name and line number, the reference of the decision.
        """


class NumberLines:
    """Reads the lines of a file with numbers and their status."""

    def __init__(self, settings: ColumnSettings, *, opt_ins: bool) -> None:
        self._settings = settings
        self._opt_ins = opt_ins

    def read(self, found: DelimitedRecord, place: str) -> Requested | LineOutcome:
        """Return the request of a line, or SKIPPED. Raises InvalidRow."""
        row = ImportRow.of(found.cells, self._settings)
        if isinstance(row.asked, NoRequest) or (row.asked is Asked.OPT_IN and not self._opt_ins):
            return LineOutcome.SKIPPED
        return Requested(row.decision(self._settings, place), row.list_name)
