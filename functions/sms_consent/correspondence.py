"""Replies on which no consent hangs: to HELP, and the question to a text that may have meant STOP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from sms_consent.answer import Answer, AnswerState, Letter, RecentReply
from sms_consent.decision import Decision, Outcome
from sms_consent.errors import Moved, Unavailable, Untouched
from sms_consent.pacing import Call, Pace
from sms_consent.ports import Clock, ConsentLedger
from sms_consent.postman import Postman
from sms_consent.progress import THROTTLED
from sms_consent.replies import ReplyKind

__all__ = ["Correspondence", "Limit"]

USEFUL_FOR = timedelta(days=1)
ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Limit:
    """How many replies of a kind one person may be sent in a while; two machines would answer each other for ever."""

    most: int
    within: timedelta


LIMITS: Mapping[ReplyKind, Limit] = {
    ReplyKind.HELP: Limit(3, timedelta(hours=1)),
    ReplyKind.ASK: Limit(1, timedelta(days=1)),
}


class Correspondence:
    """Answers each question once, the newest one for all if they come faster than they can be answered."""

    def __init__(
        self, *, ledger: ConsentLedger, postman: Postman, pace: Pace, clock: Clock, new_token: Callable[[], str]
    ) -> None:
        self._ledger = ledger
        self._postman = postman
        self._pace = pace
        self._clock = clock
        self._new_token = new_token

    def answer(self, decision: Decision, kind: ReplyKind, *, reply_from: str) -> Answer | None:
        """Answer, and record the decision. None if the person has had enough replies of this kind, or a newer one.

        Raises TryAgain if the ledger does not answer; repeating is safe.
        """
        key = f"{kind}#{reply_from}"
        letter = self._open(decision, kind, key, reply_from)
        if letter is not None and letter.answer.state is AnswerState.CLAIMED:
            letter = self._deliver(key, letter)
        self.note(decision)
        return letter.answer if letter is not None else None

    def recent_replies(self, number: str, list_name: str, reply_from: str) -> Iterator[RecentReply]:
        """Yield the replies that a person was sent by a sender of ours and for its list, up to three of each kind.

        Each kind is read when it is needed. Raises TryAgain if the ledger does not answer.
        """
        consent = self._ledger.consent(number, list_name)
        yield from consent.recent_replies if consent is not None else ()
        for kind in LIMITS:
            letter = self._ledger.letter(f"{kind}#{reply_from}", number)
            yield from letter.recent_replies if letter is not None else ()

    def note(self, decision: Decision) -> None:
        """Record a decision that is not answered."""
        self._ledger.append(decision, Outcome.ANSWERED, self._clock.now())

    def settle(self, key: str, letter: Letter) -> bool:
        """Send a reply that was left due, as it was last seen; False if it has to wait for its turn."""
        now = self._clock.now()
        if not self._pace.ready(Call.SEND):
            return False
        if letter.due_at is None or letter.due_at > now:
            return True
        taken = replace(
            letter,
            answer=letter.answer.taken_over(self._new_token(), now),
            recent=(*letter.recent[:-1], now),
            revision=letter.revision + 1,
            due_at=None,
        )
        try:
            self._ledger.save_letter(key, taken, replacing=letter)
        except Moved:
            return True  # somebody is at it
        if taken.answer.state is AnswerState.CLAIMED:
            self._deliver(key, taken)
        return True

    def _open(self, decision: Decision, kind: ReplyKind, key: str, reply_from: str) -> Letter | None:
        standing: Letter | None = None
        for _ in range(ATTEMPTS):
            now = self._clock.now()
            if standing is not None and (
                decision.at <= standing.asked_at or decision.id == standing.answer.decision_id
            ):
                return None
            letter = self._letter(standing, decision, kind, reply_from, now)
            if letter is None:
                return None
            try:
                self._ledger.save_letter(key, letter, replacing=standing)
            except Moved as moved:
                standing = cast("Letter | None", moved.current)
                continue
            return letter
        raise Unavailable("the letter changed under every attempt to write it")

    def _letter(
        self, standing: Letter | None, decision: Decision, kind: ReplyKind, reply_from: str, now: datetime
    ) -> Letter | None:
        limit = LIMITS[kind]
        recent = standing.recent_within(limit.within, now) if standing is not None else ()
        if len(recent) >= limit.most:
            return None
        answer = Answer(
            decision_id=decision.id,
            kind=kind,
            language=decision.language,
            sender=reply_from,
            until=now + USEFUL_FOR,
        )
        at_once = self._pace.ready(Call.SEND)
        return Letter(
            number=decision.number,
            answer=answer.claimed(self._new_token()) if at_once else answer,
            asked_at=decision.at,
            recent=(*recent, now),
            revision=standing.revision + 1 if standing is not None else 1,
            due_at=None if at_once else now,
            recent_replies=standing.recent_replies if standing is not None else (),
            preserved=standing.preserved if standing is not None else None,
        )

    def _deliver(self, key: str, letter: Letter) -> Letter:
        try:
            delivery = self._postman.deliver(letter.number, letter.answer)
            known, reply = letter.recent_replies, delivery.reply
            after = replace(
                letter,
                answer=delivery.answer,
                recent=(
                    *letter.recent[:-1],
                    self._clock.now(),
                ),  # the limits count when a reply was sent, not asked for
                recent_replies=reply.added_to(known) if reply is not None else known,
                revision=letter.revision + 1,
                attempts=0,
            )
        except Untouched:
            self._pace.refused(Call.SEND)
            after = replace(
                letter,
                answer=letter.answer.released(),
                revision=letter.revision + 1,
                attempts=letter.attempts + 1,
                due_at=self._clock.now() + THROTTLED.after(letter.attempts),
            )
        try:
            self._ledger.save_letter(key, after, replacing=letter)
        except Moved:
            return after  # a newer question took its place, and its answer serves for both
        return after
