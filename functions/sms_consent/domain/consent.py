"""A person's consent for one opt-out list: the record, its states and the 30 days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sms_consent.domain.decision import Author, Decision
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.reply import RecentReply, Reply

__all__ = [
    "HOLD",
    "IN_FLIGHT_FOR",
    "UNKNOWN_TIME",
    "ChainHead",
    "Consent",
    "Drift",
    "DriftKind",
    "Due",
    "Lease",
    "Listing",
    "Status",
]

HOLD = timedelta(days=30)
"""A number can be deleted from an opt-out list once in this time (API reference, DeleteOptedOutNumber)."""


IN_FLIGHT_FOR = timedelta(seconds=30)
"""How long an AWS call that got no response may still take effect. AWS documents no limit; the clients wait five seconds for a
response, and a lease lasts this much longer than its worker."""


UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Replaces a stored time that cannot be read. Every request is newer."""


class Status(StrEnum):
    """The status that the opt-out list is made to match. While an opt-in is pending, the number is still on the list."""

    OPTED_OUT = "OPTED_OUT"
    OPTED_IN = "OPTED_IN"
    OPT_IN_PENDING = "OPT_IN_PENDING"


class Due(StrEnum):
    """Kinds of unfinished work, most urgent first. Sweep works in this order."""

    OPT_OUT = "OPT_OUT"
    REPLY = "REPLY"
    IMPORTED = "IMPORTED"  # imported opt-outs, perhaps hundreds of thousands: texts must not wait behind them
    OPT_IN = "OPT_IN"
    REJECTED = "REJECTED"  # rejected permanently by AWS: stored in a separate item, never in a consent


class DriftKind(StrEnum):
    """How an opt-out list differs from the ledger, worst first."""

    NOT_LISTED = "NOT_LISTED"  # opted out in the ledger but not on the list: AWS delivers texts
    NOT_RECORDED = "NOT_RECORDED"  # on the list but not in the ledger: added by somebody else
    STILL_LISTED = "STILL_LISTED"  # opted in in the ledger but on the list: AWS refuses texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A number's entry on an opt-out list, as AWS returns it.

    AWS sets EndUserOptedOut itself, to false for entries made through its API. Whether the person asked to be opted out
    is ``Consent.end_user_opted_out``. The two are kept apart.
    """

    at: datetime | None = None
    end_user_opted_out: bool | None = None
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A difference between a list and the ledger for one number. Its correction is in the consent."""

    number: str
    list_name: str
    kind: DriftKind
    found_at: datetime
    status: Status | None = None  # the status in the ledger; None if there was no consent
    listing: Listing | None = None  # the entry on the list; None if the number was not on it


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest entry of a number's evidence chain. ``begun_at`` is when its first entry was recorded."""

    sequence: int
    digest: str
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The exclusive right of one worker to make list calls for one consent, until a time."""

    worker: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One person's consent for one opt-out list, and whether the list matches it yet."""

    number: str
    list_name: str
    status: Status
    end_user_opted_out: bool
    decided_at: datetime
    decided_by: str
    asked_out_at: datetime | None = None  # the person's own newest opt-out, even if a later decision replaced it
    opted_in_at: datetime | None = None  # the newest opt-in by any author, even if a later decision replaced it
    first_asked_out_at: datetime | None = None  # the first opt-out by any author since the newest opt-in
    asked_out_count: int = 0  # the number of opt-outs since then; 0 if an older version recorded them
    version: int = 1  # rises with each change of status
    applied_version: int = 0  # the version that the list is known to match
    revision: int = 1  # rises with each write; conditional writes compare it
    listed: bool | None = None  # whether the number is known to be on the list
    listing: Listing | None = None
    deleted_at: datetime | None = None  # the last deletion from the list: starts the 30 days
    held_until: datetime | None = None  # when a pending opt-in may be released
    deleting: datetime | None = (
        None  # the time since which the worker with the lease may be calling DeleteOptedOutNumber
    )
    uncertain_delete_at: datetime | None = None  # the latest time of a deletion whose result is unknown
    in_flight_until: datetime | None = (
        None  # the time until which a put or deletion without a response may still take effect
    )
    refusal: str | None = None  # AWS's reason for refusing an opt-in that the ledger had not expected to be refused
    answer: Reply | None = None
    outbox: Decision | None = None  # the newest decision, until it is known to be in the history
    attempts: int = 0
    due: Due | None = None
    due_at: datetime | None = None
    lease: str | None = None
    lease_until: datetime | None = None
    drift: DriftKind | None = None  # the last drift that was found, written together with its correction
    drift_found_at: datetime | None = None
    decided_author: Author | None = None  # author of the newest decision; None if an older version recorded it
    recent_replies: tuple[RecentReply, ...] = ()  # the last three replies sent, oldest first
    rejections: int = 0  # validation errors about this number since the list last accepted it
    rejected_since: datetime | None = None  # the time of the first of them
    rejection: str | None = None  # code and reason of the last rejection, until the list accepts the number
    unlisted_since: datetime | None = None  # the time since which the number should be on the list but is not
    withdrawn_at: datetime | None = None  # when an import was last undone, which may move ``decided_at`` back
    chain: ChainHead | None = field(default=None, compare=False)  # the newest entry known when the consent was written
    outside_writes: int = field(default=0, compare=False)  # how often a release without the evidence chain wrote it
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @property
    def settled(self) -> bool:
        """Whether the list matches the consent, as far as the ledger knows."""
        return self.applied_version == self.version

    @property
    def since(self) -> datetime:
        """The time of the first request of the present opt-out; otherwise of the newest decision."""
        first = self.first_asked_out_at
        if self.status is not Status.OPTED_OUT or first is None:
            return self.decided_at
        # An earlier release does not reset it at an opt-in.
        return first if self.opted_in_at is None or first >= self.opted_in_at else self.decided_at

    @property
    def out_of_sync_since(self) -> datetime:
        """The time at which the list began to differ from this consent. Repeated requests and failed attempts do not
        change it."""
        if self.unlisted_since is not None:
            return self.unlisted_since
        return max(self.decided_at, self.drift_found_at or self.decided_at, self.withdrawn_at or self.decided_at)

    @property
    def surely_listed(self) -> bool:
        """Whether the number is certainly on the list: it was put there, and no deletion is running or uncertain."""
        return self.listed is True and self.deleting is None and self.uncertain_delete_at is None

    def leased_at(self, now: datetime) -> bool:
        """Return whether a worker has the lease."""
        return self.lease is not None and self.lease_until is not None and now < self.lease_until

    def has_call_in_flight(self, now: datetime) -> bool:
        """Return whether an earlier call without a response may still take effect, and undo what is done now."""
        return self.in_flight_until is not None and now < self.in_flight_until

    @property
    def latest_uncertain_delete(self) -> datetime | None:
        """The latest time at which a running or uncertain deletion can take effect, or None.

        For the deletion of a lost worker that is the end of its lease. The 30 days count from this time, since an opt-in must
        not be tried too early.
        """
        under_way = self.lease_until or self.deleting if self.deleting is not None else None
        known = [moment for moment in (self.uncertain_delete_at, under_way) if moment is not None]
        return max(known) if known else None

    def opt_in_possible_at(self) -> datetime | None:
        """Return when the 30 days after the latest deletion end; None if no deletion is known."""
        known = [moment for moment in (self.deleted_at, self.latest_uncertain_delete) if moment is not None]
        return max(known) + HOLD if known else None
