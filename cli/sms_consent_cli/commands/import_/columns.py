"""The columns of a file of numbers, recognised by the headings that other systems use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sms_consent.domain.decision import Asked
from sms_consent_cli.commands.import_.heading import heading_key, vocabulary, words_in_all_languages
from sms_consent_cli.commands.import_.status_column import (
    NoRequest,
    Status,
    StatusColumn,
    StatusKind,
    StatusPair,
    StatusTimes,
    about_texting,
    has_no_time,
    status_columns,
    status_kind,
    times_of,
)
from sms_consent_cli.shared.terminal_text import printable
from sms_consent_cli.shared.usage_error import UsageError

__all__ = [
    "LINE",
    "NO_RULE",
    "PROBLEM",
    "Column",
    "Columns",
    "StatusRule",
    "StatusUnknown",
    "heading_shown",
    "is_number_heading",
    "listed",
    "place_of",
]

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
    OPT_IN_TIME = "opt-in-time"
    COUNTRY = "country"
    CHANNEL = "channel"
    TEXT = "text"  # of a message log, as are the two below
    DIRECTION = "direction"
    TEXTED = "texted"  # the company's number that was texted


_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column(name): words_in_all_languages(by_language)
    for name, by_language in vocabulary("columns").items()
    if name != "private"
}
_SHORT_HEADING = "sms"
"""A column of numbers in some exports, but a flag beside another column of numbers."""
_CERTAIN_CHANNELS = frozenset({"channel_type", "channeltype", "message_channel", "subscription_channel"})
"""Headings of channels. A plain “channel” may also be where people opted out."""


class StatusUnknown(UsageError):
    """No column is known to say who opted out."""


@dataclass(frozen=True, slots=True)
class StatusRule:
    """The options that say who opted out."""

    all_opted_out: bool = False
    yes_means: Asked | None = None  # OPT_OUT or OPT_IN, for a heading that does not say
    values: Mapping[str, Asked | NoRequest] | None = None  # what a provider's words mean, by heading_key
    opted_in: tuple[str, Mapping[str, Asked | NoRequest]] | None = None  # a second column, with what its words mean
    channels: frozenset[str] | None = None  # the channels whose lines are read
    preset: str | None = None


NO_RULE = StatusRule()


@dataclass(frozen=True, slots=True)
class Columns:
    """The position and heading of each column."""

    places: Mapping[Column, int]
    headings: Sequence[str]
    width: int
    status: Status | None  # None where every line is an opt-out
    decided_by_user: bool = False  # an option or a preset says who opted out
    channels: frozenset[str] | None = None  # the channels whose lines are read, if a preset names them
    preset: str | None = None

    @classmethod
    def of(cls, headings: Sequence[str], chosen: Mapping[Column, str], rule: StatusRule) -> Columns:
        """Return the columns, recognised by their headings. Raises UsageError if an option must name one."""
        names = [heading_key(each) for each in headings]
        places = _places(headings, names, chosen)
        status: Status | None = _status(headings, names, chosen, rule)
        opted_in_at = places.get(Column.OPT_IN_TIME)
        if status is not None and status.kind is StatusKind.TIME_OF_OPT_OUT and opted_in_at is not None:
            status = StatusTimes(status.places[0], opted_in_at)
            places[Column.TIME] = status.opted_out
        if isinstance(status, StatusPair):
            status = replace(status, times=_both_times(headings, places))
        if status is not None:
            places[Column.STATUS] = status.places[0]
        decided = rule.all_opted_out or Column.STATUS in chosen
        return cls(places, tuple(headings), len(headings), status, decided, rule.channels, rule.preset)

    @classmethod
    def without_heading(
        cls, looks_like_number: Sequence[bool], chosen: Mapping[Column, str], rule: StatusRule
    ) -> Columns:
        """Return the columns of a file whose first line begins with a number. Columns are named by position, counted from
        1."""
        nameless = [""] * len(looks_like_number)
        places = {column: place_of(given, nameless, column) for column, given in chosen.items()}
        if Column.NUMBER not in places:
            if sum(looks_like_number) != 1:
                raise UsageError("several columns may be the numbers: give --number-column, counted from 1")
            places[Column.NUMBER] = looks_like_number.index(True)
        return cls(
            places, (), len(nameless), _status(nameless, nameless, chosen, rule), bool(chosen) or rule.all_opted_out
        )

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
        """Whether the column of times has those of opt-outs only, and so does not say when somebody opted in."""
        return Column.TIME in self.places and status_kind(self.name(Column.TIME)) is StatusKind.TIME_OF_OPT_OUT

    def time_cell(self, cells: Sequence[str], asked: Asked) -> str | None:
        """Return the cell with the time of a request, or None if there is none."""
        column = Column.TIME
        if asked is Asked.OPT_IN and (Column.OPT_IN_TIME in self.places or self.times_are_of_opt_outs):
            column = Column.OPT_IN_TIME
        cell = self.cell(cells, column)
        return None if cell is None or has_no_time(cell) else cell.strip()

    @property
    def both_times(self) -> StatusTimes | None:
        """The columns with the times of opt-outs and of opt-ins, if the file has both."""
        return _both_times(self.headings, self.places) if self.headings else None

    @property
    def channel_is_certain(self) -> bool:
        """Whether a heading or an option says that the channel column names the channel that each line is about."""
        return self.places.get(Column.CHANNEL) != self.places.get(Column.SOURCE)

    @property
    def status_is_about_texting(self) -> bool:
        """Whether the heading of the status column says that it is about texts."""
        return self.status is not None and any(about_texting(self.headings[place]) for place in self.status.places)

    @property
    def used(self) -> set[int]:
        """The positions of the columns that are read."""
        return {*self.places.values(), *(self.status.places if self.status is not None else ())}

    @property
    def unused(self) -> list[int]:
        """The positions of the columns that are not read."""
        return [place for place in range(self.width) if place not in self.used]

    def summary(self) -> str:
        """Return how each column is used, for the user to check before anything is recorded."""
        read = [f"{column} {self.shown(place)}" for column, place in self.places.items() if column is not Column.STATUS]
        if self.status is not None:
            read.insert(1, f"status {self.status_shown()}")
        summary = "columns: " + "; ".join(read)
        if left := self.unused:
            summary += f"; not read: {', '.join(map(self.shown, left[:MOST_LISTED]))}"
            summary += f" and {len(left) - MOST_LISTED} more" if len(left) > MOST_LISTED else ""
        if self.status is None:
            summary += f"\n{self.why_all_opted_out}: every line is an opt-out"
        return summary

    def status_shown(self) -> str:
        """Return the headings of the status columns and the meaning of their cells, safe to print."""
        assert self.status is not None  # noqa: S101  for mypy
        shown = " and ".join(map(self.shown, self.status.places))
        return f"{shown} ({_TWO_SIDED.get(type(self.status)) or _MEANINGS[self.status.kind]})"

    @property
    def why_all_opted_out(self) -> str:
        """The reason why every line is an opt-out, in a file without a status column."""
        if self.preset is not None:
            return f"preset {self.preset}"
        own = sum(heading_key(each) in _OWN for each in self.headings)
        return "1 column" if self.width - own == 1 else "--all-opted-out"

    def view(self) -> dict[str, str]:
        """Return the columns for JSON."""
        return {column.value: self.name(column) for column in self.places}

    def shown(self, place: int) -> str:
        """Return the heading of a column in a form that is safe to print."""
        return heading_shown(self.headings[place] if self.headings else "", place)


_MEANINGS: Mapping[StatusKind, str] = {
    StatusKind.WORDS: "by its words",
    StatusKind.YES_IS_OUT: "yes: opted out, no: nothing",
    StatusKind.YES_IS_IN: "yes: opted in, no: opted out",
    StatusKind.TIME_OF_OPT_OUT: "a time: opted out",
    StatusKind.TIME_OF_OPT_IN: "a time: opted in",
}
_TWO_SIDED: Mapping[type, str] = {
    StatusPair: "yes in the first: opted out, yes in the second: opted in, in neither: nothing",
    StatusTimes: "the newer time applies: opted out or opted in, without one: nothing",
}
_ONLY_ONE: Mapping[Column, str] = {
    Column.NUMBER: "numbers",
    Column.TIME: "times",
    Column.OPT_IN_TIME: "times of opt-ins",
    Column.COUNTRY: "countries",
    Column.CHANNEL: "channels",
}  # fmt: skip
MOST_LISTED = 20
"""Headings that a message lists. A file may have thousands."""


def _places(headings: Sequence[str], names: Sequence[str], chosen: Mapping[Column, str]) -> dict[Column, int]:
    """Return the position of each column except the status. Raises UsageError if an option must name one."""
    places: dict[Column, int] = {}
    for column in (*_NAMES, Column.OPT_IN_TIME):
        found = [place_of(chosen[column], names, column)] if column in chosen else _known(headings, names, column)
        if column in _ONLY_ONE and len(found) > 1:
            both = " and ".join(heading_shown(headings[place], place) for place in found)
            raise UsageError(f"{both} may both be the {_ONLY_ONE[column]}: give --{column}-column")
        if found:
            places[column] = found[0]
    if Column.NUMBER not in places:
        raise UsageError(
            f"no heading is known for a column of numbers: give --number-column NAME. The headings are {listed(headings)}"
        )
    if Column.CHANNEL in places and Column.CHANNEL not in chosen:
        if Column.SOURCE in chosen and places[Column.SOURCE] == places[Column.CHANNEL]:
            del places[Column.CHANNEL]
        elif Column.SOURCE not in places and names[places[Column.CHANNEL]] not in _CERTAIN_CHANNELS:
            places[Column.SOURCE] = places[Column.CHANNEL]
    return places


def _known(headings: Sequence[str], names: Sequence[str], column: Column) -> list[int]:
    """Return the positions of the columns whose heading is a known name of ``column``, the most specific name first."""
    if column is Column.OPT_IN_TIME:
        return times_of(StatusKind.TIME_OF_OPT_IN, headings)
    if column is Column.TIME and (of_opt_outs := times_of(StatusKind.TIME_OF_OPT_OUT, headings)):
        return of_opt_outs
    known = _NAMES[column]
    if (
        column is Column.NUMBER
        and _SHORT_HEADING in names
        and any(name in known for name in set(names) - {_SHORT_HEADING})
    ):
        known = tuple(name for name in known if name != _SHORT_HEADING)
    return [
        place for _, place in sorted((known.index(name), place) for place, name in enumerate(names) if name in known)
    ]


def is_number_heading(name: str, chosen: str | None) -> bool:
    """Return whether a heading is that of the numbers: a known one, or the one that an option names."""
    key = heading_key(name)
    return bool(key) and (key in _NAMES[Column.NUMBER] or (chosen is not None and key == heading_key(chosen)))


def _status(
    headings: Sequence[str], names: Sequence[str], chosen: Mapping[Column, str], rule: StatusRule
) -> StatusColumn | StatusPair | None:
    """Return the column that says who opted out; None if every line is an opt-out. Raises UsageError if that is uncertain."""
    given = chosen.get(Column.STATUS)
    if rule.all_opted_out:
        if given is not None or rule.yes_means is not None:
            raise UsageError("--all-opted-out ignores the status: leave out --status-column and --yes-means")
        return None
    if given is not None:
        place = place_of(given, names, Column.STATUS)
        kind = _kind(status_kind(headings[place]) or StatusKind.WORDS, rule)
        column = StatusColumn(place, kind, named=True, values=rule.values)
        if rule.opted_in is None or heading_key(rule.opted_in[0]) not in names:
            return column
        second = StatusColumn(names.index(heading_key(rule.opted_in[0])), kind, values=rule.opted_in[1])
        return StatusPair(column, second)
    found = status_columns(headings)
    pair = {kind: place for place, kind in found}
    is_pair = len(found) == 2 and set(pair) == {StatusKind.YES_IS_OUT, StatusKind.YES_IS_IN}
    if len(found) > 1 and not (is_pair and rule.yes_means is None):
        both = " and ".join(heading_shown(headings[place], place) for place, _ in found)
        raise UsageError(f"{both} may both say who opted out: name one with --status-column NAME")
    _refuse_of_mail([place for place, _ in found], headings, names)
    if is_pair:
        out, opted_in = StatusKind.YES_IS_OUT, StatusKind.YES_IS_IN
        return StatusPair(StatusColumn(pair[out], out), StatusColumn(pair[opted_in], opted_in))
    if found:
        return StatusColumn(found[0][0], _kind(found[0][1], rule), values=rule.values)
    if len([name for name in names if name not in _OWN]) > 1:
        raise StatusUnknown(
            f"of its {len(names)} columns ({listed(headings)}), none is known to say who opted out: name it with "
            "--status-column NAME, or give --all-opted-out if every line is an opt-out"
        )
    if rule.yes_means is not None:
        raise UsageError("--yes-means needs a status: name its column with --status-column NAME")
    return None


def _both_times(headings: Sequence[str], places: Mapping[Column, int]) -> StatusTimes | None:
    """Return the columns with the times of opt-outs and of opt-ins, if the file has both."""
    opted_out, opted_in = places.get(Column.TIME), places.get(Column.OPT_IN_TIME)
    if opted_out is None or opted_in is None or status_kind(headings[opted_out]) is not StatusKind.TIME_OF_OPT_OUT:
        return None
    return StatusTimes(opted_out, opted_in)


def _refuse_of_mail(places: Sequence[int], headings: Sequence[str], names: Sequence[str]) -> None:
    """Raise UsageError if a status column may be about e-mail."""
    by_mail = any({"email", "mail"} & set(each.split("_")) for each in names)
    for place in places:
        if by_mail and not about_texting(headings[place]):
            raise UsageError(
                f"{heading_shown(headings[place], place)} may be about e-mail, since the file has a column for it: "
                "if it is about texts, name it with --status-column NAME"
            )


def _kind(kind: StatusKind, rule: StatusRule) -> StatusKind:
    if rule.yes_means is None:
        return kind
    return StatusKind.YES_IS_OUT if rule.yes_means is Asked.OPT_OUT else StatusKind.YES_IS_IN


def place_of(given: str, names: Sequence[str], column: Column) -> int:
    """Return the position of a column that an option names by heading or position. Raises UsageError if there is none."""
    if given.strip() and heading_key(given) in names:
        if names.count(heading_key(given)) > 1:
            raise UsageError(f"--{column}-column: several columns have that heading: give its place, counted from 1")
        return names.index(heading_key(given))
    if given.isdecimal() and 1 <= int(given) <= len(names):
        return int(given) - 1
    raise UsageError(f"--{column}-column: there is no column {printable(given, quoted=False)}. {_there(names)}")


def _there(names: Sequence[str]) -> str:
    return f"The headings are {listed(names)}" if any(names) else f"The file has {len(names)} columns without headings"


def listed(headings: Sequence[str]) -> str:
    """Return headings for a message, at most ``MOST_LISTED``."""
    shown = ", ".join(heading_shown(each, place) for place, each in enumerate(headings[:MOST_LISTED]))
    return shown + (f" and {len(headings) - MOST_LISTED} more" if len(headings) > MOST_LISTED else "")


def heading_shown(name: str, place: int) -> str:
    """Return a heading for a message; only its position if it has so many digits that it may be a phone number."""
    if not name.strip() or sum(character.isdecimal() for character in name) >= MOST_DIGITS:
        return f"column {place + 1}"
    return printable(name)
