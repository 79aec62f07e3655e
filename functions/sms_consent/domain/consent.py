"""A person's consent for one opt-out list: the record, its states and the 30 days."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sms_consent.domain.decision import Author, Decision
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.reply import RecentReply, Reply

__all__ = ["HOLD", "LANDING", "UNKNOWN_TIME", "Consent", "DriftKind", "Due", "Lease", "Listing", "Status"]

HOLD = timedelta(days=30)
"""A number can be deleted from an opt-out list once in this time (API reference, DeleteOptedOutNumber)."""


LANDING = timedelta(seconds=30)
"""For so long after a call got no answer, the service may still carry it out. Its clients wait for five seconds; nothing
is documented, and a lease outlives its worker by as much."""


UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a stored time that cannot be read: every request is newer."""


class Status(StrEnum):
    """What should be; a number whose opt-in is pending is still on the list."""

    OPTED_OUT = "OPTED_OUT"
    OPTED_IN = "OPTED_IN"
    OPT_IN_PENDING = "OPT_IN_PENDING"


class Due(StrEnum):
    """The kinds of work that may be left; sweep does them in this order of urgency."""

    OPT_OUT = "OPT_OUT"
    REPLY = "REPLY"
    IMPORTED = "IMPORTED"  # opt-outs by the hundred thousand, honoured elsewhere for long: no text waits behind them
    OPT_IN = "OPT_IN"
    REJECTED = "REJECTED"  # rejected by AWS permanently: never on a consent, always on a separate item


class DriftKind(StrEnum):
    """What is wrong with the list, worst first."""

    NOT_LISTED = "NOT_LISTED"  # opted out here, and not on the list: AWS lets texts through
    NOT_RECORDED = "NOT_RECORDED"  # on the list, and unknown here: somebody else put it there
    STILL_LISTED = "STILL_LISTED"  # opted in here, and still on the list: AWS refuses texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A number's entry on an opt-out list, as the service gives it.

    The service sets its own EndUserOptedOut: false for entries made through its API. The person's own request is a fact
    of this ledger, in ``Consent.end_user_opted_out``; neither is written over the other.
    """

    at: datetime | None = None
    end_user_opted_out: bool | None = None
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's lease on making the list match: nobody else calls the list for this number until it ends."""

    worker: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One person's consent for one opt-out list, and how far the list has followed it."""

    number: str
    list_name: str
    status: Status
    end_user_opted_out: bool
    decided_at: datetime
    decided_by: str
    asked_out_at: datetime | None = None  # the person's own newest opt-out, whether or not it was the newest decision
    opted_in_at: datetime | None = None  # the newest opt-in by anybody, likewise
    version: int = 1  # rises with each change of status
    applied_version: int = 0  # the version that the list is known to match
    revision: int = 1  # rises with each write: what conditional writes compare
    listed: bool | None = None  # whether the number is known to be on the list
    listing: Listing | None = None
    deleted_at: datetime | None = None  # the last deletion from the list: starts the 30 days
    held_until: datetime | None = None  # when a pending opt-in may be released
    deleting: datetime | None = None  # since when the worker with the lease may be deleting
    delete_doubt: datetime | None = None  # when a deletion whose effect nobody knows was done at the latest, if it was
    landing_until: datetime | None = None  # until when a put or deletion that got no answer may still be carried out
    refusal: str | None = None  # the service's own words for refusing an opt-in that this ledger did not foresee
    answer: Reply | None = None
    outbox: Decision | None = None  # the decision behind this change, until it is known to be recorded
    attempts: int = 0
    due: Due | None = None
    due_at: datetime | None = None
    lease: str | None = None
    lease_until: datetime | None = None
    drift: DriftKind | None = None  # how the list was last found to differ, and when: written with what mends it
    drift_found_at: datetime | None = None
    decided_author: Author | None = None  # who made the newest decision; None where an older version recorded it
    recent_replies: tuple[RecentReply, ...] = ()  # the last three replies that were sent, oldest first
    rejections: int = 0  # validation errors about this number since the list last accepted it
    rejected_since: datetime | None = None  # the first of them
    rejection: str | None = None  # code and reason of the last rejection of any kind, until the list accepts the number
    unlisted_since: datetime | None = None  # since when the number has had to be put on the list
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @property
    def settled(self) -> bool:
        """Whether the list matches, as far as this ledger knows."""
        return self.applied_version == self.version

    @property
    def owed_since(self) -> datetime:
        """When the list last began to differ from this consent. Repeated requests and failed attempts do not change it."""
        if self.unlisted_since is not None:
            return self.unlisted_since
        return max(self.decided_at, self.drift_found_at or self.decided_at)

    @property
    def surely_listed(self) -> bool:
        """Whether the number is on the list beyond doubt: it was put there, and no deletion is under way or in doubt."""
        return self.listed is True and self.deleting is None and self.delete_doubt is None

    def leased_at(self, now: datetime) -> bool:
        """Whether some worker may be calling the list for this number at this time."""
        return self.lease is not None and self.lease_until is not None and now < self.lease_until

    def landing_at(self, now: datetime) -> bool:
        """Whether an earlier call may yet undo what would be done at this time."""
        return self.landing_until is not None and now < self.landing_until

    @property
    def doubted_deletion(self) -> datetime | None:
        """The latest time at which a deletion under way or in doubt can have been carried out: for a lost worker's, the
        end of its lease. The 30 days count from there, since the later release is the safe side."""
        under_way = self.lease_until or self.deleting if self.deleting is not None else None
        known = [moment for moment in (self.delete_doubt, under_way) if moment is not None]
        return max(known) if known else None

    def leased(self, claim: Lease, now: datetime) -> Consent:
        """Under this worker's lease, with what a lost worker may have done kept in doubt."""
        leased = replace(
            self, lease=claim.worker, lease_until=claim.until, due_at=claim.until, delete_doubt=self.doubted_deletion
        )
        return leased.announced(now)

    def announced(self, now: datetime) -> Consent:
        """What the worker with the lease is about to do.

        Before a number is put on the list, a deletion in doubt is counted as one: afterwards, that the number is found
        there no longer tells that the deletion never was.
        """
        if self.status is not Status.OPTED_OUT:
            return replace(self, deleting=now)
        counted = [moment for moment in (self.deleted_at, self.delete_doubt) if moment is not None]
        return replace(self, deleting=None, deleted_at=max(counted) if counted else None)

    @property
    def is_announced(self) -> bool:
        """Whether ``announced`` has nothing to add."""
        if self.status is not Status.OPTED_OUT:
            return self.deleting is not None
        counted = self.delete_doubt is None or (self.deleted_at is not None and self.deleted_at >= self.delete_doubt)
        return self.deleting is None and counted

    def opt_in_possible_at(self) -> datetime | None:
        """The end of the 30 days, or None if no deletion is known."""
        known = [moment for moment in (self.deleted_at, self.doubted_deletion) if moment is not None]
        return max(known) + HOLD if known else None
