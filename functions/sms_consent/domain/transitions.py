"""Every transition of a consent, pure: ``decide`` applies a decision, the others apply the result of an AWS call.

``update`` writes what a transition returns: it is the one compare-and-swap loop for all records of the ledger.

The functions that follow an AWS call re-validate lease and version, so they are safe on a newer consent than the one the call
was made for: facts about the list (put, deleted, found) are kept in any case, and ``applied_version`` rises only if the
version that was applied is still the newest. Two racing texts therefore end with the list matching the ledger, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar, cast

from sms_consent.domain.backoff import Backoff
from sms_consent.domain.consent import IN_FLIGHT_FOR, Consent, Due, Lease, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Moved, Rejected, Throttled, TryAgain, Unavailable, Untouched
from sms_consent.domain.rejections import is_permanent
from sms_consent.domain.reply import Delivery, RecentReply, Reply, ReplyState

__all__ = [
    "OPT_IN_ANSWER_USEFUL_FOR",
    "Work",
    "after_call",
    "answered",
    "by_end_user",
    "confirmed_listed",
    "decide",
    "deleted_without_lease",
    "found_unlisted",
    "intent_logged",
    "leased",
    "listed",
    "moved_back",
    "next_step",
    "postponed",
    "postponed_after_error",
    "refused",
    "rejected",
    "release_lease",
    "reply_claimed",
    "update",
    "with_recent",
    "work_left",
]

T = TypeVar("T")


class Work(StrEnum):
    """The next step for a consent: a call, or the log entry that must come before it."""

    LOG_INTENT = "LOG_INTENT"  # log the next list call: another decision reversed the work since the lease was taken
    PUT = "PUT"
    DELETE = "DELETE"
    VERIFY = "VERIFY"  # look up whether a number with a pending opt-in is on the list
    ANSWER = "ANSWER"  # send the reply


THROTTLED = Backoff(timedelta(seconds=1), timedelta(minutes=1))
UNAVAILABLE = Backoff(timedelta(seconds=5), timedelta(minutes=5))
REJECTED = Backoff(timedelta(minutes=1), timedelta(minutes=5))
NUMBER_REJECTED = Backoff(timedelta(minutes=4), timedelta(minutes=32))
"""Five attempts take an hour, after which the number counts as rejected permanently."""
REFUSED_AGAIN_AFTER = timedelta(days=1)
"""Time between attempts at an opt-in that AWS refused although the ledger knows of no deletion."""
OPT_IN_ANSWER_USEFUL_FOR = timedelta(days=1)
"""Time after an opt-in in which its confirmation is useful."""

MOST_RECENT = 3
"""How many sent replies a record keeps with time, kind and digest."""

WRITES = 12
"""Conditional writes that may be refused in a row before ``update`` raises Unavailable."""


def update(
    stored: T | None,
    change: Callable[[T | None], T | None],
    save: Callable[[T, T | None], T | None],
    *,
    attempts: int = WRITES,
) -> T | None:
    """Change a stored record and write it; repeat if another worker wrote it meanwhile. Return the record as it is stored
    then.

    Args:
        stored: The record as it was last read, perhaps out of date. None skips the first read, for a record that is probably new.
        change: Returns the changed record; None, or the same record, if nothing is to be written. It is called again with what
            is stored if the write was refused.
        save: Writes a record in place of another (None: of nothing), and may return it as it is stored. Raises Moved with what is
            stored instead, but not if that is the same record: then a repeated write had succeeded before.
        attempts: How many writes to try.

    Raises:
        Unavailable: Other workers wrote the record before every attempt.
    """
    for _ in range(attempts):
        changed = change(stored)
        if changed is None or changed == stored:
            return stored
        try:
            written = save(changed, stored)
        except Moved as moved:
            stored = cast("T | None", moved.current)
            continue
        return written or changed
    raise Unavailable("the record was changed by others before every attempt to write it")


def decide(
    stored: Consent | None,
    decision: Decision,
    list_name: str,
    *,
    now: datetime,
    lease: Lease | None,
    answer: Reply | None,
    repeated: bool = False,
) -> tuple[Outcome, Consent | None]:
    """Apply a decision. Return its outcome and the changed consent, or None if nothing is to be written.

    A decision counts if it is newer than the newest recorded one; at equal times an opt-out wins. A decision that counts
    ``only_if_opted_out`` is IGNORED unless the newest recorded one is an older opt-out.

    Args:
        stored: The stored consent, or None.
        decision: The decision.
        list_name: The opt-out list.
        now: The time.
        lease: The lease to take if list calls become necessary; None leaves them to sweep.
        answer: The reply to send if the decision changes the consent.
        repeated: Whether the decision is in the history already: it is not counted as a further request.
    """
    if stored is not None and stored.outbox is not None and stored.outbox.id == decision.id:
        return Outcome.CHANGED, None  # a redelivery, before the decision was in the history
    if stored is not None and stored.decided_by == decision.id:
        return Outcome.CONFIRMED, None
    if decision.only_if_opted_out and not _reverses_opt_out(decision, stored):
        return Outcome.IGNORED, None
    if stored is not None and not _supersedes(decision, stored):
        # An older import is not looked up in the history, so it may be a repetition.
        noted = _noted(stored, decision, stored, counted=not repeated and decision.author is not Author.IMPORT)
        return Outcome.STALE, replace(noted, revision=stored.revision + 1) if noted != stored else None
    if stored is not None and _confirms_status(decision, stored):
        imported = stored.due is Due.IMPORTED and not decision.waits_behind_texts
        confirmed = replace(
            stored, unlisted_since=min(decision.at, now) if imported else stored.out_of_sync_since,
            decided_at=decision.at, decided_by=decision.id, decided_author=decision.author,
            due=_urgency(stored.due, decision), revision=stored.revision + 1,
        )  # fmt: skip
        return Outcome.CONFIRMED, _noted(_due_again(confirmed, now), decision, stored, counted=not repeated)
    changed = _changed(stored, decision, list_name, counted=not repeated)
    if decision.asked is Asked.OPT_OUT:
        changed = replace(changed, unlisted_since=min(decision.at, now))
        due = Due.IMPORTED if decision.waits_behind_texts else Due.OPT_OUT
        return Outcome.CHANGED, _with_work(changed, due, lease, answer, now)
    release = changed.opt_in_possible_at()
    if release is not None and now < release:
        changed = replace(changed, status=Status.OPT_IN_PENDING, held_until=release)
        if changed.surely_listed:
            return Outcome.CHANGED, replace(
                changed, applied_version=changed.version, answer=answer, due=Due.OPT_IN, due_at=release
            )
    return Outcome.CHANGED, _with_work(changed, Due.OPT_IN, lease, answer, now)


def moved_back(
    stored: Consent, earlier: Decision, newest: Decision | None, *, undecided: bool, now: datetime
) -> Consent:
    """Return the consent after an earlier copy of its newest decision arrived.

    Args:
        stored: The stored consent; ``stored.decided_by`` is the id of ``earlier``.
        earlier: The copy, whose time counts from now on.
        newest: The newest other decision between the two copies, which counts again.
        undecided: Whether there are too many decisions to find it. An opt-out by the person in between then counts.
        now: The time.
    """
    opted_in_at = stored.opted_in_at
    if earlier.asked is Asked.OPT_IN and opted_in_at == stored.decided_at:
        opted_in_at = earlier.at
    outbox = stored.outbox
    if outbox is not None and outbox.id == earlier.id:
        outbox = earlier  # the history must have the earliest time, since later copies are compared with that
    first = stored.first_asked_out_at
    reset = replace(
        stored, decided_at=earlier.at, opted_in_at=opted_in_at, outbox=outbox, revision=stored.revision + 1,
        first_asked_out_at=min(first, earlier.at) if first is not None and earlier.asked is Asked.OPT_OUT else first,
    )  # fmt: skip
    if undecided and stored.status is not Status.OPTED_OUT and (stored.asked_out_at or earlier.at) > earlier.at:
        opted_out = replace(
            reset, status=Status.OPTED_OUT, decided_at=stored.asked_out_at or earlier.at, version=reset.version + 1,
            held_until=None, answer=None, attempts=0, end_user_opted_out=True,
        )  # fmt: skip
        return replace(opted_out, due=Due.OPT_OUT, due_at=stored.lease_until if stored.leased_at(now) else now)
    if newest is None:
        return reset
    if outbox is not None and outbox.id == newest.id:
        reset = replace(reset, outbox=None)  # else ``decide`` would take it for a redelivery
    changed = decide(reset, newest, stored.list_name, now=now, lease=None, answer=None, repeated=True)[1] or reset
    return changed if changed.outbox is not None else replace(changed, outbox=outbox)


def _supersedes(decision: Decision, stored: Consent) -> bool:
    if decision.at != stored.decided_at:
        return decision.at > stored.decided_at
    return decision.asked is Asked.OPT_OUT and stored.status is not Status.OPTED_OUT


def _reverses_opt_out(decision: Decision, stored: Consent | None) -> bool:
    return stored is not None and stored.status is Status.OPTED_OUT and stored.decided_at < decision.at


def _confirms_status(decision: Decision, stored: Consent) -> bool:
    if decision.asked is Asked.OPT_OUT and _is_guessed(stored):
        return False
    return (decision.asked is Asked.OPT_OUT) is (stored.status is Status.OPTED_OUT)


def _is_guessed(stored: Consent) -> bool:
    """Return whether an item that cannot be read completely looks finished, although the number may not be on the list."""
    unreadable = stored.preserved.unreadable if stored.preserved is not None else {}
    guessed = not unreadable.keys().isdisjoint(("status", "version", "applied_version"))
    return guessed and stored.settled and not stored.surely_listed


def _urgency(due: Due | None, decision: Decision) -> Due | None:
    """Return the kind of due work after a repeated request. A person's own opt-out does not wait behind imports."""
    return Due.OPT_OUT if due is Due.IMPORTED and not decision.waits_behind_texts else due


def _due_again(consent: Consent, now: datetime) -> Consent:
    """Make unfinished work due now if it is not due.

    It may not be due because the number was rejected permanently, the item was edited by hand, or a newer version wrote a
    kind of work that this version does not know.
    """
    if consent.settled or consent.leased_at(now) or (consent.due is not None and consent.due_at is not None):
        return consent
    kind = Due.OPT_OUT if consent.status is Status.OPTED_OUT else Due.OPT_IN
    return replace(
        consent, due=consent.due or kind, due_at=now, unlisted_since=min(consent.decided_at, now), attempts=0,
        rejections=0, rejected_since=None, rejection=None,
    )  # fmt: skip


def _noted(consent: Consent, decision: Decision, stored: Consent | None, *, counted: bool) -> Consent:
    """Update ``end_user_opted_out``, the time of the first request, and the number of requests.

    ``end_user_opted_out`` is true if the person's own newest opt-out is at least as new as the newest opt-in. It depends on
    times only, so the order of arrival does not matter. An agent's later opt-out does not change it.
    """
    asked_out_at, opted_in_at = consent.asked_out_at, consent.opted_in_at
    if decision.asked is Asked.OPT_IN:
        opted_in_at = decision.at if opted_in_at is None else max(opted_in_at, decision.at)
    elif by_end_user(decision):
        asked_out_at = decision.at if asked_out_at is None else max(asked_out_at, decision.at)
    stands = asked_out_at is not None and (opted_in_at is None or asked_out_at >= opted_in_at)
    first, count = _requests(stored, decision, opted_in_at, counted=counted)
    return replace(
        consent,
        asked_out_at=asked_out_at,
        opted_in_at=opted_in_at,
        first_asked_out_at=first,
        asked_out_count=count,
        end_user_opted_out=stands and consent.status is Status.OPTED_OUT,
    )


def by_end_user(decision: Decision) -> bool:
    """Return whether the end user made the decision themselves, which EndUserOptedOut records."""
    return decision.author is Author.END_USER or decision.end_user is True


def _requests(
    stored: Consent | None, decision: Decision, opted_in_at: datetime | None, *, counted: bool
) -> tuple[datetime | None, int]:
    """Return the time of the first opt-out request since the newest opt-in, and the number of requests since then.

    The times between are not stored. So if an opt-in arrives late, only the newest opt-out is known to be newer.
    """
    opted_out = stored is not None and stored.status is Status.OPTED_OUT
    first, count = (
        (stored.first_asked_out_at, stored.asked_out_count) if stored is not None and opted_out else (None, 0)
    )
    if stored is not None and opted_out and first is None:
        first, count = stored.decided_at, 1  # an older version recorded it
    if decision.asked is Asked.OPT_OUT:
        if opted_in_at is not None and decision.at < opted_in_at:
            return first, count
        return min(decision.at, first or decision.at), count + 1 if counted or not count else count
    if stored is None or first is None or decision.at < first:
        return first, count
    return (stored.decided_at, 1) if decision.at < stored.decided_at else (None, 0)


def _changed(stored: Consent | None, decision: Decision, list_name: str, *, counted: bool) -> Consent:
    status = Status.OPTED_OUT if decision.asked is Asked.OPT_OUT else Status.OPTED_IN
    if stored is None:
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
        return _noted(consent, decision, None, counted=counted)
    changed = replace(
        stored,
        status=status,
        decided_at=decision.at,
        decided_by=decision.id,
        decided_author=decision.author,
        preserved=stored.preserved.without("status") if stored.preserved is not None else None,
        version=stored.version + 1,
        revision=stored.revision + 1,
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
    return _noted(changed, decision, stored, counted=counted)


def _with_work(changed: Consent, due: Due, lease: Lease | None, answer: Reply | None, now: datetime) -> Consent:
    if changed.status is Status.OPTED_OUT and changed.surely_listed:
        answer = None  # the service refuses a confirmation to a number that is still on the list
    if changed.leased_at(now):
        # Another worker holds the lease. It sees this change after its call; if it is lost, sweep continues.
        return replace(changed, due=due, due_at=changed.lease_until, answer=answer)
    uncertain = changed.latest_uncertain_delete
    if due is Due.OPT_IN and changed.has_call_in_flight(now):
        # A put without a response might take effect after the deletion; a second deletion is possible only 30 days later.
        return replace(
            changed, due=due, due_at=changed.in_flight_until, answer=answer, lease=None, lease_until=None,
            deleting=None, uncertain_delete_at=uncertain,
        )  # fmt: skip
    if lease is None:
        return replace(
            changed,
            due=due,
            due_at=now,
            answer=answer,
            lease=None,
            lease_until=None,
            deleting=None,
            uncertain_delete_at=uncertain,
        )
    if answer is not None and answer.state is ReplyState.DUE and due is Due.OPT_OUT:
        answer = answer.claimed(lease.worker)
    return _under_lease(replace(changed, due=due, answer=answer), lease, uncertain, now)


def _under_lease(consent: Consent, lease: Lease, uncertain_delete_at: datetime | None, now: datetime) -> Consent:
    """Return the consent with a worker's lease, and the list call that it makes next in the intent log.

    ``uncertain_delete_at`` is the latest time at which a lost worker's deletion may have taken effect; None if there is none.
    """
    leased = replace(
        consent,
        lease=lease.worker,
        lease_until=lease.until,
        due_at=lease.until,
        uncertain_delete_at=uncertain_delete_at,
    )
    return _with_intent(leased, now)


def _with_intent(consent: Consent, now: datetime) -> Consent:
    """Return the consent with the next list call of the worker with the lease in the intent log.

    Before a put, an uncertain deletion is counted as one that took effect: after the put, the number is on the list in either
    case.
    """
    if consent.status is not Status.OPTED_OUT:
        return replace(consent, deleting=now)
    return replace(consent, deleting=None, deleted_at=_latest(consent.deleted_at, consent.uncertain_delete_at))


def _is_intent_logged(consent: Consent) -> bool:
    """Return whether the next list call is in the intent log already."""
    if consent.status is not Status.OPTED_OUT:
        return consent.deleting is not None
    uncertain = consent.uncertain_delete_at
    counted = uncertain is None or (consent.deleted_at is not None and consent.deleted_at >= uncertain)
    return consent.deleting is None and counted


def next_step(consent: Consent, now: datetime, worker: str) -> Work | None:
    """Return what the worker with the lease does next; None if the list matches, or nothing can be done yet."""
    is_logged = _is_intent_logged(consent)
    work = work_left(consent, now, worker)
    return work if work is None or work is Work.ANSWER or is_logged else Work.LOG_INTENT


def work_left(consent: Consent, now: datetime, worker: str | None = None) -> Work | None:
    """Return the next call to make; None if the list matches, or nothing can be done yet.

    Without ``worker``, a reply that is claimed is not work left; with it, one that this worker claimed is.
    """
    if consent.status is Status.OPTED_OUT:
        return None if consent.settled else Work.PUT
    if not consent.settled and consent.has_call_in_flight(now):
        return None
    if consent.status is Status.OPT_IN_PENDING:
        if not consent.settled:
            return Work.VERIFY
        return Work.DELETE if consent.held_until is not None and consent.held_until <= now else None
    if not consent.settled:
        return Work.DELETE
    answer = consent.answer
    if answer is None:
        return None
    is_due = answer.state is ReplyState.DUE or (worker is not None and answer.held_by(worker))
    return Work.ANSWER if is_due else None


def leased(consent: Consent, lease: Lease, now: datetime) -> Consent:
    """Give a worker the lease, and claim the reply for it. What a lost worker may have done becomes uncertain."""
    answer = consent.answer
    if answer is not None and (
        answer.state is ReplyState.CLAIMED or work_left(consent, now) in {Work.PUT, Work.ANSWER}
    ):
        answer = answer.taken_over(lease.worker, now)
    consent = replace(consent, revision=consent.revision + 1, answer=answer)
    return _under_lease(consent, lease, consent.latest_uncertain_delete, now)


def after_call(
    stored: Consent | None,
    *,
    worker: str,
    delivery: Delivery | None,
    is_result: bool,
    change: Callable[[Consent], Consent],
) -> Consent:
    """Apply everything that a worker did since its last write, and then the result of its call.

    Args:
        stored: The stored consent.
        worker: The worker. What it did besides the call counts only while it has the lease.
        delivery: The reply that it sent, or did not send.
        is_result: Whether a call was made. The decision in the outbox then goes to the history with its result: not before the
            call, which must not wait for the history.
        change: The transition after the call.

    Raises:
        Unavailable: The consent was erased meanwhile.
    """
    if stored is None:
        raise Unavailable("the consent was erased meanwhile")
    if stored.lease == worker:
        if delivery is not None:
            stored = answered(stored, delivery)
        if is_result and stored.outbox is not None:
            stored = replace(stored, outbox=None)
    return change(stored)


def intent_logged(consent: Consent, worker: str, now: datetime) -> Consent:
    """Write the next list call of the worker with the lease to the intent log. A deletion is made only after that."""
    if consent.lease != worker or _is_intent_logged(consent):
        return consent
    return replace(_with_intent(consent, now), revision=consent.revision + 1)


def listed(consent: Consent, worker: str, version: int, listing: Listing, now: datetime) -> Consent:
    """Record that PutOptedOutNumber took effect."""
    if consent.lease != worker:
        return consent
    consent = replace(consent, revision=consent.revision + 1, listed=True, listing=listing)
    may_be_undone = consent.uncertain_delete_at is not None and consent.has_call_in_flight(now)
    if not may_be_undone:
        consent = replace(consent, uncertain_delete_at=None)
    if consent.version != version:
        return consent  # the same worker continues with the newer decision
    if may_be_undone:
        # Listed, but a deletion without a response may still remove it: put the number again after that.
        return replace(
            _done(consent), applied_version=consent.applied_version, due=Due.OPT_OUT, due_at=consent.in_flight_until
        )
    return _done(consent)


def found_unlisted(
    consent: Consent, worker: str, version: int, *, deleted_at: datetime | None, now: datetime
) -> Consent:
    """Record that the number is not on the list. ``deleted_at`` is when it was deleted; None if it was not listed before."""
    if consent.lease != worker:
        return consent
    consent = replace(
        consent,
        revision=consent.revision + 1,
        listed=False,
        listing=None,
        deleted_at=_latest(consent.deleted_at, deleted_at),
        deleting=None,
        uncertain_delete_at=None,
    )
    if consent.version != version:
        return consent
    opted_in = replace(consent, status=Status.OPTED_IN, held_until=None)
    if opted_in.answer is None or opted_in.answer.state is not ReplyState.DUE:
        return _done(opted_in)
    # Its time starts now: AWS would have refused it while the number was on the list.
    answer = replace(opted_in.answer.claimed(worker), until=now + OPT_IN_ANSWER_USEFUL_FOR)
    return replace(opted_in, applied_version=consent.version, answer=answer)


def deleted_without_lease(
    consent: Consent, worker: str, now: datetime, *, deleted_at: datetime | None, in_doubt: bool
) -> Consent:
    """Reopen the work after a deletion by a worker that had lost its lease.

    Another worker may have put the number back before the deletion, or may be doing so. The version rises, so that the put
    does not count as applied and is repeated.

    Args:
        consent: The stored consent.
        worker: The worker that made the deletion.
        now: The present time.
        deleted_at: When the number was deleted; None if it was not on the list, or the result is unknown.
        in_doubt: Whether the deletion got no response, so that it may still take effect.
    """
    if consent.lease == worker:
        return consent
    opted_out = consent.status is Status.OPTED_OUT
    found = replace(consent, revision=consent.revision + 1, deleted_at=_latest(consent.deleted_at, deleted_at))
    if in_doubt:
        in_flight_until = now + IN_FLIGHT_FOR
        found = replace(
            found,
            in_flight_until=in_flight_until,
            uncertain_delete_at=_latest(consent.uncertain_delete_at, in_flight_until),
        )
    else:
        found = replace(found, listed=False, listing=None)
    if consent.status is Status.OPTED_IN and not in_doubt:
        return found  # the number is off the list, as the consent says
    due_at = max(now, found.in_flight_until or now) if in_doubt and not opted_out else now
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
    """Record that a pending opt-in's number is still listed, so an uncertain deletion did not take effect."""
    if consent.lease != worker:
        return consent
    consent = replace(
        consent, revision=consent.revision + 1, listed=True, listing=listing, deleting=None, uncertain_delete_at=None
    )
    if consent.version != version:
        return consent
    release = max(now, consent.opt_in_possible_at() or now)
    return replace(_done(consent), held_until=release, due=Due.OPT_IN, due_at=release)


def refused(consent: Consent, worker: str, version: int, reason: str, now: datetime) -> Consent:
    """Record that AWS refused DeleteOptedOutNumber unexpectedly. The opt-in becomes pending and is tried again daily."""
    if consent.lease != worker:
        return consent
    consent = replace(
        consent,
        revision=consent.revision + 1,
        listed=True,
        deleting=None,
        uncertain_delete_at=None,
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
    """Release the lease after a failed call, and leave the work to sweep with a back-off. Unfinished work is never dropped.

    If another decision came in meanwhile, its work does not wait for the back-off.

    Args:
        consent: The stored consent.
        worker: The worker whose call failed.
        version: The version that the worker was applying.
        failure: The error.
        now: The time.
        changing: PUT or DELETE if such a call failed.
        final: Whether a permanently rejected number is left without due work: the caller has written ``RejectedWork``.
    """
    if consent.lease != worker:
        return consent
    in_flight_until, uncertain_delete_at = consent.in_flight_until, consent.uncertain_delete_at
    if changing is not None and not isinstance(failure, Untouched | Rejected):
        in_flight_until = now + IN_FLIGHT_FOR
        uncertain_delete_at = in_flight_until if changing is Work.DELETE else uncertain_delete_at
    same = consent.version == version
    consent = rejected(consent, failure, now) if same else consent
    due_at = now + _back_off(consent, failure) if same else now
    answer = consent.answer
    if answer is not None and answer.held_by(worker):
        answer = answer.released()
    if consent.status is not Status.OPTED_OUT:
        due_at = max(due_at, in_flight_until or due_at)
    elif answer is not None and answer.state is ReplyState.DUE:
        due_at = min(due_at, max(answer.until, now))
    over = final and same and is_permanent(consent, now)
    return replace(
        consent,
        revision=consent.revision + 1,
        attempts=consent.attempts + 1 if same else consent.attempts,
        answer=answer,
        due=None if over else _due_kind(consent),
        due_at=None if over else due_at,
        lease=None,
        lease_until=None,
        uncertain_delete_at=uncertain_delete_at,
        deleting=None,
        in_flight_until=in_flight_until,
    )


def rejected(consent: Consent, failure: TryAgain | Rejected, now: datetime) -> Consent:
    """Count a validation error about the number, and store the reason of a rejection. Other failures change nothing."""
    if not isinstance(failure, Rejected):
        return consent
    consent = replace(consent, rejection=str(failure))
    if failure.concerns_number is False:
        return consent
    return replace(consent, rejections=consent.rejections + 1, rejected_since=consent.rejected_since or now)


def postponed_after_error(consent: Consent, now: datetime) -> Consent:
    """Postpone work on an item that fails for an unknown reason, so that it does not block other work."""
    attempts = max(consent.attempts, 0)
    return replace(
        consent, revision=consent.revision + 1, attempts=attempts + 1, due_at=now + UNAVAILABLE.after(attempts)
    )


def reply_claimed(consent: Consent, worker: str, version: int, now: datetime) -> Consent:
    """Claim the due reply for the worker with the lease, unless a newer decision arrived that the worker has not seen."""
    if consent.lease != worker or consent.version != version:
        return consent
    if consent.answer is None or consent.answer.state is not ReplyState.DUE:
        return consent
    return replace(consent, revision=consent.revision + 1, answer=consent.answer.taken_over(worker, now))


def answered(consent: Consent, delivery: Delivery) -> Consent:
    """Record the result of sending a reply. Its digest is always stored; its state only if no newer decision has its own
    reply.

    If the list matches too, nothing is due any more.
    """
    answer, reply = delivery.answer, delivery.reply
    if reply is not None and reply not in consent.recent_replies:
        recent = with_recent(consent.recent_replies, reply)
        consent = replace(consent, revision=consent.revision + 1, recent_replies=recent)
    if consent.answer is None or consent.answer.decision_id != answer.decision_id:
        return consent
    consent = replace(consent, revision=consent.revision + 1, answer=answer)
    if consent.status is not Status.OPTED_IN or not consent.settled:
        return consent
    return _done(consent)


def with_recent(known: tuple[RecentReply, ...], reply: RecentReply) -> tuple[RecentReply, ...]:
    """Return the newest replies with ``reply`` added, oldest first. Adding a reply twice changes nothing."""
    return known if reply in known else (*known, reply)[-MOST_RECENT:]


def release_lease(consent: Consent, worker: str, now: datetime) -> Consent:
    """End the worker's lease, because nothing can be done now."""
    if consent.lease != worker:
        return consent
    consent = replace(consent, revision=consent.revision + 1)
    if consent.settled and consent.status is not Status.OPT_IN_PENDING:
        return _done(consent)
    waits_for = consent.held_until if consent.settled else consent.in_flight_until
    return replace(consent, lease=None, lease_until=None, deleting=None, due_at=max(now, waits_for or now))


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


def _due_kind(consent: Consent) -> Due:
    if consent.status is not Status.OPTED_OUT:
        return Due.OPT_IN
    return Due.IMPORTED if consent.due is Due.IMPORTED else Due.OPT_OUT


def _back_off(consent: Consent, failure: TryAgain | Rejected) -> timedelta:
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
