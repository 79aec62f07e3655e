"""How one reply stands: due, claimed by one worker, or settled; so that nobody is sent it twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from operator import itemgetter

from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["Delivery", "RecentReply", "Reply", "ReplyKind", "ReplyState", "ReplyThread", "digest_of"]

MOST_RECENT = 3
"""Replies of which a record keeps time, kind and digest."""

MOST_LINES = 20
"""Numbers of ours of which a letter keeps when a person last asked them."""


class ReplyKind(StrEnum):
    """What a reply is for."""

    OPT_OUT_CONFIRMATION = "OPT_OUT_CONFIRMATION"
    OPT_IN_CONFIRMATION = "OPT_IN_CONFIRMATION"
    HELP = "HELP"
    ASK = "ASK"  # the text may have meant an opt-out: says which word would


class ReplyState(StrEnum):
    """A reply goes from DUE to CLAIMED to one of the others, and back to DUE only when it surely was not sent."""

    DUE = "DUE"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    SKIPPED = "SKIPPED"  # no use any more: the grace is over, or the service refuses texts to the number
    FAILED = "FAILED"  # refused for good; the reason is kept
    UNKNOWN = "UNKNOWN"  # claimed, and nobody can tell whether it went out: not sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The reply to one decision, sent from ``sender`` before ``until`` or not at all."""

    decision_id: str
    kind: ReplyKind
    sender: str
    until: datetime
    language: str | None = None
    state: ReplyState = ReplyState.DUE
    claimed_by: str | None = None
    message_id: str | None = None
    reason: str | None = None
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    def claimed(self, worker: str) -> Reply:
        """Claimed by one worker; claimed before it is sent, hence sent at most once."""
        return replace(self, state=ReplyState.CLAIMED, claimed_by=worker)

    def taken_over(self, worker: str, now: datetime) -> Reply:
        """As another worker finds it: what a lost one had claimed may have gone out, so it is left alone."""
        if self.state is ReplyState.CLAIMED:
            return replace(self, state=ReplyState.UNKNOWN, reason="the worker that had claimed it was lost")
        if self.state is ReplyState.DUE:
            return self.claimed(worker) if now < self.until else self.skipped("not sent in time")
        return self

    def released(self) -> Reply:
        """Due again: the attempt surely had no effect."""
        return replace(self, state=ReplyState.DUE, claimed_by=None)

    def sent(self, message_id: str) -> Reply:
        """Accepted by the service."""
        return replace(self, state=ReplyState.SENT, message_id=message_id)

    def skipped(self, reason: str) -> Reply:
        """Not sent, on purpose."""
        return replace(self, state=ReplyState.SKIPPED, reason=reason)

    def failed(self, reason: str) -> Reply:
        """Refused for good."""
        return replace(self, state=ReplyState.FAILED, reason=reason)

    def unknown(self, reason: str) -> Reply:
        """The call broke off, perhaps after it took effect."""
        return replace(self, state=ReplyState.UNKNOWN, reason=reason)

    def held_by(self, worker: str) -> bool:
        """Whether this worker, and no other, may send it now."""
        return self.state is ReplyState.CLAIMED and self.claimed_by == worker


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

    answer: Reply
    reply: RecentReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyThread:
    """The newest reply of one kind to one person that changes no consent: to HELP, or the question to an unclear text.

    ``recent`` are the times at which such replies were claimed, which limits count. ``waiting`` are earlier replies, from
    others of our numbers, that could not be sent before the newest was asked for.
    """

    number: str
    answer: Reply
    asked_at: datetime
    recent: tuple[datetime, ...]
    revision: int = 1
    attempts: int = 0
    due_at: datetime | None = None
    recent_replies: tuple[RecentReply, ...] = ()  # the last three replies that were sent, oldest first
    waiting: tuple[Reply, ...] = ()
    lines: Mapping[str, datetime] = field(default_factory=dict)  # by number of ours: the newest question to it
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    def recent_within(self, window: timedelta, now: datetime) -> tuple[datetime, ...]:
        """Return the claims of the last while."""
        return tuple(moment for moment in self.recent if now - moment < window)

    def has_seen(self, decision_id: str, line: str, at: datetime) -> bool:
        """Tell whether a question is known, or a newer one to the same number of ours."""
        if any(answer.decision_id == decision_id for answer in (self.answer, *self.waiting)):
            return True  # published again, perhaps under a later time
        seen = self.lines.get(line)
        if seen is None and len(self.lines) >= MOST_LINES:
            seen = min(self.lines.values())
        return seen is not None and at <= seen

    def after(self, former: ReplyThread) -> ReplyThread:
        """Return the letter as the successor of the one that is stored."""
        lines = sorted({**former.lines, **self.lines}.items(), key=itemgetter(1))
        return replace(
            self,
            asked_at=max(self.asked_at, former.asked_at),
            revision=former.revision + 1,
            recent_replies=former.recent_replies,
            lines=dict(lines[-MOST_LINES:]),
            preserved=former.preserved,
        )

    def unsent(self, now: datetime) -> tuple[Reply, ...]:
        """Return the replies that are still to be sent."""
        due = (*self.waiting, self.answer)
        return tuple(answer for answer in due if answer.state is ReplyState.DUE and now < answer.until)

    def next_taken_over(self, worker: str, now: datetime) -> ReplyThread:
        """Return the letter with its next reply claimed, or given up if a lost worker had claimed it."""
        answer, waiting = self.answer, self.waiting
        if waiting and answer.state not in (ReplyState.DUE, ReplyState.CLAIMED):
            answer, waiting = waiting[0], waiting[1:]
        return replace(self, answer=answer.taken_over(worker, now), waiting=waiting)
