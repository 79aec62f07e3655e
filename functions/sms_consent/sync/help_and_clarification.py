"""HELP and clarification replies, which change no consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Moved, Untouched
from sms_consent.domain.ports import Call, Clock, ConsentLedger, RateLimiter
from sms_consent.domain.reply import Delivery, RecentReply, Reply, ReplyKind, ReplyState, ReplyThread
from sms_consent.domain.transitions import THROTTLED, update, with_recent
from sms_consent.sync.reply_sender import ENOUGH, LONGEST, QUESTION_LIMITS, ReplySender

__all__ = ["HelpAndClarification"]

USEFUL_FOR = timedelta(days=1)

CLAIM = timedelta(minutes=2)
"""After this time sweep sends the next reply of a thread whose worker was lost. It is longer than a worker can live."""


class HelpAndClarification:
    """Replies to each question once. If questions come faster than replies can be sent, only the newest gets a reply."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        reply_sender: ReplySender,
        rate_limiter: RateLimiter,
        clock: Clock,
        new_token: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._reply_sender = reply_sender
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._new_token = new_token

    def answer(self, decision: Decision, kind: ReplyKind, *, reply_from: str) -> Reply | None:
        """Reply to a question and record the decision. Return None if a newer question has been answered.

        The reply is skipped if the person has had enough replies of this kind. Safe to repeat. Raises TryAgain if the ledger
        does not respond.
        """
        thread = self._open(decision, kind, reply_from)
        if thread is not None and thread.answer.state is ReplyState.CLAIMED:
            thread = self._deliver(kind, thread)
        self.note(decision)
        return thread.answer if thread is not None else None

    def recent_replies(self, number: str, list_name: str) -> Iterator[RecentReply]:
        """Yield the newest replies that a person was sent: about the list, to HELP, and to unclear texts, up to three each.

        Each kind is read only when it is needed. Raises TryAgain if the ledger does not respond.
        """
        consent = self._ledger.consent(number, list_name)
        yield from consent.recent_replies if consent is not None else ()
        for kind in QUESTION_LIMITS:
            thread = self._ledger.thread(kind, number)
            yield from thread.recent_replies if thread is not None else ()

    def note(self, decision: Decision) -> None:
        """Record a decision without a reply."""
        self._ledger.append(decision, Outcome.ANSWERED, self._clock.now())

    def send_if_due(self, key: str, thread: ReplyThread) -> bool:
        """Send the due reply of a thread. Return False if it has to wait for the rate limit.

        ``thread`` may be out of date: nothing is sent if it has changed.
        """
        now = self._clock.now()
        if not self._rate_limiter.ready(Call.SEND):
            return False
        if thread.due_at is None or thread.due_at > now:
            return True
        taken = thread.next_taken_over(self._new_token(), now)
        claimed = taken.answer.state is ReplyState.CLAIMED
        taken = replace(
            taken,
            recent=(*thread.recent[:-1], now),
            revision=thread.revision + 1,
            due_at=(now + CLAIM if claimed else now) if taken.waiting else None,
        )
        try:
            self._ledger.save_thread(key, taken, replacing=thread)
        except Moved:
            return True  # another worker is sending it
        if taken.answer.state is ReplyState.CLAIMED:
            self._deliver(key, taken)
        return True

    def _open(self, decision: Decision, kind: ReplyKind, reply_from: str) -> ReplyThread | None:
        is_new = False

        def asked(stored: ReplyThread | None) -> ReplyThread | None:
            nonlocal is_new
            is_new = stored is None or not stored.has_seen(decision.id, reply_from, decision.at)
            return self._thread(stored, decision, kind, reply_from, self._clock.now()) if is_new else None

        thread = update(None, asked, partial(self._ledger.save_thread, kind))
        return thread if is_new else None

    def _thread(
        self, stored: ReplyThread | None, decision: Decision, kind: ReplyKind, reply_from: str, now: datetime
    ) -> ReplyThread:
        recent = stored.recent_within(LONGEST, now) if stored is not None else ()
        answer = Reply(
            decision_id=decision.id,
            kind=kind,
            language=decision.language,
            sender=reply_from,
            until=now + USEFUL_FOR,
        )
        unsent = stored.unsent(now) if stored is not None else ()
        if any(sum(now - at < limit.within for at in recent) >= limit.most for limit in QUESTION_LIMITS[kind]):
            answer, waiting = answer.skipped(ENOUGH), unsent
            due_at = stored.due_at or now if stored is not None and waiting else None
        else:
            recent = (*recent, now)
            waiting = tuple(
                each for each in unsent if each.sender != reply_from
            )  # the newest question to each origination identity is answered
            at_once = self._rate_limiter.ready(Call.SEND)
            answer = answer.claimed(self._new_token()) if at_once else answer
            due_at = (now + CLAIM if waiting else None) if at_once else now
        thread = ReplyThread(
            number=decision.number,
            answer=answer,
            asked_at=decision.at,
            recent=recent,
            due_at=due_at,
            waiting=waiting,
            lines={reply_from: decision.at},
        )
        return thread.after(stored) if stored is not None else thread

    def _deliver(self, key: str, thread: ReplyThread) -> ReplyThread:
        """Send the claimed reply and record the result. Return the thread with this result, also if a newer question came
        meanwhile."""
        delivery: Delivery | None = None
        try:
            delivery = self._reply_sender.deliver(thread.number, thread.answer, now=self._clock.now())
        except Untouched:
            self._rate_limiter.refused(Call.SEND)
        now, answer = self._clock.now(), delivery.answer if delivery is not None else thread.answer.released()

        def after(stored: ReplyThread | None) -> ReplyThread | None:
            if stored is None:
                return None
            revision, recent_replies = stored.revision + 1, stored.recent_replies
            if delivery is not None and delivery.reply is not None:
                recent_replies = with_recent(recent_replies, delivery.reply)
            if stored.answer.decision_id != answer.decision_id:  # a newer question came: its reply answers both
                is_noted = recent_replies == stored.recent_replies
                return None if is_noted else replace(stored, recent_replies=recent_replies, revision=revision)
            if delivery is None:
                due_at = now + THROTTLED.after(stored.attempts)
                return replace(stored, answer=answer, revision=revision, attempts=stored.attempts + 1, due_at=due_at)
            return replace(
                stored, answer=answer, due_at=now if stored.waiting else None, recent_replies=recent_replies,
                recent=(*stored.recent[:-1], now),  # limits count when a reply was sent
                revision=revision, attempts=0,
            )  # fmt: skip

        written = update(thread, after, partial(self._ledger.save_thread, key)) or thread
        return written if written.answer.decision_id == answer.decision_id else replace(thread, answer=answer)
