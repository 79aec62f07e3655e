"""Replies and their states: due, claimed by one worker, or finished, so that no reply is sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from operator import itemgetter

from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["Delivery", "RecentReply", "Reply", "ReplyKind", "ReplyState", "ReplyThread", "digest_of"]

MOST_LINES = 20
"""Origination identities of which a reply thread keeps the time of a person's last question."""


class ReplyKind(StrEnum):
    """The purpose of a reply."""

    OPT_OUT_CONFIRMATION = "OPT_OUT_CONFIRMATION"
    OPT_IN_CONFIRMATION = "OPT_IN_CONFIRMATION"
    HELP = "HELP"
    ASK = "ASK"  # asks whether an unclear text means an opt-out


class ReplyState(StrEnum):
    """The state of a reply: DUE, then CLAIMED, then a final one. It returns to DUE only if the reply was certainly not sent."""

    DUE = "DUE"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    SKIPPED = "SKIPPED"  # not sent on purpose: too late, over a limit, or AWS refuses texts to the number
    FAILED = "FAILED"  # permanently refused; the reason is kept
    UNKNOWN = "UNKNOWN"  # claimed, and perhaps sent: not sent again


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
    text: str | None = field(
        default=None, compare=False
    )  # the exact words, from sending until they are written as a fact
    sent_from: str | None = field(
        default=None, compare=False
    )  # the identity it was sent from if not ``sender``, until it is written as a fact
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    def claimed(self, worker: str) -> Reply:
        """Return the reply claimed by a worker. A reply is claimed before it is sent, so it is sent at most once."""
        return replace(self, state=ReplyState.CLAIMED, claimed_by=worker)

    def taken_over(self, worker: str, now: datetime) -> Reply:
        """Return the reply for the next worker. One that a lost worker had claimed may have been sent, so it is not sent
        again."""
        if self.state is ReplyState.CLAIMED:
            return replace(self, state=ReplyState.UNKNOWN, reason="the worker that had claimed it was lost")
        if self.state is ReplyState.DUE:
            return self.claimed(worker) if now < self.until else self.skipped("not sent in time")
        return self

    def released(self) -> Reply:
        """Return the reply due again, after an attempt that certainly had no effect."""
        return replace(self, state=ReplyState.DUE, claimed_by=None)

    def sent(self, message_id: str) -> Reply:
        """Return the reply as accepted by AWS."""
        return replace(self, state=ReplyState.SENT, message_id=message_id)

    def skipped(self, reason: str) -> Reply:
        """Return the reply as not sent on purpose."""
        return replace(self, state=ReplyState.SKIPPED, reason=reason)

    def failed(self, reason: str) -> Reply:
        """Return the reply as permanently refused."""
        return replace(self, state=ReplyState.FAILED, reason=reason)

    def unknown(self, reason: str) -> Reply:
        """Return the reply as perhaps sent: the call got no response."""
        return replace(self, state=ReplyState.UNKNOWN, reason=reason)

    def held_by(self, worker: str) -> bool:
        """Return whether the worker has claimed the reply and may send it."""
        return self.state is ReplyState.CLAIMED and self.claimed_by == worker


@dataclass(frozen=True, slots=True)
class RecentReply:
    """A reply that a person was sent, or may have been sent: time, digest of its text, and kind."""

    at: datetime
    digest: str
    kind: ReplyKind | None = None  # None where an older version recorded it
    reply: Reply | None = field(default=None, compare=False, repr=False)  # until it is written as a fact


def digest_of(body: str) -> str:
    """Return a short digest of a reply's text, to recognise a copy of it."""
    return sha256(body.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of one attempt to send a reply. ``reply`` is None if certainly no text was sent."""

    answer: Reply
    reply: RecentReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyThread:
    """The newest reply of one kind to one person that changes no consent: to HELP, or the question about an unclear text.

    ``recent`` holds the times at which such replies were claimed, for the limits. ``waiting`` holds earlier replies, from
    other origination identities, that could not be sent before the newest was requested.
    """

    number: str
    answer: Reply
    asked_at: datetime
    recent: tuple[datetime, ...]
    revision: int = 1
    attempts: int = 0
    due_at: datetime | None = None
    recent_replies: tuple[RecentReply, ...] = ()  # the last three replies sent, oldest first
    waiting: tuple[Reply, ...] = ()
    lines: Mapping[str, datetime] = field(
        default_factory=dict
    )  # by origination identity: the time of the newest question
    outside_writes: int = field(default=0, compare=False)  # how often a release without the evidence chain wrote it
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    def recent_within(self, window: timedelta, now: datetime) -> tuple[datetime, ...]:
        """Return the times of the claims within a time window."""
        return tuple(moment for moment in self.recent if now - moment < window)

    def has_seen(self, decision_id: str, line: str, at: datetime) -> bool:
        """Return whether this question, or a newer one to the same origination identity, is in the thread."""
        if any(answer.decision_id == decision_id for answer in (self.answer, *self.waiting)):
            return True  # published again, perhaps under a later time
        seen = self.lines.get(line)
        if seen is None and len(self.lines) >= MOST_LINES:
            seen = min(self.lines.values())
        return seen is not None and at <= seen

    def after(self, former: ReplyThread) -> ReplyThread:
        """Return the thread to write in place of ``former``, with what must be kept of it."""
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
        """Return the replies that are still due and not too late."""
        due = (*self.waiting, self.answer)
        return tuple(answer for answer in due if answer.state is ReplyState.DUE and now < answer.until)

    def next_taken_over(self, worker: str, now: datetime) -> ReplyThread:
        """Return the thread with its next reply claimed. One that a lost worker had claimed is given up."""
        answer, waiting = self.answer, self.waiting
        if waiting and answer.state not in (ReplyState.DUE, ReplyState.CLAIMED):
            answer, waiting = waiting[0], waiting[1:]
        return replace(self, answer=answer.taken_over(worker, now), waiting=waiting)
