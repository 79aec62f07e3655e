"""How one reply stands: due, claimed by one worker, or settled; so that nobody is sent it twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sms_consent.preserved import Preserved
from sms_consent.replies import ReplyKind

__all__ = ["Answer", "AnswerState", "Delivery", "Letter", "RecentReply", "digest_of"]

MOST_RECENT = 3
"""Replies of which a record keeps time, kind and digest."""


class AnswerState(StrEnum):
    """A reply goes from DUE to CLAIMED to one of the others, and back to DUE only when it surely was not sent."""

    DUE = "DUE"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    SKIPPED = "SKIPPED"  # no use any more: the grace is over, or the service refuses texts to the number
    FAILED = "FAILED"  # refused for good; the reason is kept
    UNKNOWN = "UNKNOWN"  # claimed, and nobody can tell whether it went out: not sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply to one decision, sent from ``sender`` before ``until`` or not at all."""

    decision_id: str
    kind: ReplyKind
    sender: str
    until: datetime
    language: str | None = None
    state: AnswerState = AnswerState.DUE
    claimed_by: str | None = None
    message_id: str | None = None
    reason: str | None = None
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    def claimed(self, worker: str) -> Answer:
        """Claimed by one worker; claimed before it is sent, hence sent at most once."""
        return replace(self, state=AnswerState.CLAIMED, claimed_by=worker)

    def taken_over(self, worker: str, now: datetime) -> Answer:
        """As another worker finds it: what a lost one had claimed may have gone out, so it is left alone."""
        if self.state is AnswerState.CLAIMED:
            return replace(self, state=AnswerState.UNKNOWN, reason="the worker that had claimed it was lost")
        if self.state is AnswerState.DUE:
            return self.claimed(worker) if now < self.until else self.skipped("not sent in time")
        return self

    def released(self) -> Answer:
        """Due again: the attempt surely had no effect."""
        return replace(self, state=AnswerState.DUE, claimed_by=None)

    def sent(self, message_id: str) -> Answer:
        """Accepted by the service."""
        return replace(self, state=AnswerState.SENT, message_id=message_id)

    def skipped(self, reason: str) -> Answer:
        """Not sent, on purpose."""
        return replace(self, state=AnswerState.SKIPPED, reason=reason)

    def failed(self, reason: str) -> Answer:
        """Refused for good."""
        return replace(self, state=AnswerState.FAILED, reason=reason)

    def unknown(self, reason: str) -> Answer:
        """The call broke off, perhaps after it took effect."""
        return replace(self, state=AnswerState.UNKNOWN, reason=reason)

    def held_by(self, worker: str) -> bool:
        """Whether this worker, and no other, may send it now."""
        return self.state is AnswerState.CLAIMED and self.claimed_by == worker


@dataclass(frozen=True, slots=True)
class RecentReply:
    """A reply that a person was sent, or may have been: when, a digest of its text, and its kind."""

    at: datetime
    digest: str
    kind: ReplyKind | None = None  # None where an older version recorded it

    def added_to(self, known: tuple[RecentReply, ...]) -> tuple[RecentReply, ...]:
        """Return the newest replies with this one, oldest first. Adding one twice changes nothing."""
        return known if self in known else (*known, self)[-MOST_RECENT:]


def digest_of(body: str) -> str:
    """Return a short digest of a reply's text, by which a copy of it is recognised."""
    return sha256(body.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of one attempt to send a reply. ``reply`` is None if no text can have left."""

    answer: Answer
    reply: RecentReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The newest reply of one kind to one person on which no consent hangs: to HELP, or the question to an unclear text.

    ``recent`` are the times at which such replies were claimed, so that two machines do not talk to each other for ever.
    """

    number: str
    answer: Answer
    asked_at: datetime
    recent: tuple[datetime, ...]
    revision: int = 1
    attempts: int = 0
    due_at: datetime | None = None
    recent_replies: tuple[RecentReply, ...] = ()  # the last three replies that were sent, oldest first
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    def recent_within(self, window: timedelta, now: datetime) -> tuple[datetime, ...]:
        """The claims of the last while."""
        return tuple(moment for moment in self.recent if now - moment < window)
