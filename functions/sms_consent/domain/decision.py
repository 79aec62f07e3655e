"""A decision: what was asked for, by whom, through which channel, and how it was understood. Written once, as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["LONGEST_MATCHED", "Asked", "Author", "Decision", "Outcome"]

LONGEST_MATCHED = 1_000
"""Characters that are kept of the words that decided: with a large text twice, an item would exceed DynamoDB's 400 KB."""


class Asked(StrEnum):
    """The request of a decision."""

    OPT_OUT = "OPT_OUT"
    OPT_IN = "OPT_IN"
    HELP = "HELP"
    UNCLEAR = "UNCLEAR"
    UNKNOWN = "UNKNOWN"  # replaces a value that a newer version wrote; never written


class Author(StrEnum):
    """The author of a decision."""

    END_USER = "END_USER"
    AGENT = "AGENT"
    IMPORT = "IMPORT"
    AWS = "AWS"
    UNKNOWN = "UNKNOWN"  # replaces a value that a newer version wrote; never written


class Outcome(StrEnum):
    """The effect that a decision had when it was recorded."""

    CHANGED = "CHANGED"  # the consent changed
    CONFIRMED = "CONFIRMED"  # newest, and confirmed the status
    STALE = "STALE"  # a newer decision had been recorded before
    ANSWERED = "ANSWERED"  # HELP or unclear: no consent is affected
    IGNORED = "IGNORED"  # an everyday word from a person who is not opted out; never recorded


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
    through: str  # the origination identity that was texted, or the name of the channel
    tier: str | None = None
    rule: str | None = None
    matched: str | None = None
    language: str | None = None
    rules_version: str | None = None
    body: str | None = None
    actor: str | None = None  # the agent or key, if not the end user
    reference: str | None = None  # the actor's reference, such as a ticket, or a place in a file
    list_name: str | None = None  # the opt-out list it was made to; None if an older version recorded it
    end_user: bool | None = None  # of an import: whether the person asked, according to its source
    only_if_opted_out: bool | None = None  # True for an opt-in by an everyday word such as YES
    import_id: str | None = None  # the import that recorded it, or that it withdraws
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @property
    def waits_behind_texts(self) -> bool:
        """Whether its list call waits until those for texts are made: it was imported, perhaps with thousands of others."""
        from_log = self.author is Author.END_USER and self.import_id is not None
        return self.author is Author.IMPORT or from_log
