"""Decides which column of a file of numbers holds what, from the names that other systems give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cli.delimited import heading
from cli.refusal import Refusal
from sms_consent.decision import Asked

__all__ = ["Column", "Columns", "Told", "asked_by"]


class Column(StrEnum):
    """What an import reads, under the name that its option has."""

    NUMBER = "number"
    TIME = "time"
    STATUS = "status"
    LIST = "list"
    SOURCE = "source"
    REASON = "reason"
    END_USER = "end-user"


# Twilio's consents: contact_id, status, source, date_of_consent (twilio.com/docs/messaging/features/consent-api). AWS's own
# list: OptedOutNumber, OptedOutTimestamp, EndUserOptedOut (API reference, OptedOutNumberInformation). Vibes: mdn. Others as
# marketing platforms and databases name theirs; where none fits, the option names the column. The best name first.
_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.NUMBER: (
        "number", "phone_number", "phone", "opted_out_number", "contact_id", "mobile", "mobile_number", "mobile_phone",
        "phone_mobile", "cell", "cell_phone", "cellphone", "msisdn", "mdn", "telephone", "recipient", "subscriber",
        "e164", "phonenumber", "destination_phone_number", "destination_number",
    ),
    Column.TIME: (
        "opted_out_at", "opted_out_timestamp", "opt_out_at", "opt_out_time", "opt_out_date", "opt_out_timestamp",
        "opted_out_date", "optout_date", "unsubscribed_at", "unsubscribed_date", "unsubscribe_date",
        "unsubscribed_on", "date_unsubscribed", "unsubscribed_timestamp", "date_of_consent", "decided_at",
        "sms_consent_timestamp", "consent_timestamp", "timestamp", "time", "date",
    ),
    Column.STATUS: (
        "status", "sms_consent_status", "sms_marketing_consent", "sms_consent", "sms_status", "consent_status",
        "subscription_status", "opt_out_status", "opted_out", "is_opted_out", "sms_opted_out", "opt_out", "optout",
        "unsubscribed", "sms_opt_out", "subscribed", "sms_subscribed", "opted_in", "sms_opt_in", "accepts_sms",
    ),
    Column.LIST: ("list", "opt_out_list", "opt_out_list_name"),
    Column.SOURCE: ("source", "sms_consent_source", "consent_source", "opt_out_source", "unsubscribe_source", "channel"),
    Column.REASON: ("reason", "opt_out_reason", "unsubscribe_reason", "message", "text", "keyword", "comment", "note"),
    Column.END_USER: ("end_user_opted_out", "end_user", "asked_by_end_user"),
}  # fmt: skip

_IN_HEADINGS = frozenset({"subscribed", "sms_subscribed", "opted_in", "sms_opt_in", "accepts_sms"})
_OUT_HEADINGS = frozenset(
    {"opted_out", "is_opted_out", "sms_opted_out", "opt_out", "optout", "unsubscribed", "sms_opt_out"}
)
"""Columns whose names say what their yes means."""

_OUT = frozenset(
    {
        "opted_out",
        "opt_out",
        "optout",
        "optedout",
        "out",
        "unsubscribed",
        "unsubscribe",
        "stop",
        "stopped",
        "suppressed",
    }
    | {"revoked", "blocked", "opt_out_message", "do_not_contact", "dnc"}
)
_IN = frozenset(
    {
        "opted_in",
        "opt_in",
        "optin",
        "optedin",
        "in",
        "subscribed",
        "subscribe",
        "start",
        "active",
        "re_opt_in",
        "opt_in_pending",
    }
    | {"resubscribed", "unstop"}
)
_NEITHER = frozenset({"never_subscribed", "not_subscribed", "none", "pending", "unconfirmed", "unknown", "no_consent"})
_YES, _NO = frozenset({"true", "yes", "y", "1", "t"}), frozenset({"false", "no", "n", "0", "f"})


class Told(StrEnum):
    """What a status says that asks for nothing."""

    NOTHING = "NOTHING"  # never asked for texts, or never answered: neither an opt-out nor an opt-in


def asked_by(status: str, column: str) -> Asked | Told:
    """What a cell under a heading asks for. Raises ValueError where it cannot be told."""
    value = heading(status)
    for known, asked in ((_OUT, Asked.OPT_OUT), (_IN, Asked.OPT_IN), (_NEITHER, Told.NOTHING)):
        if value in known:
            return asked
    out, within = heading(column) in _OUT_HEADINGS, heading(column) in _IN_HEADINGS
    if value in _YES | _NO and (out or within):
        return Asked.OPT_OUT if (value in _YES) is out else Asked.OPT_IN
    raise ValueError("its status is neither an opt-out nor an opt-in that is known, such as opted_out or subscribed")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each is, and under which heading."""

    places: Mapping[Column, int]
    headings: Sequence[str]

    @classmethod
    def of(cls, headings: Sequence[str], chosen: Mapping[Column, str]) -> Columns:
        """From the first line. Raises Refusal where it must be said which one is meant."""
        names = [heading(each) for each in headings]
        places: dict[Column, int] = {}
        for column, known in _NAMES.items():
            if column in chosen:
                places[column] = _place_of(chosen[column], names, column)
                continue
            found = sorted((known.index(name), place) for place, name in enumerate(names) if name in known)
            if column is Column.NUMBER and len(found) > 1:
                raise Refusal(f"both {_quoted(headings, found)} may be the numbers: give --number-column")
            if found:
                places[column] = found[0][1]
        if Column.NUMBER not in places:
            raise Refusal("the first line names no column of numbers that is known: give --number-column NAME")
        return cls(places, tuple(headings))

    @classmethod
    def without_heading(cls, looks_like_number: Sequence[bool], chosen: Mapping[Column, str]) -> Columns:
        """A file that begins with a number at once: columns are told by their place, counted from 1."""
        places = {column: _place_of(given, [""] * len(looks_like_number), column) for column, given in chosen.items()}
        if Column.NUMBER not in places:
            if sum(looks_like_number) > 1:
                raise Refusal("several columns may be the numbers: give --number-column, counted from 1")
            places[Column.NUMBER] = looks_like_number.index(True)
        return cls(places, ())

    def cell(self, cells: Sequence[str], column: Column) -> str | None:
        """None if the file has no such column."""
        place = self.places.get(column)
        return cells[place] if place is not None else None

    def name(self, column: Column) -> str:
        """Its heading; its place where there is none."""
        place = self.places[column]
        return self.headings[place] if self.headings else str(place + 1)


def _place_of(given: str, names: Sequence[str], column: Column) -> int:
    if given.strip() and heading(given) in names:
        return names.index(heading(given))
    if given.isdecimal() and 1 <= int(given) <= len(names):
        return int(given) - 1
    raise Refusal(f"--{column}-column: there is no column {given}")


def _quoted(headings: Sequence[str], found: Sequence[tuple[int, int]]) -> str:
    return " and ".join(f"“{headings[place]}”" for _, place in found)
