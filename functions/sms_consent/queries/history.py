"""The history of one person: the consents on every list, and the decisions, newest first."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import ConsentError
from sms_consent.domain.evidence import Fact
from sms_consent.domain.time import as_text

__all__ = ["ConsentQueries", "Entry", "NoSuchPlace", "Page", "page_of"]

_PLACE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[!-~]{1,200}", re.ASCII)


class ConsentQueries(Protocol):
    """Queries of one number. Reads are consistent. Every method raises TryAgain or Rejected."""

    def consents(self, number: str) -> list[Consent]:
        """Return the consents on every list."""

    def decisions(
        self, number: str, *, before: str | None, most: int
    ) -> list[tuple[Decision, Outcome | None, datetime | None]]:
        """Return up to ``most`` decisions, newest first, older than the position ``before`` (``<time>#<id>``) if given."""

    def facts(self, number: str) -> list[Fact]:
        """Return the facts about a number, in the order in which they were recorded."""


class NoSuchPlace(ConsentError):
    """The page token is invalid, or was issued for another number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision in the history. ``outcome`` is None while the decision is only in a consent's outbox."""

    decision: Decision
    outcome: Outcome | None
    recorded_at: datetime | None

    @property
    def place(self) -> str:
        """The entry's position in its number's history."""
        return f"{as_text(self.decision.at)}#{self.decision.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a history, and the token of the next page; None after the last."""

    entries: tuple[Entry, ...]
    next: str | None


def page_of(register: ConsentQueries, number: str, *, size: int, token: str | None) -> Page:
    """Return the next entries, newest first. Raises NoSuchPlace, TryAgain or Rejected.

    A token is only a position. It gives no access to another number's history.
    """
    before = _place_from(token, number) if token is not None else None
    recorded = [Entry(*each) for each in register.decisions(number, before=before, most=size + 1)]
    known = {entry.decision.id for entry in recorded}
    beside = [each for each in _in_outboxes(register.consents(number)) if each.decision.id not in known]
    if before is not None:
        beside = [each for each in beside if each.place < before]
    entries = sorted((*recorded, *beside), key=lambda entry: entry.place, reverse=True)
    shown = tuple(entries[:size])
    return Page(shown, _token_for(shown[-1].place, number) if len(entries) > size else None)


def _in_outboxes(consents: Iterable[Consent]) -> list[Entry]:
    """Return the decisions in the outboxes of consents. Some of them may already be in the history."""
    return [Entry(consent.outbox, None, None) for consent in consents if consent.outbox is not None]


def _token_for(place: str, number: str) -> str:
    return base64.urlsafe_b64encode(f"{_mark(number)}{place}".encode()).decode().rstrip("=")


def _place_from(token: str, number: str) -> str:
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        raise NoSuchPlace("no token of this history") from None
    place = text.removeprefix(_mark(number))
    if place == text or not _PLACE.fullmatch(place):
        raise NoSuchPlace("no token of this history")
    return place


def _mark(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:8]
