"""A decision: what was asked for, by whom, through which channel, and how it was understood. Written once, as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["Asked", "Author", "Decision", "Outcome"]


class Asked(StrEnum):
    """What a decision asks for."""

    OPT_OUT = "OPT_OUT"
    OPT_IN = "OPT_IN"
    HELP = "HELP"
    UNCLEAR = "UNCLEAR"
    UNKNOWN = "UNKNOWN"  # stands for a value that a newer version wrote; never written


class Author(StrEnum):
    """Who made a decision."""

    END_USER = "END_USER"
    AGENT = "AGENT"
    IMPORT = "IMPORT"
    AWS = "AWS"
    UNKNOWN = "UNKNOWN"  # stands for a value that a newer version wrote; never written


class Outcome(StrEnum):
    """The effect that a decision had when it was recorded."""

    CHANGED = "CHANGED"  # the consent is another since
    CONFIRMED = "CONFIRMED"  # newest, and asked for what already was
    STALE = "STALE"  # a newer one had been recorded before it arrived
    ANSWERED = "ANSWERED"  # asked for help or was unclear: no consent hangs on it
    IGNORED = "IGNORED"  # an ordinary answer from a person who is not opted out; never recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One request about one number.

    ``id`` is the same for every delivery of the request. ``at`` is when it was made: for a text the timestamp of its SNS
    notification, which AWS recommends for ordering inbound texts.
    """

    id: str
    number: str
    asked: Asked
    at: datetime
    author: Author
    through: str  # our number or agent that was texted, or the name of the channel
    tier: str | None = None
    rule: str | None = None
    matched: str | None = None
    language: str | None = None
    rules_version: str | None = None
    body: str | None = None
    actor: str | None = None  # which agent or key, where it was no end user
    reference: str | None = None  # the actor's own, such as a ticket, or a place in a file
    list_name: str | None = None  # the opt-out list that it was made to; None where an older version recorded it
    end_user: bool | None = None  # of an import: whether the person themselves had asked, as its source has it
    only_if_opted_out: bool | None = None  # True for an opt-in by a word that is also an ordinary answer, such as YES
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @property
    def by_end_user(self) -> bool:
        """Whether the person asked, rather than somebody for them. EndUserOptedOut records this."""
        return self.author is Author.END_USER or self.end_user is True
