"""What a decision makes of a consent: the state machine and the 30 days, pure, with time passed in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.reply import RecentReply, Reply, ReplyState

__all__ = ["HOLD", "LANDING", "Consent", "DriftKind", "Due", "Lease", "Listing", "Status", "decide", "moved_back"]

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


def decide(
    standing: Consent | None,
    decision: Decision,
    list_name: str,
    *,
    now: datetime,
    claim: Lease | None,
    answer: Reply | None,
) -> tuple[Outcome, Consent | None]:
    """What becomes of a consent, and None in place of a consent where nothing is to be written.

    A decision counts if it is newer than the newest recorded one; at equal times opting out wins. One that counts
    ``only_if_opted_out`` is IGNORED unless the newest recorded one is an older opt-out. ``claim`` is the
    lease to take if the change leaves work, None to leave that work to sweep; ``answer`` is the reply due if it changes.
    """
    if standing is not None and standing.outbox is not None and standing.outbox.id == decision.id:
        return Outcome.CHANGED, None  # delivered again before its recording was complete, whatever was confirmed since
    if standing is not None and standing.decided_by == decision.id:
        return Outcome.CONFIRMED, None
    if decision.only_if_opted_out and not _reverses_opt_out(decision, standing):
        return Outcome.IGNORED, None
    if standing is not None and not _supersedes(decision, standing):
        noted = _noted(standing, decision)
        return Outcome.STALE, replace(noted, revision=standing.revision + 1) if noted != standing else None
    if standing is not None and _asks_for_what_is(decision, standing):
        imported = standing.due is Due.IMPORTED and decision.author is not Author.IMPORT
        confirmed = replace(
            standing, unlisted_since=min(decision.at, now) if imported else standing.owed_since,
            decided_at=decision.at, decided_by=decision.id, decided_author=decision.author,
            due=_urgency(standing.due, decision), revision=standing.revision + 1,
        )  # fmt: skip
        return Outcome.CONFIRMED, _noted(_due_again(confirmed, now), decision)
    changed = _changed(standing, decision, list_name)
    if decision.asked is Asked.OPT_OUT:
        changed = replace(changed, unlisted_since=min(decision.at, now))
        # A number that is still on the list cannot be sent a confirmation: the service refuses it.
        due = Due.IMPORTED if decision.author is Author.IMPORT else Due.OPT_OUT
        return Outcome.CHANGED, _with_work(changed, due, claim, None if changed.surely_listed else answer, now)
    release = changed.opt_in_possible_at()
    if release is not None and now < release:
        changed = replace(changed, status=Status.OPT_IN_PENDING, held_until=release)
        if changed.surely_listed:
            return Outcome.CHANGED, replace(
                changed, applied_version=changed.version, answer=answer, due=Due.OPT_IN, due_at=release
            )
    return Outcome.CHANGED, _with_work(changed, Due.OPT_IN, claim, answer, now)


def moved_back(
    standing: Consent, earlier: Decision, newest: Decision | None, *, undecided: bool, now: datetime
) -> Consent:
    """Return the consent after an earlier copy of its newest decision arrived.

    Args:
        standing: The consent as it is stored; ``standing.decided_by`` is the id of ``earlier``.
        earlier: The copy, whose time counts from now on.
        newest: The newest other decision between the two copies, which counts again.
        undecided: Whether there are too many decisions to find it. An opt-out by the person in between then counts.
        now: The time.
    """
    opted_in_at = standing.opted_in_at
    if earlier.asked is Asked.OPT_IN and opted_in_at == standing.decided_at:
        opted_in_at = earlier.at
    outbox = standing.outbox
    if outbox is not None and outbox.id == earlier.id:
        outbox = earlier  # the history must have the earliest time, since later copies are compared with that
    reset = replace(
        standing, decided_at=earlier.at, opted_in_at=opted_in_at, outbox=outbox, revision=standing.revision + 1
    )
    if undecided and standing.status is not Status.OPTED_OUT and (standing.asked_out_at or earlier.at) > earlier.at:
        opted_out = replace(
            reset, status=Status.OPTED_OUT, decided_at=standing.asked_out_at or earlier.at, version=reset.version + 1,
            held_until=None, answer=None, attempts=0, end_user_opted_out=True,
        )  # fmt: skip
        return replace(opted_out, due=Due.OPT_OUT, due_at=standing.lease_until if standing.leased_at(now) else now)
    if newest is None:
        return reset
    if outbox is not None and outbox.id == newest.id:
        reset = replace(reset, outbox=None)  # it counts again, so it is not a redelivery
    changed = decide(reset, newest, standing.list_name, now=now, claim=None, answer=None)[1] or reset
    return changed if changed.outbox is not None else replace(changed, outbox=outbox)


def _supersedes(decision: Decision, standing: Consent) -> bool:
    if decision.at != standing.decided_at:
        return decision.at > standing.decided_at
    return decision.asked is Asked.OPT_OUT and standing.status is not Status.OPTED_OUT


def _reverses_opt_out(decision: Decision, standing: Consent | None) -> bool:
    return standing is not None and standing.status is Status.OPTED_OUT and standing.decided_at < decision.at


def _asks_for_what_is(decision: Decision, standing: Consent) -> bool:
    if decision.asked is Asked.OPT_OUT and _is_guessed(standing):
        return False
    return (decision.asked is Asked.OPT_OUT) is (standing.status is Status.OPTED_OUT)


def _is_guessed(standing: Consent) -> bool:
    """Whether an item that cannot be read completely looks finished, although the number may not be on the list."""
    unreadable = standing.preserved.unreadable if standing.preserved is not None else {}
    guessed = not unreadable.keys().isdisjoint(("status", "version", "applied_version"))
    return guessed and standing.settled and not standing.surely_listed


def _urgency(due: Due | None, decision: Decision) -> Due | None:
    """Who asks again what was imported waits behind no import."""
    return Due.OPT_OUT if due is Due.IMPORTED and decision.author is not Author.IMPORT else due


def _due_again(consent: Consent, now: datetime) -> Consent:
    """Make unfinished work due if it is not, as if it were new.

    The number was rejected permanently, the item was edited, or a newer version left a kind of work unknown here.
    """
    if consent.settled or consent.leased_at(now) or (consent.due is not None and consent.due_at is not None):
        return consent
    kind = Due.OPT_OUT if consent.status is Status.OPTED_OUT else Due.OPT_IN
    return replace(
        consent, due=consent.due or kind, due_at=now, unlisted_since=min(consent.decided_at, now), attempts=0,
        rejections=0, rejected_since=None, rejection=None,
    )  # fmt: skip


def _noted(consent: Consent, decision: Decision) -> Consent:
    """Whether the person asked to be opted out, by times alone, so that it comes out the same in any order of arrival.

    They did if an opt-out of theirs is as new as the newest opt-in: what an agent repeats after them takes nothing away.
    """
    asked_out_at, opted_in_at = consent.asked_out_at, consent.opted_in_at
    if decision.asked is Asked.OPT_IN:
        opted_in_at = decision.at if opted_in_at is None else max(opted_in_at, decision.at)
    elif decision.by_end_user:
        asked_out_at = decision.at if asked_out_at is None else max(asked_out_at, decision.at)
    stands = asked_out_at is not None and (opted_in_at is None or asked_out_at >= opted_in_at)
    return replace(
        consent,
        asked_out_at=asked_out_at,
        opted_in_at=opted_in_at,
        end_user_opted_out=stands and consent.status is Status.OPTED_OUT,
    )


def _changed(standing: Consent | None, decision: Decision, list_name: str) -> Consent:
    status = Status.OPTED_OUT if decision.asked is Asked.OPT_OUT else Status.OPTED_IN
    if standing is None:
        consent = Consent(
            number=decision.number,
            list_name=list_name,
            status=status,
            end_user_opted_out=False,
            decided_at=decision.at,
            decided_by=decision.id,
            decided_author=decision.author,
            outbox=decision,
        )
        return _noted(consent, decision)
    changed = replace(
        standing,
        status=status,
        decided_at=decision.at,
        decided_by=decision.id,
        decided_author=decision.author,
        preserved=standing.preserved.without("status") if standing.preserved is not None else None,
        version=standing.version + 1,
        revision=standing.revision + 1,
        held_until=None,
        refusal=None,
        unlisted_since=None,
        answer=None,
        outbox=decision,
        attempts=0,
        due=None,
        due_at=None,
        rejections=0,
        rejected_since=None,
        rejection=None,
    )
    return _noted(changed, decision)


def _with_work(changed: Consent, due: Due, claim: Lease | None, answer: Reply | None, now: datetime) -> Consent:
    if changed.leased_at(now):
        # Another worker is at the list right now. It finds this change when it is done; if it is lost, sweep does.
        return replace(changed, due=due, due_at=changed.lease_until, answer=answer)
    doubt = changed.doubted_deletion
    if due is Due.OPT_IN and changed.landing_at(now):
        # A put that got no answer might land after the deletion, and a second deletion would have to wait for 30 days.
        return replace(
            changed, due=due, due_at=changed.landing_until, answer=answer, lease=None, lease_until=None,
            deleting=None, delete_doubt=doubt,
        )  # fmt: skip
    if claim is None:
        return replace(
            changed, due=due, due_at=now, answer=answer, lease=None, lease_until=None, deleting=None, delete_doubt=doubt
        )
    if answer is not None and answer.state is ReplyState.DUE and due is Due.OPT_OUT:
        answer = answer.claimed(claim.worker)
    return replace(changed, due=due, answer=answer).leased(claim, now)
