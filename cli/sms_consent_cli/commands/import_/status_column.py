"""The columns that say what a line requests. A status counts only if heading and cell are unambiguous.

``vocabulary/status.toml`` lists which headings name a status, what their yes means, and which words mean which request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from typing import Protocol

from sms_consent.domain.decision import Asked
from sms_consent_cli.commands.import_.heading import heading_key, heading_words, vocabulary, words_in_all_languages
from sms_consent_cli.shared.written_time import TimeFormat

__all__ = [
    "NoRequest",
    "Status",
    "StatusColumn",
    "StatusKind",
    "StatusPair",
    "StatusTimes",
    "about_texting",
    "channel_request",
    "has_no_time",
    "is_of_people_who_did_not_opt_out",
    "status_columns",
    "status_kind",
    "times_of",
]


class StatusKind(StrEnum):
    """The meaning of the cells of a status column."""

    WORDS = "words"  # a status by its name; yes and no have no meaning
    YES_IS_OUT = "yes is an opt-out"
    YES_IS_IN = "yes is an opt-in"
    TIME_OF_OPT_OUT = "a time is an opt-out"
    TIME_OF_OPT_IN = "a time is an opt-in"  # a status only if the file also has a time of opt-outs


class NoRequest(StrEnum):
    """A status that requests nothing."""

    NOTHING = "NOTHING"  # never subscribed or never answered: neither an opt-out nor an opt-in
    OTHER_CHANNEL = "OTHER_CHANNEL"  # about e-mail or another channel than texts


_STATUS = vocabulary("status")
_KIND_OF: Mapping[frozenset[str], StatusKind] = {
    frozenset(name.split()): StatusKind[kind.upper()]
    for kind, by_language in _STATUS["headings"].items()
    for name in words_in_all_languages(by_language)
}
_VALUES: Mapping[str, Asked | NoRequest] = {
    "opt_out": Asked.OPT_OUT, "opt_in": Asked.OPT_IN, "nothing": NoRequest.NOTHING,
}  # fmt: skip
_REQUEST_OF: Mapping[str, Asked | NoRequest] = {
    word: _VALUES[value]
    for value, by_language in _STATUS["values"].items()
    for word in words_in_all_languages(by_language)
}
_YES = frozenset(words_in_all_languages(_STATUS["booleans"]["yes"]))
_NO = frozenset(words_in_all_languages(_STATUS["booleans"]["no"]))
_OTHER_CHANNELS = frozenset(_STATUS["channels"]["other"])
_DID_NOT_OPT_OUT, _OPTED_OUT = (frozenset(_STATUS["people"][each]) for each in ("did_not_opt_out", "opted_out"))
_NO_TIME = frozenset({"", "null", "none", "nil", "nan", "n a", "na", "0000 00 00", "0000 00 00 00 00 00"})
"""How databases and spreadsheets write that there is no time."""

_TEXTING = frozenset({"sms", "mms", "text", "texts", "texting", "mobile"})
_SILENT = _TEXTING | frozenset(
    {"is", "has", "have", "of", "to", "from", "for", "current", "phone", "message", "messages", "messaging"}
)
_MARKETING = "marketing"
"""Without a word for texts it may be about e-mail, as Shopify's “Accepts Marketing” was."""
_NEEDS_TEXTING = frozenset(
    {
        "accept", "accepts", "accepted", "accepte", "acepta", "accetta", "aceita", "permission", "state", "estado", "etat",
        "blocked", "blacklist", "blacklisted", "blocklist", "blocklisted", "gesperrt", "enabled", "allowed", "do", "not",
        "send", "no", "contactar", "ne", "pas", "contacter", "stop", "at", "on", "date", "time",
    }
)  # fmt: skip
"""Headings that are ambiguous without a word for texts: “State” may be Ohio."""
_STATUS_ONLY = frozenset(
    {"in", "out", "start", "active", "none", "blocked", "stopped", "stop", "unknown", "never", "granted"}
)
"""Words that are a status only under a heading for statuses: under “Opted out”, “active” is ambiguous."""

_PLAIN_HEADING = re.compile(r"[^\W_][\w \-.:/()?'’]*")
_FLOATS = {"1.0": "1", "0.0": "0"}
"""How tools for data tables write yes and no in a column with gaps."""
_PLAIN_WORD = re.compile(r"[^\W_][\w \-]*")
"""Other characters, such as a negation sign, can change the meaning of a heading or word."""
_OF_CHANNEL = re.compile(r"(?P<status>[^\W_][\w \-]*?)\s*\((?P<channel>[\w \-]+)\)")
"""A status with its channel, as ``UNSUBSCRIBED (EMAIL)``."""
_CUSTOM_FIELD = re.compile(r"(?:[A-Za-z0-9]+__)?([A-Za-z0-9_]+?)__p?c")
"""Salesforce's custom fields: a namespace before the name, ``__c`` after it."""


def about_texting(name: str) -> bool:
    """Return whether a heading says that its column is about texts."""
    return bool(_TEXTING & set(heading_words(name)))


def status_kind(name: str) -> StatusKind | None:
    """Return what the cells under a heading mean; None if that is uncertain."""
    custom = _CUSTOM_FIELD.fullmatch(name.strip())
    name = custom[1] if custom is not None else name.strip()
    if not _PLAIN_HEADING.fullmatch(name):
        return None
    words = heading_words(name)
    telling = [word for word in words if word not in _SILENT]
    texting = about_texting(name)
    if _MARKETING in telling and texting:
        telling.remove(_MARKETING)
    if len(set(telling)) != len(telling) or (not texting and set(telling) <= _NEEDS_TEXTING):
        return None
    return _KIND_OF.get(frozenset(telling))


class Status(Protocol):
    """The column or columns that say what each line requests."""

    @property
    def kind(self) -> StatusKind:
        """The meaning of the cells of the first column."""

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of the columns that are read."""

    def read_cells(self, cells: Sequence[str], times: TimeFormat) -> Asked | NoRequest:
        """Return the request of a line. Raises ValueError if it is uncertain: such a line is rejected."""


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A column that says what each line requests."""

    place: int
    kind: StatusKind
    named: bool = False  # by an option, so that lines without a time request nothing
    values: Mapping[str, Asked | NoRequest] | None = None  # what a provider's own words mean, by heading_key

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of the columns that are read."""
        return (self.place,)

    def read_cells(self, cells: Sequence[str], times: TimeFormat) -> Asked | NoRequest:
        """Return the request of a line. Raises ValueError if it is uncertain."""
        cell = cells[self.place].strip()
        if self.kind is StatusKind.TIME_OF_OPT_OUT and cell:
            times.read(cell)
        return self.read(cell)

    def read(self, cell: str) -> Asked | NoRequest:
        """Return the request in a cell. Raises ValueError if it is uncertain: such a line is rejected."""
        cell = cell.strip()
        if self.values is not None and heading_key(cell) in self.values:
            return self.values[heading_key(cell)]
        if self.kind is StatusKind.TIME_OF_OPT_OUT:
            if not cell and self.named:
                return NoRequest.NOTHING
            if not cell:
                raise ValueError(
                    "it has no time, so it may not be an opt-out: if such lines are people who did not opt out, name the "
                    "column with --status-column; if every line is an opt-out, give the time of the export with --as-of, "
                    "and --all-opted-out"
                )
            return Asked.OPT_OUT  # the caller rejects invalid times
        if not cell and self.named:
            return NoRequest.NOTHING
        if not cell:
            raise ValueError(
                "its status is empty, so it may not be an opt-out: if such lines are people who did not opt out, name the "
                "column with --status-column"
            )
        asked = self.word(cell)
        if asked is not None:
            return asked
        word = heading_key(cell) if _PLAIN_WORD.fullmatch(cell) else _FLOATS.get(cell, "")
        if word in _YES | _NO:
            return self._truth(word in _YES)
        raise ValueError(
            f"its status ({_form(cell)}) is not a known opt-out or opt-in, such as opted_out or subscribed: correct it, or "
            "use --preset if the file comes from a provider that has one"
        )

    def word(self, cell: str) -> Asked | NoRequest | None:
        """Return the request that a cell's word means; None if the word is not known."""
        cell = cell.strip()
        of_channel = _OF_CHANNEL.fullmatch(cell)
        if of_channel is not None and heading_key(of_channel["channel"]) in _OTHER_CHANNELS:
            return NoRequest.OTHER_CHANNEL
        if of_channel is not None and heading_key(of_channel["channel"]) in _TEXTING:
            cell = of_channel["status"]
        word = heading_key(cell) if _PLAIN_WORD.fullmatch(cell) else ""
        if self.kind is StatusKind.WORDS or word not in _STATUS_ONLY:
            return _REQUEST_OF.get(word)
        return None

    def _truth(self, yes: bool) -> Asked | NoRequest:
        if self.kind is StatusKind.YES_IS_OUT:
            return Asked.OPT_OUT if yes else NoRequest.NOTHING  # not having opted out is not a request to opt in
        if self.kind is StatusKind.YES_IS_IN:
            return Asked.OPT_IN if yes else Asked.OPT_OUT
        raise ValueError("its heading does not say whether yes is an opt-out: give --yes-means")


@dataclass(frozen=True, slots=True)
class StatusPair:
    """A flag for opt-outs beside one for opt-ins: neither is set for people who were never asked."""

    opted_out: StatusColumn
    opted_in: StatusColumn
    times: StatusTimes | None = None  # which flag is newer, if both are set

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of both flags."""
        return (self.opted_out.place, self.opted_in.place)

    @property
    def kind(self) -> StatusKind:
        """The meaning of the cells of the first column."""
        return self.opted_out.kind

    def read_cells(self, cells: Sequence[str], times: TimeFormat) -> Asked | NoRequest:
        """Return the request of a line. Raises ValueError if a flag is unclear, or both flags are set."""
        out_cell, in_cell = cells[self.opted_out.place].strip(), cells[self.opted_in.place].strip()
        if not out_cell and not in_cell and self.opted_out.values is None:
            raise ValueError("its status is empty, so it may not be an opt-out")
        opted_out = bool(out_cell) and self.opted_out.read(out_cell) is Asked.OPT_OUT
        opted_out |= self.opted_in.word(in_cell) is Asked.OPT_OUT
        opted_in = bool(in_cell) and self.opted_in.read(in_cell) is Asked.OPT_IN
        if opted_out and opted_in and self.times is not None:
            return self.times.read_cells(cells, times)
        if opted_out and opted_in:
            raise ValueError("it is both opted out and opted in: name the column that applies with --status-column")
        return Asked.OPT_OUT if opted_out else Asked.OPT_IN if opted_in else NoRequest.NOTHING


@dataclass(frozen=True, slots=True)
class StatusTimes:
    """A time of the opt-out beside one of the opt-in: the newer one applies, and the opt-out if that is not certain."""

    opted_out: int
    opted_in: int
    kind: StatusKind = StatusKind.TIME_OF_OPT_OUT

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of both times."""
        return (self.opted_out, self.opted_in)

    def read_cells(self, cells: Sequence[str], times: TimeFormat) -> Asked | NoRequest:
        """Return the request of a line. Raises ValueError for an invalid time."""
        times = replace(times, zone=times.zone or UTC)  # both times are of the same system, and so of the same zone
        opted_out, opted_in = (
            None if has_no_time(cells[place]) else times.read(cells[place].strip()) for place in self.places
        )
        if opted_out is None:
            return NoRequest.NOTHING if opted_in is None else Asked.OPT_IN
        if opted_in is not None and opted_in.earliest > opted_out.latest:
            return Asked.OPT_IN
        return Asked.OPT_OUT

    def opt_out_is_newer(self, cells: Sequence[str], times: TimeFormat) -> bool:
        """Return whether the opt-out is certainly newer than the opt-in. Raises ValueError for an invalid time."""
        if any(has_no_time(cells[place]) for place in self.places):
            return False
        times = replace(times, zone=times.zone or UTC)
        opted_out, opted_in = (times.read(cells[place].strip()) for place in self.places)
        return opted_out.earliest > opted_in.latest


def has_no_time(cell: str) -> bool:
    """Return whether a cell in a column of times is empty or says that there is none."""
    return " ".join(heading_words(cell)) in _NO_TIME


def channel_request(cell: str, read: frozenset[str] | None = None) -> NoRequest | None:
    """Return OTHER_CHANNEL if a line is about e-mail or another channel than texts; else None.

    Args:
        cell: The cell of the channel column.
        read: The channels whose lines are imported, if a preset names them.
    """
    other = heading_key(cell) in _OTHER_CHANNELS if read is None else heading_key(cell) not in read
    return NoRequest.OTHER_CHANNEL if other else None


_FORMS = (
    (r"[0-9]+", "a number of {n} digits"),
    (r"[0-9.,]+", "a decimal number"),
    (r"[^\W\d_]+", "a word of {n} letters"),
    (r"[^\W_]+([ _-][^\W_]+)*", "{w} words"),
)


def _form(cell: str) -> str:
    """Describe a cell without its content, as “a word of 6 letters”."""
    for pattern, form in _FORMS:
        if re.fullmatch(pattern, cell):
            return form.format(n=len(cell), w=len(heading_words(cell)))
    return f"{len(cell)} characters with punctuation"


def is_of_people_who_did_not_opt_out(name: str) -> bool | None:
    """Return whether a file's name or only heading says that its people did not opt out (True) or did (False); else None."""
    words = set(heading_words(name))
    if words & _OPTED_OUT:
        return False
    return True if words & _DID_NOT_OPT_OUT else None


def times_of(kind: StatusKind, names: Sequence[str]) -> list[int]:
    """Return the positions of the columns whose heading names a time of this kind."""
    return [place for place, name in enumerate(names) if status_kind(name) is kind]


def status_columns(names: Sequence[str]) -> list[tuple[int, StatusKind]]:
    """Return the position and kind of each status column. A time of opt-outs is one only if there is no other."""
    kinds = [(place, kind) for place, name in enumerate(names) if (kind := status_kind(name)) is not None]
    kinds = [each for each in kinds if each[1] is not StatusKind.TIME_OF_OPT_IN]
    times = [each for each in kinds if each[1] is StatusKind.TIME_OF_OPT_OUT]
    return [each for each in kinds if each not in times] or times
