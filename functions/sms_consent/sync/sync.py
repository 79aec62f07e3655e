"""Sync: makes the opt-out list match the ledger for one number and list. The only code that puts, deletes or replies.

It is level-triggered: it reads the consent, makes the next call, records its result, and repeats. What cannot be done now
stays due. A lease in the ledger keeps two workers from calling the list for the same number at once. The lease is longer than
a worker can live, so that a deletion never takes effect after the put of a later STOP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar, cast

from sms_consent.domain import transitions
from sms_consent.domain.consent import Consent, Due, Lease, Listing, Status
from sms_consent.domain.errors import OptInRefused, OutOfTime, Rejected, TryAgain, Untouched
from sms_consent.domain.ports import Call, Clock, ConsentLedger, OptOutList, RateLimiter
from sms_consent.domain.rejections import RETRIED_EVERY, RejectedWork, is_permanent
from sms_consent.domain.reply import Delivery, RecentReply, ReplyKind, ReplyState
from sms_consent.domain.transitions import Work, next_step, update, work_left
from sms_consent.sync.reply_sender import ReplySender

__all__ = ["Sync"]

ROUNDS = 8
"""How many calls one worker makes for a consent before it leaves the rest to sweep."""

CHANGING: Mapping[Call | None, Work] = {Call.PUT: Work.PUT, Call.DELETE: Work.DELETE}
"""Calls that may have changed the list although they failed."""

CALLS = {Work.PUT: Call.PUT, Work.DELETE: Call.DELETE, Work.VERIFY: Call.FIND}

CANNOT_ADD = "CANNOT_ADD_OPTED_OUT_NUMBER"

LEASE_ENDED = OutOfTime("the lease ended")

T = TypeVar("T")


class _Stopped(Exception):
    """A call was refused. The work is left to sweep."""

    def __init__(self, failure: TryAgain | Rejected, call: Call | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.call = call


class Sync:
    """Makes the opt-out list match the ledger. One object serves one worker; a number is processed by one thread at a
    time."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        opt_out_list: OptOutList,
        reply_sender: ReplySender,
        rate_limiter: RateLimiter,
        clock: Clock,
        new_token: Callable[[], str],
        lease: timedelta,
        has_time: Callable[[], bool] = lambda: True,
        gives_up: bool = False,
    ) -> None:
        """Create a sync.

        ``has_time`` returns whether the invocation has time for list calls; otherwise a change stays due for sweep. With
        ``gives_up``, numbers that AWS rejects permanently become ``RejectedWork``.
        """
        self.ledger = ledger
        self.opt_out_list = opt_out_list
        self.reply_sender = reply_sender
        self.rate_limiter = rate_limiter
        self.clock = clock
        self._new_token = new_token
        self._lease = lease
        self._has_time = has_time
        self.gives_up = gives_up

    def try_lease(self, *, opting_out: bool, answering: bool, now: datetime) -> Lease | None:
        """Return a new lease if list calls can be made now; None while AWS throttles them, or if the invocation ends too
        soon."""
        if not self._has_time() or self.rate_limiter.resting(Call.PUT if opting_out else Call.DELETE):
            return None
        if answering and not self.rate_limiter.ready(Call.SEND):
            return None
        return Lease(self._new_token(), now + self._lease)

    def withholds(self, kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> str | None:
        """Return the reason why a limit would withhold a reply, or None. Makes no call."""
        return self.reply_sender.limits.would_withhold(kind, recent, now)

    def sync_if_due(self, consent: Consent) -> Consent:
        """Do the due work of a consent, and return the consent after it.

        ``consent`` may be out of date. If a list call fails, the work stays due. Raises TryAgain or Rejected only if the
        ledger fails.
        """
        lease: Lease | None = None

        def leased(stored: Consent | None) -> Consent | None:
            nonlocal lease
            now = self.clock.now()
            if stored is None or not self._may_lease(stored, now):
                lease = None
                return None
            lease = Lease(self._new_token(), now + self._lease)
            return transitions.leased(stored, lease, now)

        taken = update(consent, leased, self.ledger.save)
        if taken is None or lease is None:
            return taken or consent
        return self.sync_with_lease(taken, lease.worker, self.clock.now())

    def retry(self, work: RejectedWork) -> bool:
        """Retry a permanently rejected number. Return False if its call has to wait.

        The work ends if the list matches, or if a newer decision has its own work. Raises TryAgain or Rejected if the ledger
        fails.
        """
        now = self.clock.now()
        consent = self.ledger.consent(work.number, work.list_name)
        if consent is None or consent.settled or consent.version != work.version:
            self.ledger.reschedule(work, None, now)
            return True
        if consent.due is None and not consent.leased_at(now):
            kind = Due.OPT_OUT if consent.status is Status.OPTED_OUT else Due.OPT_IN
            consent = replace(consent, due=kind, due_at=now, unlisted_since=now)
            if self.waits(consent, now):
                return False
            consent = self.sync_if_due(consent)
            if consent.due is None and not consent.settled:
                return True  # rejected again, and recorded as such
        self.ledger.reschedule(work, None if consent.settled else now + RETRIED_EVERY, now)
        return True

    def sync_with_lease(self, consent: Consent, worker: str, now: datetime) -> Consent:
        """Do the work of a consent whose lease ``worker`` has, and return the consent after it.

        ``now`` may be a time before the consent was written: the lease is checked again before each list call.
        """
        attempt = _Attempt(self, consent, worker)
        consent = attempt.run(now)
        # A deletion after the end of the lease may have undone another worker's put: put the number back at once.
        return self.sync_if_due(consent) if attempt.deleted and not consent.settled else consent

    def _may_lease(self, consent: Consent, now: datetime) -> bool:
        """Return whether work is due, no other worker has the lease, and the next call can be made.

        A due consent whose time cannot be read is due now.
        """
        if consent.due is None or (consent.due_at is not None and consent.due_at > now) or consent.leased_at(now):
            return False
        return self._has_time() and not self.waits(consent, now)

    def waits(self, consent: Consent, now: datetime) -> bool:
        """Return whether the next call has to wait, because AWS refused one like it. A put also waits for its reply."""
        work = work_left(consent, now)
        answer = consent.answer
        answering = answer is not None and answer.state is ReplyState.DUE and now < answer.until
        if (answering and work is Work.PUT) or work is Work.ANSWER:
            return not self.rate_limiter.ready(Call.SEND)
        return work is not None and self.rate_limiter.resting(CALLS[work])


class _Attempt:
    """One worker's attempt on one consent, under its lease."""

    def __init__(self, sync: Sync, consent: Consent, worker: str) -> None:
        self._sync = sync
        self._consent = consent
        self._worker = worker
        self._now = sync.clock.now
        self.deleted = False  # whether a deletion took effect, or may have
        self._delivery: Delivery | None = None

    def run(self, now: datetime) -> Consent:
        """Make calls until nothing is left to do, the lease ends, or a call is refused. Return the consent after them."""
        steps: Mapping[Work, Callable[[datetime], None]] = {
            Work.LOG_INTENT: self._log_intent,
            Work.PUT: self._put,
            Work.DELETE: self._delete,
            Work.VERIFY: self._verify,
            Work.ANSWER: self._answer,
        }
        try:
            for calls in range(ROUNDS):
                if self._consent.lease != self._worker:
                    return self._consent  # everything is done, or another worker has the lease
                now = self._now() if calls else now
                step = next_step(self._consent, now, self._worker)
                if step is None or not self._is_leased(now):
                    break
                steps[step](now)
            now = self._now()
            if self._is_leased(now):
                self._write(partial(transitions.release_lease, worker=self._worker, now=now))
        except _Stopped as stopped:
            self._postpone(stopped.failure, CHANGING.get(stopped.call))
        return self._consent

    def _log_intent(self, now: datetime) -> None:
        self._write(partial(transitions.intent_logged, worker=self._worker, now=now), is_result=False)

    def _put(self, now: datetime) -> None:
        version = self._consent.version
        self._reply(now)
        if self._consent.version != version:
            return  # another decision was recorded in between: determine the next call again
        try:
            listing = self._call(Call.PUT, self._sync.opt_out_list.put)
        except _Stopped as stopped:
            found = self._listed_anyway(stopped.failure)
            if found is None:
                raise
            listing = found
        now = self._now()
        self._write(partial(transitions.listed, worker=self._worker, version=version, listing=listing, now=now))

    def _listed_anyway(self, failure: TryAgain | Rejected) -> Listing | None:
        """Return the number's list entry, or None, after a put failed with CANNOT_ADD_OPTED_OUT_NUMBER.

        AWS does not document when it rejects a put with this reason: the number may be on the list.
        """
        if not isinstance(failure, Rejected) or failure.reason != CANNOT_ADD:
            return None
        return self._call(Call.FIND, self._sync.opt_out_list.find)

    def _delete(self, now: datetime) -> None:
        version, doubt = self._consent.version, self._consent.uncertain_delete_at
        # After a deletion of unknown effect, look before deleting again: a second one would cost another 30 days.
        if doubt is not None and self._call(Call.FIND, self._sync.opt_out_list.find) is None:
            self._off_the_list(version, doubt, self._now())
            return
        try:
            was_listed = self._call(Call.DELETE, self._sync.opt_out_list.delete) is not None
        except OptInRefused as refusal:
            now = self._now()
            self._write(
                partial(transitions.refused, worker=self._worker, version=version, reason=refusal.reason, now=now)
            )
            return
        self.deleted, now = True, self._now()
        # Not listed, although sync had put it on the list: somebody deleted it before now.
        deleted_at = now if was_listed or self._consent.listed else None
        self._off_the_list(version, deleted_at, now, deleted=was_listed)

    def _verify(self, now: datetime) -> None:
        version = self._consent.version
        listing = self._call(Call.FIND, self._sync.opt_out_list.find)
        now = self._now()
        if listing is None:
            self._off_the_list(version, self._consent.uncertain_delete_at, now)
            return
        self._write(
            partial(transitions.confirmed_listed, worker=self._worker, version=version, listing=listing, now=now)
        )

    def _off_the_list(
        self, version: int, deleted_at: datetime | None, now: datetime, *, deleted: bool | None = None
    ) -> None:
        """Record that the number is not on the list.

        ``deleted`` is whether a deletion removed it; None if a look-up did not find it.
        """

        def marked(consent: Consent) -> Consent:
            if deleted is None or consent.lease == self._worker:
                return transitions.found_unlisted(consent, self._worker, version, deleted_at=deleted_at, now=now)
            return transitions.deleted_without_lease(
                consent, self._worker, now, deleted_at=now if deleted else None, in_doubt=False
            )

        self._write(marked)
        if self._consent.version == version:
            self._answer(now)

    def _answer(self, now: datetime) -> None:
        """Send the confirmation of an opt-in, which AWS accepts only once the number is off the list."""
        self._reply(now)
        delivery = self._delivery
        if delivery is not None:
            self._write(partial(transitions.answered, delivery=delivery))

    def _reply(self, now: datetime) -> None:
        """Claim and send the reply, if one is due. Its result is written together with that of the next list call."""
        answer = self._consent.answer
        if answer is not None and answer.state is ReplyState.DUE:
            version = self._consent.version
            claimed = partial(transitions.reply_claimed, worker=self._worker, version=version, now=now)
            self._write(claimed, is_result=False)
            answer = self._consent.answer
        if answer is None or not answer.held_by(self._worker):
            return
        if self._delivery is not None and self._delivery.answer.decision_id == answer.decision_id:
            return
        try:
            self._delivery = self._sync.reply_sender.deliver(
                self._consent.number, answer, self._consent.recent_replies, now=now
            )
        except Untouched as failure:
            self._sync.rate_limiter.refused(Call.SEND)
            raise _Stopped(failure) from failure

    def _call(self, call: Call, method: Callable[[str, str], T]) -> T:
        """Make a list call and return its result. Raises _Stopped if it is refused or the lease ends, or OptInRefused."""
        consent = self._consent
        if consent.lease != self._worker or consent.lease_until is None:
            raise _Stopped(LEASE_ENDED)
        make = partial(method, consent.number, consent.list_name)
        try:
            return self._sync.rate_limiter.run(call, make, before=consent.lease_until)
        except OutOfTime as failure:
            raise _Stopped(failure) from failure
        except (TryAgain, Rejected) as failure:
            if isinstance(failure, TryAgain):
                self._sync.rate_limiter.refused(call)
            raise _Stopped(failure, call) from failure

    def _postpone(self, failure: TryAgain | Rejected, changing: Work | None) -> None:
        """Leave the work to sweep after a refused call. ``changing`` is PUT or DELETE if the call was one of these, else
        None."""
        version, now = self._consent.version, self._now()
        in_doubt = changing is Work.DELETE and not isinstance(failure, Untouched | Rejected)
        self.deleted |= in_doubt
        final = self._is_final(failure, now)

        def marked(consent: Consent) -> Consent:
            if in_doubt and consent.lease != self._worker:
                return transitions.deleted_without_lease(consent, self._worker, now, deleted_at=None, in_doubt=True)
            consent = transitions.postponed(
                consent, self._worker, version, failure, now, changing=changing, final=final
            )
            if final and consent.due is None and not consent.settled:
                # Before the consent loses its due work: a crash between the two writes leaves both.
                self._sync.ledger.reject(RejectedWork.of(consent, now))
            return consent

        self._write(marked)

    def _is_final(self, failure: TryAgain | Rejected, now: datetime) -> bool:
        """Return whether the number counts as permanently rejected after this failure.

        If the error does not say that it is about the number, look the number up: if that succeeds, the list is valid.
        """
        if not self._sync.gives_up or not isinstance(failure, Rejected) or failure.concerns_number is False:
            return False
        if not is_permanent(transitions.rejected(self._consent, failure, now), now):
            return False
        if failure.concerns_number:
            return True
        try:
            self._call(Call.FIND, self._sync.opt_out_list.find)
        except _Stopped as stopped:
            return isinstance(stopped.failure, Rejected) and stopped.failure.concerns_number is True
        return True

    def _is_leased(self, now: datetime) -> bool:
        consent = self._consent
        return consent.lease == self._worker and consent.lease_until is not None and now < consent.lease_until

    def _write(self, change: Callable[[Consent], Consent], *, is_result: bool = True) -> None:
        """Apply the result of a call to the consent as it is stored now. Raises Unavailable if the consent was erased
        meanwhile."""
        changed = partial(
            transitions.after_call,
            worker=self._worker,
            delivery=self._delivery,
            is_result=is_result,
            change=change,
        )
        self._consent = cast("Consent", update(self._consent, changed, self._sync.ledger.save))
