"""Which replies are withheld: each is a text that the deployment pays for, and anybody can make it send one.

A person gets a limited number of replies, and a deployment sends a limited number in a day. An opt-out never depends on either:
where its confirmation is withheld, the number is put on the list at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_consent.domain.ports import Clock
from sms_consent.domain.reply import RecentReply, ReplyKind
from sms_consent.sync.reply_budget import Budget, Priority, Refusal, Unlimited

__all__ = ["BUDGET_REASONS", "ENOUGH", "LETTER_LIMITS", "LONGEST", "Limit", "ReplyLimits", "enough"]

ENOUGH = "this person has had the most replies of this kind in a day"
SPENT = "the deployment has sent the most replies of a day"
UNKNOWN = "the deployment's number of replies today is unknown"
BUDGET_REASONS = frozenset({SPENT, UNKNOWN})

LONGEST = timedelta(days=1)
"""The longest time that a limit looks back."""

CONFIRMATIONS = 3
"""Confirmations to one person for one list in a day. No more than ``answer.MOST_RECENT``, which a consent keeps."""

OPT_IN_CONFIRMATIONS = 2
"""Of them, for opt-ins: one is always left for an opt-out."""

_REASONS = {Refusal.SPENT: SPENT, Refusal.UNKNOWN: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Limit:
    """How many replies one person may be sent in a span of time."""

    most: int
    within: timedelta


LETTER_LIMITS: Mapping[ReplyKind, tuple[Limit, ...]] = {
    ReplyKind.HELP: (Limit(3, timedelta(hours=1)), Limit(6, LONGEST)),
    ReplyKind.ASK: (Limit(1, LONGEST),),
}
"""For one person, whichever of our numbers they text; two machines would answer each other for ever."""


class ReplyLimits:
    """Applies the limits on confirmations for one person and list, and the deployment's budget."""

    def __init__(self, clock: Clock, budget: Budget | None = None) -> None:
        self.clock = clock
        self._budget = budget or Unlimited()

    def take(self, kind: ReplyKind, recent: Sequence[RecentReply]) -> str | None:
        """Count a reply that is about to be sent, or return the reason why it must not be.

        Args:
            kind: What it replies to.
            recent: The newest replies for the same person and list.
        """
        now = self.clock.now()
        if enough(kind, recent, now):
            return ENOUGH
        refusal = self._budget.take(_priority(kind, recent, now))
        return _REASONS[refusal] if refusal is not None else None

    def would_withhold(self, kind: ReplyKind, recent: Sequence[RecentReply]) -> str | None:
        """Return the reason why a reply would be withheld, as far as it is known without a call."""
        now = self.clock.now()
        if enough(kind, recent, now):
            return ENOUGH
        refusal = self._budget.would_refuse(_priority(kind, recent, now))
        return _REASONS[refusal] if refusal is not None else None

    def give_back(self) -> None:
        """Uncount a reply that was not sent after all."""
        self._budget.give_back()


def enough(kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> bool:
    """Tell whether a person has had enough confirmations for one list. A first one of an opt-out in a day is never too many."""
    if kind not in (ReplyKind.OPT_OUT_CONFIRMATION, ReplyKind.OPT_IN_CONFIRMATION):
        return False  # these have limits of their own, across lists (``correspondence``)
    today = [reply.kind for reply in recent if now - reply.at < LONGEST]
    if kind is ReplyKind.OPT_OUT_CONFIRMATION:
        return kind in today and len(today) >= CONFIRMATIONS
    return len(today) >= CONFIRMATIONS or today.count(kind) >= OPT_IN_CONFIRMATIONS


def _priority(kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> Priority:
    if kind is not ReplyKind.OPT_OUT_CONFIRMATION:
        return Priority.LOW
    confirmed = any(reply.kind is kind and now - reply.at < LONGEST for reply in recent)
    return Priority.OPT_OUT if confirmed else Priority.FIRST_OPT_OUT
