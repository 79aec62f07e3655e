"""The columns of a file of numbers, recognised by the headings that other systems use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sms_consent.domain.decision import Asked
from sms_consent_cli.commands.import_.status_column import (
    StatusColumn,
    StatusKind,
    about_texting,
    status_columns,
    status_kind,
)
from sms_consent_cli.shared.delimited_file import normalised_heading
from sms_consent_cli.shared.terminal_text import printable
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["LINE", "NO_RULE", "PROBLEM", "Column", "Columns", "StatusRule"]

LINE, PROBLEM = "import_line", "import_error"
"""Columns that a file of rejected lines has in addition."""
_OWN = frozenset({LINE, PROBLEM})
MOST_DIGITS = 5
"""Digits from which a heading may be a phone number, and is not shown."""


class Column(StrEnum):
    """A column that an import reads, by the name of its option."""

    NUMBER = "number"
    TIME = "time"
    STATUS = "status"
    LIST = "list"
    SOURCE = "source"
    REASON = "reason"
    END_USER = "end-user"


# Twilio's consents: contact_id, status, source, date_of_consent (twilio.com/docs/messaging/features/consent-api). AWS's own
# list: OptedOutNumber, OptedOutTimestamp, EndUserOptedOut (API reference, OptedOutNumberInformation). Vibes: mdn. Others as
# marketing platforms and databases name theirs; where none fits, the option names the column. The best name first. What
# says who opted out, and when, has its own module, ``sms_consent_cli.commands.import_.status_column``.
_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.NUMBER: (
        "number", "phone_number", "phone", "opted_out_number", "contact_id", "mobile", "mobile_number", "mobile_phone",
        "phone_mobile", "cell", "cell_phone", "cellphone", "msisdn", "mdn", "telephone", "recipient", "subscriber",
        "e164", "phonenumber", "destination_phone_number", "destination_number",
    ),
    Column.TIME: (
        "date_of_consent", "decided_at", "sms_consent_timestamp", "sms_marketing_consent_timestamp", "consent_timestamp",
        "timestamp", "time", "date",
    ),
    Column.LIST: ("list", "opt_out_list", "opt_out_list_name"),
    Column.SOURCE: ("source", "sms_consent_source", "consent_source", "opt_out_source", "unsubscribe_source", "channel"),
    Column.REASON: ("reason", "opt_out_reason", "unsubscribe_reason", "message", "text", "keyword", "comment", "note"),
    Column.END_USER: ("end_user_opted_out", "end_user", "asked_by_end_user"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatusRule:
    """The options that say who opted out."""

    all_opted_out: bool = False
    yes_means: Asked | None = None  # OPT_OUT or OPT_IN, for a heading that does not say


NO_RULE = StatusRule()


@dataclass(frozen=True, slots=True)
class Columns:
    """The position and heading of each column."""

    places: Mapping[Column, int]
    headings: Sequence[str]
    width: int
    status: StatusColumn | None  # None where every line is an opt-out

    @classmethod
    def of(cls, headings: Sequence[str], chosen: Mapping[Column, str], rule: StatusRule) -> Columns:
        """Recognise the columns by their headings. Raises UsageError if a column must be named."""
        names = [normalised_heading(each) for each in headings]
        places: dict[Column, int] = {}
        for column, known in _NAMES.items():
            if column in chosen:
                places[column] = _place_of(chosen[column], names, column)
                continue
            found = sorted((known.index(name), place) for place, name in enumerate(names) if name in known)
            found = (_times_of_opt_outs(headings) or found) if column is Column.TIME else found
            if column in {Column.NUMBER, Column.TIME} and len(found) > 1:
                what = "numbers" if column is Column.NUMBER else "times"
                raise UsageError(f"{_quoted(headings, found)} may both be the {what}: give --{column}-column")
            if found:
                places[column] = found[0][1]
        if Column.NUMBER not in places:
            raise UsageError("no heading in the first line is known for a column of numbers: give --number-column NAME")
        status = _status(headings, names, chosen, rule)
        if status is not None:
            places[Column.STATUS] = status.place
        return cls(places, tuple(headings), len(headings), status)

    @classmethod
    def without_heading(
        cls, looks_like_number: Sequence[bool], chosen: Mapping[Column, str], rule: StatusRule
    ) -> Columns:
        """Return the columns of a file that begins with a number. They are named by position, counted from 1."""
        nameless = [""] * len(looks_like_number)
        places = {column: _place_of(given, nameless, column) for column, given in chosen.items()}
        if Column.NUMBER not in places:
            if sum(looks_like_number) != 1:
                raise UsageError("several columns may be the numbers: give --number-column, counted from 1")
            places[Column.NUMBER] = looks_like_number.index(True)
        return cls(places, (), len(nameless), _status(nameless, nameless, chosen, rule))

    def cell(self, cells: Sequence[str], column: Column) -> str | None:
        """Return a cell, or None if the file has no such column."""
        place = self.places.get(column)
        return cells[place] if place is not None else None

    def name(self, column: Column) -> str:
        """Return the heading of a column, or its position if there are no headings."""
        place = self.places[column]
        return self.headings[place] if self.headings else str(place + 1)

    @property
    def times_are_of_opt_outs(self) -> bool:
        """Whether the times are those of opt-outs only, so that they are not the time of an opt-in."""
        return Column.TIME in self.places and status_kind(self.name(Column.TIME)) is StatusKind.TIME_OF_OPT_OUT

    def summary(self) -> str:
        """Return how each column is used, for the user to check before anything is recorded."""
        read = [
            f"{column} {self._shown(place)}" for column, place in self.places.items() if column is not Column.STATUS
        ]
        if self.status is not None:
            read.insert(1, f"status {self._shown(self.status.place)} ({_MEANINGS[self.status.kind]})")
        summary = "columns: " + "; ".join(read)
        left = [self._shown(place) for place in range(self.width) if place not in self.places.values()]
        if left:
            summary += f"; not read: {', '.join(left)}"
        if self.status is None:
            why = "1 column" if self.width == 1 else "--all-opted-out"
            summary += f"\n{why}: every line is an opt-out"
        return summary

    def view(self) -> dict[str, str]:
        """Return the columns for JSON."""
        return {column.value: self.name(column) for column in self.places}

    def _shown(self, place: int) -> str:
        return _heading_shown(self.headings[place] if self.headings else "", place)


_MEANINGS: Mapping[StatusKind, str] = {
    StatusKind.WORDS: "by its words",
    StatusKind.YES_IS_OUT: "yes: opted out, no: nothing",
    StatusKind.YES_IS_IN: "yes: opted in, no: opted out",
    StatusKind.TIME_OF_OPT_OUT: "a time: opted out",
}


def _status(
    headings: Sequence[str], names: Sequence[str], chosen: Mapping[Column, str], rule: StatusRule
) -> StatusColumn | None:
    """Return the column that says who opted out. Raises UsageError if that is not certain."""
    given = chosen.get(Column.STATUS)
    if rule.all_opted_out:
        if given is not None or rule.yes_means is not None:
            raise UsageError("--all-opted-out ignores the status: leave out --status-column and --yes-means")
        return None
    if given is not None:
        place = _place_of(given, names, Column.STATUS)
        return StatusColumn(place, _kind(status_kind(headings[place]) or StatusKind.WORDS, rule))
    found = status_columns(headings)
    if len(found) > 1:
        both = " and ".join(_heading_shown(headings[place], place) for place, _ in found)
        raise UsageError(f"{both} may both say who opted out: name one with --status-column NAME")
    if found:
        place, kind = found[0]
        by_mail = [each for each in names if {"email", "mail"} & set(each.split("_"))]
        if by_mail and not about_texting(headings[place]):
            raise UsageError(
                f"{_heading_shown(headings[place], place)} may be about e-mail, since the file has a column for it: "
                "if it is about texts, name it with --status-column NAME"
            )
        return StatusColumn(place, _kind(kind, rule))
    if len([name for name in names if name not in _OWN]) > 1:
        listed = ", ".join(_heading_shown(each, place) for place, each in enumerate(headings))
        raise UsageError(
            f"of its {len(names)} columns ({listed}), none is known to say who opted out: name it with "
            "--status-column NAME, or give --all-opted-out if every line is an opt-out"
        )
    if rule.yes_means is not None:
        raise UsageError("--yes-means needs a status: name its column with --status-column NAME")
    return None


def _kind(kind: StatusKind, rule: StatusRule) -> StatusKind:
    if rule.yes_means is None:
        return kind
    return StatusKind.YES_IS_OUT if rule.yes_means is Asked.OPT_OUT else StatusKind.YES_IS_IN


def _times_of_opt_outs(headings: Sequence[str]) -> list[tuple[int, int]]:
    return [(0, place) for place, each in enumerate(headings) if status_kind(each) is StatusKind.TIME_OF_OPT_OUT]


def _place_of(given: str, names: Sequence[str], column: Column) -> int:
    if given.strip() and normalised_heading(given) in names:
        if names.count(normalised_heading(given)) > 1:
            raise UsageError(f"--{column}-column: several columns have that heading: give its place, counted from 1")
        return names.index(normalised_heading(given))
    if given.isdecimal() and 1 <= int(given) <= len(names):
        return int(given) - 1
    raise UsageError(f"--{column}-column: there is no column {printable(given, quoted=False)}")


def _quoted(headings: Sequence[str], found: Sequence[tuple[int, int]]) -> str:
    return " and ".join(_heading_shown(headings[place], place) for _, place in found)


def _heading_shown(name: str, place: int) -> str:
    """Return a heading; only the position of one with enough digits for a phone number."""
    if not name.strip() or sum(character.isdecimal() for character in name) >= MOST_DIGITS:
        return f"column {place + 1}"
    return printable(name)
