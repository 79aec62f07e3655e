"""The status column: whether a line is an opt-out. A status counts only if heading and cell are unambiguous.

The tables list which headings name a status, what their yes means, and which words mean which request. Headings are compared
as sets of words without those that carry no meaning (``sms``, ``has``, ``of``): ``Opted Out``, ``sms_opted_out`` and
``HasOptedOutOfMobile`` are equal, and a further word such as ``email`` or ``reason`` makes another heading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sms_consent.domain.decision import Asked
from sms_consent_cli.shared.delimited_file import normalised_heading

__all__ = ["NoRequest", "StatusColumn", "StatusKind", "about_texting", "status_columns", "status_kind"]


class StatusKind(StrEnum):
    """What the cells of a status column hold."""

    WORDS = "words"  # a status by its name; yes and no have no meaning
    YES_IS_OUT = "yes is an opt-out"
    YES_IS_IN = "yes is an opt-in"
    TIME_OF_OPT_OUT = "a time is an opt-out"


class NoRequest(StrEnum):
    """A status that requests nothing."""

    NOTHING = "NOTHING"  # never subscribed or never answered: neither an opt-out nor an opt-in


# Shopify's customers (“Accepts SMS Marketing”, yes or no), its API and those who follow it (“SMS Marketing Status”,
# “smsMarketingState”), Klaviyo (“SMS Consent”, SUBSCRIBED …), Mailchimp (“SMS Marketing Status”, Subscribed …), Twilio's
# Consent API (status, opt-in, opt-out, re-opt-in), Salesforce (HasOptedOutOfMobile), Brevo and Infobip (blacklist, blocklist).
_KINDS: Mapping[StatusKind, tuple[str, ...]] = {
    StatusKind.WORDS: (
        "status", "state", "consent status", "consent state", "subscription status", "subscription state",
        "subscriber status", "opt status", "permission status",
    ),
    StatusKind.YES_IS_OUT: (
        "opted out", "opt out", "optout", "optedout", "unsubscribed", "unsubscribe", "blocked", "blacklisted",
        "blacklist", "blocklisted", "blocklist", "do not", "do not contact", "dnc", "stopped", "suppressed", "revoked",
        "opt out status", "optout status",
    ),
    StatusKind.YES_IS_IN: (
        "subscribed", "opted in", "opt in", "optin", "optedin", "consent", "consented", "consents", "accepts", "accept",
        "accepted", "consent given", "consent granted", "permission", "opt in status", "optin status",
    ),
    StatusKind.TIME_OF_OPT_OUT: (
        "opted out at", "opted out timestamp", "opted out date", "opted out on", "opt out at", "opt out time",
        "opt out date", "opt out timestamp", "optout at", "optout time", "optout date", "optout timestamp",
        "unsubscribed at", "unsubscribed date", "unsubscribed on", "unsubscribed timestamp", "unsubscribe date",
        "unsubscribe time", "date unsubscribed", "date opted out",
    ),
}  # fmt: skip
_TEXTING = frozenset({"sms", "mms", "text", "texts", "texting", "mobile"})
_SILENT = _TEXTING | {
    "is",
    "has",
    "have",
    "of",
    "to",
    "from",
    "for",
    "current",
    "phone",
    "message",
    "messages",
    "messaging",
}
_MARKETING = "marketing"
"""Without a word for texts it may be about e-mail, as Shopify's “Accepts Marketing” was."""
_NEEDS_TEXTING = frozenset(
    {
        "accept",
        "accepts",
        "accepted",
        "permission",
        "state",
        "blocked",
        "blacklist",
        "blacklisted",
        "blocklist",
        "blocklisted",
    }
    | {"do", "not"}
)
"""Headings that are ambiguous without a word for texts: “State” may be Ohio."""

_WORDS: Mapping[Asked | NoRequest, tuple[str, ...]] = {
    Asked.OPT_OUT: (
        "opted_out", "opt_out", "optout", "optedout", "out", "unsubscribed", "unsubscribe", "stop", "stopped", "suppressed",
        "revoked", "blocked", "blacklisted", "blocklisted", "opt_out_message", "do_not_contact", "do_not_text", "dnc",
    ),
    Asked.OPT_IN: (
        "opted_in", "opt_in", "optin", "optedin", "in", "subscribed", "subscribe", "start", "active", "re_opt_in",
        "opt_in_pending", "resubscribed", "unstop",
    ),
    NoRequest.NOTHING: (
        "never_subscribed", "not_subscribed", "non_subscribed", "nonsubscribed", "never_opted_in", "not_opted_in",
        "not_opted_out", "none", "pending", "unconfirmed", "unknown", "no_consent",
    ),
}  # fmt: skip
_STATUS_ONLY = frozenset({"in", "out", "start", "active", "none", "blocked", "stopped", "unknown"})
"""Words that are a status only under a heading for statuses: under “Opted out”, “active” is ambiguous."""
_YES, _NO = frozenset({"true", "yes", "y", "1", "t"}), frozenset({"false", "no", "n", "0", "f"})

_PLAIN_HEADING = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _\-.:/()?']*")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _\-]*")
"""Other characters, such as a negation sign, can change the meaning of a heading or word."""
_CUSTOM_FIELD = re.compile(r"(?:[A-Za-z0-9]+__)?([A-Za-z0-9_]+?)__p?c")
"""Salesforce's custom fields: a namespace before the name, ``__c`` after it."""


def _words(name: str) -> tuple[str, ...]:
    return tuple(normalised_heading(name).split("_"))


_KIND_OF: Mapping[frozenset[str], StatusKind] = {
    frozenset(name.split()): kind for kind, names in _KINDS.items() for name in names
}
_REQUEST_OF: Mapping[str, Asked | NoRequest] = {word: asked for asked, words in _WORDS.items() for word in words}


def about_texting(name: str) -> bool:
    """Return whether a heading is about texts."""
    return bool(_TEXTING & set(_words(name)))


def status_kind(name: str) -> StatusKind | None:
    """Return what a column with this heading holds, or None if that is not certain."""
    custom = _CUSTOM_FIELD.fullmatch(name.strip())
    name = custom[1] if custom is not None else name.strip()
    if not _PLAIN_HEADING.fullmatch(name):
        return None
    words = _words(name)
    telling = [word for word in words if word not in _SILENT]
    texting = about_texting(name)
    if _MARKETING in telling and texting:
        telling.remove(_MARKETING)
    if len(set(telling)) != len(telling) or (not texting and set(telling) <= _NEEDS_TEXTING):
        return None
    return _KIND_OF.get(frozenset(telling))


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """The column that says what each line requests."""

    place: int
    kind: StatusKind

    def read(self, cell: str) -> Asked | NoRequest:
        """Return the request in a cell. Raises ValueError if it is not certain: such a line is never an opt-out."""
        cell = cell.strip()
        if self.kind is StatusKind.TIME_OF_OPT_OUT:
            if not cell:
                raise ValueError(
                    "it has no time, so it may not be an opt-out: if every line is one, give the time of the export with "
                    "--as-of, and --all-opted-out"
                )
            return Asked.OPT_OUT  # the caller rejects invalid times
        if not cell:
            raise ValueError("its status is empty, so it may not be an opt-out")
        word = normalised_heading(cell) if _PLAIN_WORD.fullmatch(cell) else ""
        if word in _REQUEST_OF and (self.kind is StatusKind.WORDS or word not in _STATUS_ONLY):
            return _REQUEST_OF[word]
        if word in _YES | _NO:
            return self._truth(word in _YES)
        raise ValueError("its status is not a known opt-out or opt-in, such as opted_out or subscribed")

    def _truth(self, yes: bool) -> Asked | NoRequest:
        if self.kind is StatusKind.YES_IS_OUT:
            return Asked.OPT_OUT if yes else NoRequest.NOTHING  # not having opted out is not a request to opt in
        if self.kind is StatusKind.YES_IS_IN:
            return Asked.OPT_IN if yes else Asked.OPT_OUT
        raise ValueError("its heading does not say whether yes is an opt-out: give --yes-means")


def status_columns(names: Sequence[str]) -> list[tuple[int, StatusKind]]:
    """Return the columns whose heading names a status; a time of an opt-out only if there is no other."""
    kinds = [(place, kind) for place, name in enumerate(names) if (kind := status_kind(name)) is not None]
    times = [each for each in kinds if each[1] is StatusKind.TIME_OF_OPT_OUT]
    return [each for each in kinds if each not in times] or times
