"""The survey of a file before anything is written: how each column is read, and what would be imported.

It reads the whole file once, in bounded memory. Numbers are masked, and neither texts nor names are shown.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Protocol

import typer

from sms_consent.domain.decision import Asked
from sms_consent.domain.phone_number import mask
from sms_consent_cli.commands.import_.column_values import (
    LONGEST_VALUE,
    MOST_SHOWN,
    MOST_VALUES,
    ColumnValues,
    plain_value,
    value_shown,
)
from sms_consent_cli.commands.import_.columns import Column
from sms_consent_cli.commands.import_.consent_signs import ConsentSign, consent_sign
from sms_consent_cli.commands.import_.heading import heading_key
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.row import ColumnSettings, ImportRow, InvalidRow
from sms_consent_cli.commands.import_.status_column import (
    NoRequest,
    StatusKind,
    StatusPair,
    channel_request,
)
from sms_consent_cli.shared.delimited_file import BrokenLine, DelimitedRecord
from sms_consent_cli.shared.terminal_text import printable, say, visible
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["FileSurvey", "confirm"]

_A_DAY_ENDS = "a day counts to its end or to now, in every time zone unless --timezone names one"
MOST_COLUMNS = 12
MOST_NUMBERS = 400_000
"""Numbers that are kept to find repeated ones, about 60 MB. In a larger file, only these are compared."""
SAMPLES = 3

_OUR_EXPORT = frozenset({"end_user_opted_out", "applied", "aws_end_user_opted_out", "decision_id"})
"""Headings of a file that `export` wrote: its columns have their own meaning."""

_MEANINGS: dict[Asked | NoRequest, str] = {
    Asked.OPT_OUT: "opted out",
    Asked.OPT_IN: "opted in",
    NoRequest.NOTHING: "no request",
    NoRequest.OTHER_CHANNEL: "about another channel",
}


@dataclass(slots=True)
class FileSurvey:
    """The survey of a file: what an import of it would do."""

    file: NumberFile
    settings: ColumnSettings
    lines: int = 0
    outcomes: Counter[Asked | NoRequest] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    warned_lines: list[int] = field(default_factory=list)
    statuses: dict[tuple[str, ...], Counter[str]] = field(default_factory=dict)
    other_statuses: int = 0
    unused: dict[int, ColumnValues] = field(default_factory=dict)
    channels: Counter[bool] = field(default_factory=Counter)
    repeated: int = 0
    samples: dict[str, list[str]] = field(default_factory=dict)
    _first: dict[int, float] = field(default_factory=dict)  # time of a number's first request, negative for an opt-out
    _repeated: dict[int, tuple[float, float]] = field(default_factory=dict)  # its newest opt-out and opt-in, or 0

    def run(self) -> Iterator[int]:
        """Read the file, and yield the number of each line. Raises UsageError if the file cannot be read to its end."""
        self.unused = {place: ColumnValues() for place in self.file.columns.unused}
        counted = dict(self.unused)
        for found in self.file.rows():
            self.lines += 1
            yield found.line
            if isinstance(found, BrokenLine):
                self._reject(found.reason)
                continue
            for place, values in tuple(counted.items()):
                values.add(found.cells[place])
                if values.many:
                    del counted[place]
            self._add(found)
        self._first.clear()

    def _add(self, found: DelimitedRecord) -> None:
        channel = self.file.columns.cell(found.cells, Column.CHANNEL)
        if channel is not None and channel.strip():
            self.channels[channel_request(channel, self.file.columns.channels) is None] += 1
        try:
            row = ImportRow.of(found.cells, self.settings)
        except InvalidRow as error:
            self._status(found.cells, "rejected")
            self._reject(str(error))
            return
        meaning = _MEANINGS[row.asked]
        self._status(found.cells, meaning)
        self.outcomes[row.asked] += 1
        if row.number and (warning := row.warning) is not None:
            self.warnings[warning] += 1
            if len(self.warned_lines) < MOST_SHOWN:
                self.warned_lines.append(found.line)
        if isinstance(row.asked, Asked):
            self._request(found.cells, row)
        samples = self.samples.setdefault(meaning, [])
        if len(samples) < SAMPLES:
            samples.append(self._sample(found, row))

    def _request(self, cells: list[str], row: ImportRow) -> None:
        """Count a request whose number occurred before, and note the newest opt-out and opt-in of that number.

        An opt-in is noted even if it is not imported.
        """
        number, at = row.number, row.effective_time(self.settings)
        if not number:
            number, at = row.skipped_request(cells, self.settings)
        if not number:
            return
        key, seconds = int(number), at.timestamp() if at is not None else 0.0
        first = self._first.get(key)
        if first is None:
            if len(self._first) < MOST_NUMBERS:
                self._first[key] = seconds if row.asked is Asked.OPT_IN else -seconds
            return
        self.repeated += 1
        opted_out, opted_in = self._repeated.get(key) or (max(-first, 0.0), max(first, 0.0))
        if row.asked is Asked.OPT_IN:
            opted_in = max(opted_in, seconds)
        else:
            opted_out = max(opted_out, seconds)
        self._repeated[key] = (opted_out, opted_in)

    @property
    def opted_in_again(self) -> int:
        """The number of phone numbers with an opt-in in the file that is newer than their opt-out."""
        return sum(opted_in > opted_out > 0 for opted_out, opted_in in self._repeated.values())

    def _status(self, cells: list[str], meaning: str) -> None:
        status = self.file.columns.status
        if status is None or status.kind is StatusKind.TIME_OF_OPT_OUT:
            return
        values = tuple(cells[place].strip()[: LONGEST_VALUE + 1] for place in status.places)
        if values not in self.statuses and len(self.statuses) >= MOST_VALUES:
            self.other_statuses += 1
            return
        self.statuses.setdefault(values, Counter())[meaning] += 1

    def _reject(self, reason: str) -> None:
        self.rejected[reason if reason in self.rejected or len(self.rejected) < MOST_VALUES else "another problem"] += 1

    def _sample(self, found: DelimitedRecord, row: ImportRow) -> str:
        number = row.number
        if not number:
            try:
                cell = self.file.columns.cell(found.cells, Column.NUMBER) or ""
                number = self.settings.number_form.read(cell, self.file.columns.cell(found.cells, Column.COUNTRY))
            except ValueError:
                number = ""
        shown = f"line {found.line}: {mask(number)} {_MEANINGS[row.asked]}"
        at = row.effective_time(self.settings)
        return shown + (f", {at:%Y-%m-%d %H:%M:%S} UTC" if at is not None else "")

    # --- what is uncertain

    def doubts(self) -> dict[int, ConsentSign]:
        """Return the unread columns that look like consent, by position."""
        columns, status = self.file.columns, self.file.columns.status
        if columns.decided_by_user or {heading_key(each) for each in columns.headings} >= _OUR_EXPORT:
            return {}
        certain = status is not None and status.kind is not StatusKind.TIME_OF_OPT_OUT
        certain = certain and (columns.status_is_about_texting or isinstance(status, StatusPair))
        found = {}
        for place, values in self.unused.items():
            heading = columns.headings[place] if columns.headings else ""
            sign = consent_sign(heading, None if values.many else values.counts, status_is_certain=certain)
            if sign is not None:
                found[place] = sign
        return found

    def refusal(self) -> str | None:
        """Return why the file cannot be imported without a further option, or None."""
        columns = self.file.columns
        if (
            (other := self.channels[False])
            and not columns.channel_is_certain
            and self.outcomes[NoRequest.OTHER_CHANNEL]
        ):
            return (
                f"{columns.shown(columns.places[Column.CHANNEL])} names other channels than texts on {_lines(other)}: if it says "
                f"which channel each line is about, name it with --channel-column, and those lines are skipped; if it says "
                "where people opted out, with --source-column"
            )
        doubts = self.doubts()
        if not doubts:
            return None
        shown = "; ".join(
            f"{columns.shown(place)} ({sign}: {self._values_shown(place)})"
            for place, sign in list(doubts.items())[:MOST_SHOWN]
        )
        read = f", beside {columns.status_shown()}" if columns.status is not None else ""
        return (
            f"a column that is not read looks like consent{read}: {shown}. Name the column that says who opted out with "
            "--status-column NAME, or give --all-opted-out if every line is an opt-out"
        )

    def doubt(self) -> str | None:
        """Return why the import needs --opt-ins or --yes, or None."""
        if self.settings.opt_ins or not (again := self.opted_in_again):
            return None
        numbers = "1 number has" if again == 1 else f"{again:,} numbers have"
        return (
            f"{numbers} an opt-in in this file that is newer than the opt-out, and would be opted out: give --opt-ins, so that "
            "the newer request counts, or --yes to opt them out"
        )

    # --- what is shown

    def mapping(self) -> str:
        """Return how the file is read and what would be imported, for the user to check before anything is written."""
        columns = self.file.columns
        parts = [columns.summary()]
        if self.settings.as_of is not None:
            as_of = f"{self.settings.as_of:%Y-%m-%d %H:%M:%S} UTC"
            parts.append(f"  opt-outs without a time count as of {as_of} (--as-of; {_A_DAY_ENDS})")
        if columns.headings and self.file.layout.above:
            parts.append(f"  the headings are on line {self.file.layout.above + 1}; what is above them is not read")
        if (preset := self.file.preset) is not None:
            parts.insert(0, f"preset {preset.name}: {preset.title}" + (f" ({preset.note})" if preset.note else ""))
        if self.file.sheet is not None:
            parts.append(f"  sheet {printable(self.file.sheet)}")
        for values, meanings in sorted(self.statuses.items(), key=lambda item: -item[1].total()):
            shown = " / ".join(map(value_shown, values))
            parts += [f"  {shown}: {meaning} ({_lines(count)})" for meaning, count in meanings.most_common()]
        if self.other_statuses:
            parts.append(f"  other values ({_lines(self.other_statuses)})")
        unused = [
            f"  not read: {columns.shown(place)}: {self._values_shown(place)}"
            for place, values in list(self.unused.items())[:MOST_COLUMNS]
            if self.lines
        ]
        parts += unused
        if len(self.unused) > MOST_COLUMNS:
            parts.append(f"  and {len(self.unused) - MOST_COLUMNS} more columns that are not read")
        parts.append(self.counts_shown())
        of_each = zip_longest(*self.samples.values())
        parts += [sample for samples in of_each for sample in samples if sample is not None][:SAMPLES]
        return "\n".join(parts)

    def _values_shown(self, place: int) -> str:
        headings = self.file.columns.headings
        return self.unused[place].shown(headings[place] if headings else "")

    def counts_shown(self) -> str:
        """Return the counts in one sentence."""
        opt_ins = "" if self.settings.opt_ins else ", not imported without --opt-ins"
        named = [
            (self.outcomes[Asked.OPT_OUT], "opted out"),
            (self.outcomes[Asked.OPT_IN], f"opted in{opt_ins}"),
            (self.outcomes[NoRequest.NOTHING], "without a request"),
            (self.outcomes[NoRequest.OTHER_CHANNEL], "about another channel"),
            (self.rejected.total(), "rejected"),
        ]
        counts = "; ".join(f"{count:,} {name}" for count, name in named if count)
        counts = f"{_lines(self.lines)}: {counts or 'nothing to import'}"
        if self.repeated:
            verb = "repeats" if self.repeated == 1 else "repeat"
            counts += f"\n{_lines(self.repeated)} {verb} a number, which counts once, by its newest request"
        if self.warnings:
            counts += f"\nwarning: {self.warnings.total():,} numbers are imported but may be wrong (" + "; ".join(
                f"{problem}: {count:,}" for problem, count in self.warnings.most_common()
            )
            counts += f"), the first on line {', '.join(map(str, self.warned_lines))}"
        return counts

    def view(self) -> dict[str, Any]:
        """Return the survey for JSON."""
        columns = self.file.columns
        return {
            "lines": self.lines,
            "optOuts": self.outcomes[Asked.OPT_OUT],
            "optIns": self.outcomes[Asked.OPT_IN],
            "noRequest": self.outcomes[NoRequest.NOTHING],
            "otherChannel": self.outcomes[NoRequest.OTHER_CHANNEL],
            "rejected": dict(self.rejected),
            "repeatedNumbers": self.repeated,
            "warnings": dict(self.warnings),
            "statusValues": [
                {"values": list(map(plain_value, values)), "meaning": meaning, "lines": count}
                for values, meanings in self.statuses.items()
                for meaning, count in meanings.items()
            ],
            "notRead": [columns.shown(place) for place in list(self.unused)[: MOST_COLUMNS * 10]],
        }


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


class Survey(Protocol):
    """What an import would do, shown before anything is written."""

    def refusal(self) -> str | None:
        """Return why the file cannot be imported without a further option, or None."""


def confirm(survey: Survey, *, yes: bool, dry_run: bool, doubt: str | None = None) -> None:
    """Ask the user in a terminal whether the mapping is right.

    Args:
        survey: What the import would do.
        yes: Whether to continue without asking.
        dry_run: Whether nothing is written, so that there is nothing to confirm.
        doubt: A reason not to import the file, which ``yes`` overrides.

    Raises:
        UsageError: The user says no; or an option is missing, and the user cannot be asked.
    """
    refusal, terminal = survey.refusal(), is_terminal()
    if refusal is None and not yes:
        refusal = doubt
    if refusal is None:
        question = "Import the file as shown?" if terminal and not yes and not dry_run else None
    elif terminal and not yes:
        say(f"note: {visible(refusal)}", err=True)
        question = "Is the file read correctly without it?"
    else:
        raise UsageError(refusal)
    if question is not None and not typer.confirm(question, err=True):
        raise UsageError("stopped, since the mapping was not confirmed")


def is_terminal() -> bool:
    """Return whether a user can be asked in a terminal."""
    return sys.stdin.isatty()
