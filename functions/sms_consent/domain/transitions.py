"""What a worker's findings make of a consent: claims, marks and postponements, pure, each right on whatever now stands.

Facts about the list (put, deleted, found) hold whatever was decided meanwhile; ``applied_version`` follows only if the
version that the worker applied still stands. So two racing texts end where the ledger is, in any interleaving.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sms_consent.domain.consent import LANDING, Consent, Due, Lease, Listing, Status
from sms_consent.domain.errors import Rejected, Throttled, TryAgain, Untouched
from sms_consent.domain.rejections import is_permanent
from sms_consent.domain.reply import Delivery, ReplyState

__all__ = [
    "OPT_IN_ANSWER_USEFUL_FOR",
    "Patience",
    "Work",
    "announced",
    "answer_claimed",
    "answered",
    "claimed",
    "confirmed_listed",
    "deleted_without_lease",
    "found_unlisted",
    "let_go",
    "listed",
    "postponed",
    "recorded",
    "refused",
    "rejected",
    "set_aside",
    "work_left",
]


class Work(StrEnum):
    """The next thing that the list, or the person, is owed."""

    PUT = "PUT"
    DELETE = "DELETE"
    VERIFY = "VERIFY"  # is a number whose opt-in must wait on the list at all?
    ANSWER = "ANSWER"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before the same call again: doubled with each attempt, up to the most."""

    first: timedelta
    most: timedelta

    def after(self, attempts: int) -> timedelta:
        """The wait after so many failed attempts."""
        return min(self.first * (1 << min(attempts, 20)), self.most)


THROTTLED = Patience(timedelta(seconds=1), timedelta(minutes=1))
UNAVAILABLE = Patience(timedelta(seconds=5), timedelta(minutes=5))
REJECTED = Patience(timedelta(minutes=1), timedelta(minutes=5))
NUMBER_REJECTED = Patience(timedelta(minutes=4), timedelta(minutes=32))
"""Five attempts take an hour, after which the number counts as rejected permanently."""
REFUSED_AGAIN_AFTER = timedelta(days=1)
"""An opt-in that the service refused without this ledger knowing of a deletion is tried again daily."""
OPT_IN_ANSWER_USEFUL_FOR = timedelta(days=1)
"""A confirmation of an opt-in that could not be sent for so long surprises more than it helps."""


def work_left(consent: Consent, now: datetime, worker: str | None = None) -> Work | None:
    """What is to be done next, by this worker if one is named; None if the list matches, or nothing may be done yet."""
    answer = consent.answer
    answer_due = answer is not None and (
        answer.state is ReplyState.DUE or (worker is not None and answer.held_by(worker))
    )
    if consent.status is Status.OPTED_OUT:
        return None if consent.settled else Work.PUT
    if not consent.settled and consent.landing_at(now):
        return None
    if consent.status is Status.OPT_IN_PENDING:
        if not consent.settled:
            return Work.VERIFY
        return Work.DELETE if consent.held_until is not None and consent.held_until <= now else None
    if not consent.settled:
        return Work.DELETE
    return Work.ANSWER if answer_due else None


def claimed(consent: Consent, claim: Lease, now: datetime) -> Consent:
    """Under this worker's lease; what a lost worker may have done stays in doubt."""
    answer = consent.answer
    if answer is not None and (
        answer.state is ReplyState.CLAIMED or work_left(consent, now) in {Work.PUT, Work.ANSWER}
    ):
        answer = answer.taken_over(claim.worker, now)
    return replace(consent, revision=consent.revision + 1, answer=answer).leased(claim, now)


def announced(consent: Consent, worker: str, now: datetime) -> Consent:
    """What the worker with the lease is about to do: a deletion is never made before the ledger knows of it."""
    if consent.lease != worker or consent.is_announced:
        return consent
    return replace(consent.announced(now), revision=consent.revision + 1)


def listed(consent: Consent, worker: str, version: int, listing: Listing, now: datetime) -> Consent:
    """PutOptedOutNumber took effect."""
    if consent.lease != worker:
        return consent
    consent = replace(consent, revision=consent.revision + 1, listed=True, listing=listing)
    may_be_undone = consent.delete_doubt is not None and consent.landing_at(now)
    if not may_be_undone:
        consent = replace(consent, delete_doubt=None)
    if consent.version != version:
        return consent  # another decision came meanwhile: the same worker goes on with that
    if may_be_undone:
        # On the list, but a deletion that got no answer may yet take it off: put again once that is over.
        return replace(
            _done(consent), applied_version=consent.applied_version, due=Due.OPT_OUT, due_at=consent.landing_until
        )
    return _done(consent)


def found_unlisted(
    consent: Consent, worker: str, version: int, *, deleted_at: datetime | None, now: datetime
) -> Consent:
    """The number is off the list: ``deleted_at`` says since when, or None if it never was on it."""
    if consent.lease != worker:
        return consent
    consent = replace(
        consent,
        revision=consent.revision + 1,
        listed=False,
        listing=None,
        deleted_at=_latest(consent.deleted_at, deleted_at),
        deleting=None,
        delete_doubt=None,
    )
    if consent.version != version:
        return consent
    opted_in = replace(consent, status=Status.OPTED_IN, held_until=None)
    if opted_in.answer is None or opted_in.answer.state is not ReplyState.DUE:
        return _done(opted_in)
    # Its time starts now: while the number was on the list, the service would have refused it.
    answer = replace(opted_in.answer.claimed(worker), until=now + OPT_IN_ANSWER_USEFUL_FOR)
    return replace(opted_in, applied_version=consent.version, answer=answer)


def deleted_without_lease(
    consent: Consent, worker: str, now: datetime, *, deleted_at: datetime | None, in_doubt: bool
) -> Consent:
    """Reopen the work after a deletion by a worker that had lost its lease.

    Another worker may have put the number back before the deletion, or may be doing so. The version rises, so that its put
    does not count and is made again.

    Args:
        consent: The consent as it stands.
        worker: The worker that made the deletion.
        now: The present time.
        deleted_at: When the number was deleted; None if it was not on the list, or nobody knows.
        in_doubt: Whether the deletion got no answer, so that it may still take effect.
    """
    if consent.lease == worker:
        return consent
    opted_out = consent.status is Status.OPTED_OUT
    found = replace(consent, revision=consent.revision + 1, deleted_at=_latest(consent.deleted_at, deleted_at))
    if in_doubt:
        landing_until = now + LANDING
        found = replace(found, landing_until=landing_until, delete_doubt=_latest(consent.delete_doubt, landing_until))
    else:
        found = replace(found, listed=False, listing=None)
    if consent.status is Status.OPTED_IN and not in_doubt:
        return found  # as it should be
    due_at = max(now, found.landing_until or now) if in_doubt and not opted_out else now
    if consent.leased_at(now):
        due_at = max(due_at, consent.lease_until or due_at)
    return replace(
        found,
        version=consent.version + 1,
        attempts=0,
        due=Due.OPT_OUT if opted_out else Due.OPT_IN,
        due_at=due_at,
        unlisted_since=now if opted_out and consent.settled else consent.unlisted_since,
    )


def confirmed_listed(consent: Consent, worker: str, version: int, listing: Listing, now: datetime) -> Consent:
    """A number whose opt-in must wait is on the list indeed, so that a deletion still in doubt never was."""
    if consent.lease != worker:
        return consent
    consent = replace(
        consent, revision=consent.revision + 1, listed=True, listing=listing, deleting=None, delete_doubt=None
    )
    if consent.version != version:
        return consent
    release = max(now, consent.opt_in_possible_at() or now)
    return replace(_done(consent), held_until=release, due=Due.OPT_IN, due_at=release)


def refused(consent: Consent, worker: str, version: int, reason: str, now: datetime) -> Consent:
    """DeleteOptedOutNumber was refused, which this ledger had not foreseen: pending, and tried again daily."""
    if consent.lease != worker:
        return consent
    consent = replace(
        consent,
        revision=consent.revision + 1,
        listed=True,
        deleting=None,
        delete_doubt=None,
        refusal=reason,
    )
    if consent.version != version:
        return consent
    again = now + REFUSED_AGAIN_AFTER
    return replace(
        _done(consent), status=Status.OPT_IN_PENDING, held_until=again, attempts=consent.attempts + 1,
        due=Due.OPT_IN, due_at=again,
    )  # fmt: skip


def postponed(
    consent: Consent,
    worker: str,
    version: int,
    failure: TryAgain | Rejected,
    now: datetime,
    *,
    changing: Work | None = None,
    final: bool = False,
) -> Consent:
    """Given back to sweep: nothing recorded is ever dropped, however long the service fails.

    A number that is rejected permanently is left without due work if ``final`` is given: the caller has then recorded it as
    ``RejectedWork``.

    ``changing`` is PUT or DELETE if it was such a call that failed. What another decision made due meanwhile has not
    failed yet: it does not wait for this call's back-off.
    """
    if consent.lease != worker:
        return consent
    landing_until, delete_doubt = consent.landing_until, consent.delete_doubt
    if changing is not None and not isinstance(failure, Untouched | Rejected):
        landing_until = now + LANDING
        delete_doubt = landing_until if changing is Work.DELETE else delete_doubt
    same = consent.version == version
    consent = rejected(consent, failure, now) if same else consent
    due_at = now + _wait(consent, failure) if same else now
    answer = consent.answer
    if answer is not None and answer.held_by(worker):
        answer = answer.released()
    if consent.status is not Status.OPTED_OUT:
        due_at = max(due_at, landing_until or due_at)
    elif answer is not None and answer.state is ReplyState.DUE:
        due_at = min(due_at, max(answer.until, now))
    over = final and same and is_permanent(consent, now)
    return replace(
        consent,
        revision=consent.revision + 1,
        attempts=consent.attempts + 1 if same else consent.attempts,
        answer=answer,
        due=None if over else _kind(consent),
        due_at=None if over else due_at,
        lease=None,
        lease_until=None,
        delete_doubt=delete_doubt,
        deleting=None,
        landing_until=landing_until,
    )


def rejected(consent: Consent, failure: TryAgain | Rejected, now: datetime) -> Consent:
    """Count a validation error about the number, and keep the reason of any rejection. Other failures change nothing."""
    if not isinstance(failure, Rejected):
        return consent
    consent = replace(consent, rejection=str(failure))
    if failure.concerns_number is False:
        return consent
    return replace(consent, rejections=consent.rejections + 1, rejected_since=consent.rejected_since or now)


def set_aside(consent: Consent, now: datetime) -> Consent:
    """Postpone work on an item that fails for an unknown reason, so that it does not hold up other work."""
    attempts = max(consent.attempts, 0)
    return replace(
        consent, revision=consent.revision + 1, attempts=attempts + 1, due_at=now + UNAVAILABLE.after(attempts)
    )


def answer_claimed(consent: Consent, worker: str, version: int, now: datetime) -> Consent:
    """The reply that is due, claimed by the worker that goes on; but not that of a decision which it has not seen yet."""
    if consent.lease != worker or consent.version != version:
        return consent
    if consent.answer is None or consent.answer.state is not ReplyState.DUE:
        return consent
    return replace(consent, revision=consent.revision + 1, answer=consent.answer.taken_over(worker, now))


def answered(consent: Consent, delivery: Delivery) -> Consent:
    """Record a reply: its text in any case, its state if its decision still stands.

    Once the list matches too, nothing is due any more.
    """
    answer, reply = delivery.answer, delivery.reply
    if reply is not None and reply not in consent.recent_replies:
        recent = reply.added_to(consent.recent_replies)
        consent = replace(consent, revision=consent.revision + 1, recent_replies=recent)
    if consent.answer is None or consent.answer.decision_id != answer.decision_id:
        return consent
    consent = replace(consent, revision=consent.revision + 1, answer=answer)
    if not consent.settled or consent.status is not Status.OPTED_IN:
        return consent
    return _done(consent)


def let_go(consent: Consent, worker: str, now: datetime) -> Consent:
    """Nothing is left to do at this time: the lease ends."""
    if consent.lease != worker:
        return consent
    consent = replace(consent, revision=consent.revision + 1)
    if consent.settled and consent.status is not Status.OPT_IN_PENDING:
        return _done(consent)
    waits_for = consent.held_until if consent.settled else consent.landing_until
    return replace(consent, lease=None, lease_until=None, deleting=None, due_at=max(now, waits_for or now))


def recorded(consent: Consent, decision_id: str, at: datetime) -> Consent:
    """Without the copy of a decision that now stands in the history itself, at this time."""
    outbox = consent.outbox
    if outbox is None or (outbox.id, outbox.at) != (decision_id, at):
        return consent
    return replace(consent, outbox=None)


def _done(consent: Consent) -> Consent:
    return replace(
        consent,
        applied_version=consent.version,
        attempts=0,
        rejections=0,
        rejected_since=None,
        rejection=None,
        due=None,
        due_at=None,
        lease=None,
        lease_until=None,
        deleting=None,
    )


def _kind(consent: Consent) -> Due:
    if consent.status is not Status.OPTED_OUT:
        return Due.OPT_IN
    return Due.IMPORTED if consent.due is Due.IMPORTED else Due.OPT_OUT


def _wait(consent: Consent, failure: TryAgain | Rejected) -> timedelta:
    if isinstance(failure, Throttled):
        return THROTTLED.after(consent.attempts)
    if isinstance(failure, TryAgain):
        return UNAVAILABLE.after(consent.attempts)
    if failure.concerns_number is False:
        return REJECTED.after(consent.attempts)
    return NUMBER_REJECTED.after(consent.rejections - 1)


def _latest(*moments: datetime | None) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(known) if known else None
