"""Limits on replies: per person, and per day for the deployment. Each reply costs the deployment a text.

An opt-out never waits for a limit: if its confirmation is withheld, the number is put on the list at once.

The daily budget is shared by all execution environments. Each environment reserves replies in blocks, with one atomic
addition to a counter in the ledger, so that most replies need no call. A block is at most as large as the number of replies
that the environment has sent that day, so an environment that ends early leaves little unused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from threading import Lock
from typing import Protocol

from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.ports import Clock
from sms_consent.domain.reply import RecentReply, ReplyKind

__all__ = [
    "BLOCK",
    "BUDGET_REASONS",
    "ENOUGH",
    "FREE",
    "LONGEST",
    "QUESTION_LIMITS",
    "Budget",
    "Limit",
    "Priority",
    "Refusal",
    "ReplyBudget",
    "ReplyLimits",
    "Unlimited",
    "enough",
]

BLOCK = 100
"""The most replies that are reserved at once."""

FREE = 5
"""Replies that an execution environment may send before its first reservation of the day."""

WITHOUT_LEDGER = 20
"""Replies of low priority that an environment may send in a day while the counter cannot be written."""

RETRY_AFTER = timedelta(minutes=1)
"""How long an environment makes no further reservation after one that failed."""

LOW_PRIORITY_SHARE = 0.8


class Priority(Enum):
    """Which replies are cut first when the budget runs out."""

    LOW = "LOW"  # HELP, questions, confirmations of opt-ins: up to 80 % of the budget
    OPT_OUT = "OPT_OUT"  # further confirmations of opt-outs: up to the whole budget
    FIRST_OPT_OUT = "FIRST_OPT_OUT"  # a person's first confirmation in a day: always sent, and counted


class Refusal(Enum):
    """Why the budget refuses a reply."""

    SPENT = "SPENT"
    UNKNOWN = "UNKNOWN"


Reserve = Callable[[date, int], int]
"""Add to the counter of a UTC day, and return the new total. Raises TryAgain or Rejected."""


class Budget(Protocol):
    """The number of replies that may be sent in a day."""

    def take(self, priority: Priority) -> Refusal | None:
        """Count a reply that is about to be sent. A refusal means that it must not be sent."""

    def would_refuse(self, priority: Priority) -> Refusal | None:
        """Return the refusal as far as it is known without a call."""

    def give_back(self) -> None:
        """Uncount a reply that was not sent after all."""


class Unlimited:
    """A budget without a limit."""

    def take(self, priority: Priority) -> Refusal | None:  # noqa: ARG002  the same for all
        """Allow it."""
        return None

    def would_refuse(self, priority: Priority) -> Refusal | None:  # noqa: ARG002
        """Allow it."""
        return None

    def give_back(self) -> None:
        """Do nothing."""


ENOUGH = "this person has had the most replies of this kind in a day"
SPENT = "the deployment has sent the most replies of a day"
UNKNOWN = "the deployment's number of replies today is unknown"
BUDGET_REASONS = frozenset({SPENT, UNKNOWN})

LONGEST = timedelta(days=1)
"""The longest time that a limit looks back."""

CONFIRMATIONS = 3
"""Confirmations to one person for one list in a day. At most ``reply.MOST_RECENT``, which a consent keeps."""

OPT_IN_CONFIRMATIONS = 2
"""How many of them may be for opt-ins. One is always left for an opt-out."""

_REASONS = {Refusal.SPENT: SPENT, Refusal.UNKNOWN: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Limit:
    """How many replies one person may be sent in a time span."""

    most: int
    within: timedelta


QUESTION_LIMITS: Mapping[ReplyKind, tuple[Limit, ...]] = {
    ReplyKind.HELP: (Limit(3, timedelta(hours=1)), Limit(6, LONGEST)),
    ReplyKind.ASK: (Limit(1, LONGEST),),
}
"""Limits for one person across all origination identities. Without them, two machines would reply to each other forever."""


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
    """Return whether a person has had enough confirmations for one list. The first confirmation of an opt-out in a day is
    always sent."""
    if kind not in (ReplyKind.OPT_OUT_CONFIRMATION, ReplyKind.OPT_IN_CONFIRMATION):
        return False  # these have limits of their own, across lists (``help_and_clarification``)
    today = [reply.kind for reply in recent if now - reply.at < LONGEST]
    if kind is ReplyKind.OPT_OUT_CONFIRMATION:
        return kind in today and len(today) >= CONFIRMATIONS
    return len(today) >= CONFIRMATIONS or today.count(kind) >= OPT_IN_CONFIRMATIONS


def _priority(kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> Priority:
    if kind is not ReplyKind.OPT_OUT_CONFIRMATION:
        return Priority.LOW
    confirmed = any(reply.kind is kind and now - reply.at < LONGEST for reply in recent)
    return Priority.OPT_OUT if confirmed else Priority.FIRST_OPT_OUT


class ReplyBudget:
    """One execution environment's part of the budget. Safe for several threads."""

    def __init__(
        self,
        reserve: Reserve,
        clock: Clock,
        *,
        per_day: int,
        free: int = 0,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Start with nothing reserved.

        Args:
            reserve: Adds to the day's counter.
            clock: Its UTC date is the day.
            per_day: Replies in a day, of all environments together.
            free: Replies before the first reservation of a day, so that the first texts of an environment cost no call. They are
                added with the first reservation.
            failed: Called when a reservation fails.
        """
        self._reserve = reserve
        self._clock = clock
        self._per_day = per_day
        self._free = min(free, per_day)
        self._failed = failed
        self._state = Lock()
        self._reserving = Lock()
        self._sent = 0
        self._begin(clock.now().date())

    def take(self, priority: Priority) -> Refusal | None:
        """Count a reply. A first confirmation makes no call; others make one for each block."""
        decided, refusal = self._try(priority)
        if decided:
            return refusal
        with self._reserving:
            decided, refusal = self._try(priority)  # another thread may have reserved a block meanwhile
            while not decided:
                self._reserve_block()
                decided, refusal = self._try(priority)
        return refusal

    def would_refuse(self, priority: Priority) -> Refusal | None:
        """Return the refusal as far as it is known without a call."""
        with self._state:
            self._turn_day()
            return self._refusal(priority)

    def give_back(self) -> None:
        """Uncount a reply that was not sent after all."""
        with self._state:
            self._sent = max(self._sent - 1, 0)
            if self._uncounted:
                self._uncounted -= 1
            elif self._left < self._granted:
                self._left += 1

    def _begin(self, day: date) -> None:
        self._day = day
        self._granted = self._left = self._free  # of the newest block: how many, and how many are not sent yet
        self._uncounted = 0  # sent without a reservation: added with the next one
        self._total: int | None = None  # of all environments, after the last reservation
        self._sent = 0
        self._retry_at: datetime | None = None

    def _turn_day(self) -> None:
        today = self._clock.now().date()
        if today > self._day:
            self._begin(today)

    def _try(self, priority: Priority) -> tuple[bool, Refusal | None]:
        """Return whether the reply is decided without a reservation, and the refusal."""
        with self._state:
            self._turn_day()
            refusal = self._refusal(priority)
            if refusal is not None:
                return True, refusal
            if self._left:
                self._left -= 1
            elif priority is Priority.FIRST_OPT_OUT or self._is_waiting():
                self._uncounted += 1
            else:
                return False, None
            self._sent += 1
            return True, None

    def _refusal(self, priority: Priority) -> Refusal | None:
        if priority is Priority.FIRST_OPT_OUT:
            return None
        limit = self._limit(priority)
        # The counter's value before the next reply: what others have not sent of their blocks counts as sent.
        if limit == 0 or (self._total is not None and self._total - self._left >= limit):
            return Refusal.SPENT
        if self._left or not self._is_waiting() or priority is Priority.OPT_OUT:
            return None
        return Refusal.UNKNOWN if self._uncounted >= WITHOUT_LEDGER else None

    def _limit(self, priority: Priority) -> int:
        return self._per_day if priority is Priority.OPT_OUT else int(self._per_day * LOW_PRIORITY_SHARE)

    def _is_waiting(self) -> bool:
        return self._retry_at is not None and self._clock.now() < self._retry_at

    def _reserve_block(self) -> None:
        """Make one reservation. The caller holds ``_reserving`` and no other lock."""
        with self._state:
            day = self._day
            block = min(max(self._sent, 1), BLOCK)
            sent = self._granted - self._left + self._uncounted if self._total is None else self._uncounted
            uncounted = self._uncounted
        try:
            total = self._reserve(day, sent + block)
        except (TryAgain, Rejected):
            with self._state:
                self._retry_at = self._clock.now() + RETRY_AFTER
            self._failed()
            return
        with self._state:
            if self._day != day:
                return
            room = max(self._per_day - (total - block), 0)
            self._retry_at = None
            # Replies that other threads sent or gave back during the call stay as they are.
            self._uncounted = max(self._uncounted - uncounted, 0)
            self._granted = self._left = min(block, room)
            self._total = min(total, self._per_day) if room < block else total
