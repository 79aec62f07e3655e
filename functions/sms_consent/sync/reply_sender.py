"""The reply sender: composes a reply, applies the limits, and sends it once.

Each reply costs the deployment a text, so replies are limited per person, and per day for the deployment. An opt-out never
waits for a limit: if its confirmation is withheld, the number is put on the list at once.

The daily budget is shared by all execution environments. Each environment reserves replies in blocks, with one atomic
addition to a counter in the ledger, so that most replies need no call. A block is at most as large as the number of replies
that the environment has sent that day, so an environment that ends early leaves little unused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from functools import partial
from threading import Lock

from sms_consent.domain.errors import RecipientOptedOut, Rejected, TryAgain, Unavailable, Untouched
from sms_consent.domain.phone_number import is_agent
from sms_consent.domain.ports import Call, RateLimiter, Sender, Texting
from sms_consent.domain.reply import Delivery, RecentReply, Reply, ReplyKind, digest_of
from sms_consent.replies import Replies, Unfit

__all__ = [
    "BLOCK",
    "BUDGET_REASONS",
    "ENOUGH",
    "FREE",
    "LONGEST",
    "QUESTION_LIMITS",
    "Limit",
    "Priority",
    "Refusal",
    "ReplyBudget",
    "ReplyLimits",
    "ReplySender",
    "enough",
]

MOST = 100
"""Senders whose composed replies are cached."""

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
    """Priority of a reply when the budget runs out."""

    LOW = "LOW"  # HELP, questions, confirmations of opt-ins: up to 80 % of the budget
    OPT_OUT = "OPT_OUT"  # further confirmations of opt-outs: up to the whole budget
    FIRST_OPT_OUT = "FIRST_OPT_OUT"  # a person's first confirmation in a day: always sent, and counted


class Refusal(Enum):
    """Reason for which the budget refuses a reply."""

    SPENT = "SPENT"
    UNKNOWN = "UNKNOWN"


Reserve = Callable[[date, int], int]
"""Add to the counter of a UTC day, and return the new total. Raises TryAgain or Rejected."""


class ReplySender:
    """Sends a reply that its worker has claimed."""

    def __init__(
        self,
        texting: Texting,
        replies: Replies,
        senders: Callable[[str], Sender | None],
        rate_limiter: RateLimiter,
        limits: ReplyLimits,
        warn: Callable[[Unfit], None] | None = None,
    ) -> None:
        """``warn`` is called for each reply that cannot be sent as it is configured."""
        self._texting = texting
        self._replies = replies
        self._senders = senders
        self._rate_limiter = rate_limiter
        self.limits = limits
        self._warn = warn
        self._branded: dict[Sender, Replies] = {}

    def deliver(self, number: str, answer: Reply, recent: Sequence[RecentReply] = (), *, now: datetime) -> Delivery:
        """Send a reply once, unless a limit withholds it. Raises only Untouched, after which it can be tried again.

        ``recent`` are the newest replies to the same person for the same list.
        """
        sender = self._settings_of(answer.sender)
        reply_from = sender.reply_from if sender is not None else None
        reply = (self._replies if sender is None else self._replies_of(sender)).compose(answer.kind, answer.language)
        if reply.unfit is not None and self._warn is not None:
            self._warn(reply.unfit)
        if not reply.body:
            return Delivery(answer.failed("no wording of this reply fits in a message with the deployment's settings"))
        withheld = self.limits.take(answer.kind, recent, now)
        if withheld is not None:
            return Delivery(answer.skipped(withheld))
        send = partial(
            self._texting.send,
            to=number,
            sender=reply_from or answer.sender,
            body=reply.body,
            reference=answer.decision_id,
            as_rcs=reply_from is not None and is_agent(reply_from),
        )
        try:
            message_id = self._rate_limiter.run(Call.SEND, send)
        except Untouched:
            self.limits.give_back()
            raise
        except RecipientOptedOut:
            self.limits.give_back()
            return Delivery(answer.skipped("the service sends nothing to a number on the opt-out list"))
        except Unavailable:
            self._rate_limiter.refused(Call.SEND)
            answer = answer.unknown("the service did not say whether it took the text")
        except Rejected as refusal:
            self.limits.give_back()
            return Delivery(answer.failed(str(refusal)))
        else:
            answer = answer.sent(message_id)
        answer = replace(answer, text=reply.body, sent_from=reply_from)  # kept as evidence, in these words
        return Delivery(answer, RecentReply(now, digest_of(reply.body), answer.kind, answer))

    def replies_of(self, sender: str) -> Replies:
        """Return the replies of an origination identity. Raises TryAgain or Rejected if its settings cannot be read."""
        settings = self._senders(sender)
        return self._replies if settings is None else self._replies_of(settings)

    def _settings_of(self, sender: str) -> Sender | None:
        try:
            return self._senders(sender)
        except (TryAgain, Rejected):
            return None  # a failed look-up must not delay a confirmation

    def _replies_of(self, sender: Sender) -> Replies:
        replies = self._branded.get(sender)
        if replies is None:
            replies = self._replies.for_brand(sender.brand, sender.support_contact, sender.language)
            if len(self._branded) >= MOST:
                self._branded.clear()
            self._branded[sender] = replies
        return replies


ENOUGH = "this person has had the most replies of this kind in a day"
SPENT = "the deployment has sent the most replies of a day"
UNKNOWN = "the deployment's number of replies today is unknown"
BUDGET_REASONS = frozenset({SPENT, UNKNOWN})

LONGEST = timedelta(days=1)
"""The longest time that a limit looks back."""

CONFIRMATIONS = 3
"""Confirmations to one person for one list in a day. At most ``transitions.MOST_RECENT``, which a consent keeps."""

OPT_IN_CONFIRMATIONS = 2
"""Confirmations of opt-ins among them. One is always left for an opt-out."""

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

    def __init__(self, budget: ReplyBudget | None = None) -> None:
        """Without a budget, the number of replies in a day is not limited."""
        self._budget = budget

    def take(self, kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> str | None:
        """Count a reply that is about to be sent. Return None, or the reason why it must not be sent.

        Args:
            kind: The kind of the reply.
            recent: The newest replies to the same person for the same list.
            now: The time.
        """
        if enough(kind, recent, now):
            return ENOUGH
        refusal = self._budget.take(_priority(kind, recent, now), now) if self._budget is not None else None
        return _REASONS[refusal] if refusal is not None else None

    def would_withhold(self, kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> str | None:
        """Return the reason why a reply would be withheld, or None. Makes no call, so the daily total may be out of date."""
        if enough(kind, recent, now):
            return ENOUGH
        refusal = self._budget.would_refuse(_priority(kind, recent, now), now) if self._budget is not None else None
        return _REASONS[refusal] if refusal is not None else None

    def give_back(self) -> None:
        """Take back the count of a reply that was not sent after all."""
        if self._budget is not None:
            self._budget.give_back()


def enough(kind: ReplyKind, recent: Sequence[RecentReply], now: datetime) -> bool:
    """Return whether a person has had enough confirmations for one list.

    The first confirmation of an opt-out in a day is always sent.
    """
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
    """One execution environment's part of the daily budget. Safe for several threads."""

    def __init__(
        self,
        reserve: Reserve,
        *,
        per_day: int,
        free: int = 0,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Start with nothing reserved.

        Args:
            reserve: Adds to the day's counter.
            per_day: Replies in a day, of all environments together.
            free: Replies before the first reservation of a day, so that the first texts of an environment cost no call. They are
                added with the first reservation.
            failed: Called when a reservation fails.
        """
        self._reserve = reserve
        self._per_day = per_day
        self._free = min(free, per_day)
        self._failed = failed
        self._state = Lock()
        self._reserving = Lock()
        self._sent = 0
        self._begin(date.min)

    def take(self, priority: Priority, now: datetime) -> Refusal | None:
        """Count a reply that is about to be sent, on the UTC day of ``now``. Return None, or why it must not be sent.

        A first confirmation makes no call; others make one for each block.
        """
        decided, refusal = self._try(priority, now)
        if decided:
            return refusal
        with self._reserving:
            decided, refusal = self._try(priority, now)  # another thread may have reserved a block meanwhile
            while not decided:
                self._reserve_block(now)
                decided, refusal = self._try(priority, now)
        return refusal

    def would_refuse(self, priority: Priority, now: datetime) -> Refusal | None:
        """Return why a reply would be refused, or None. Makes no call, so the daily total may be out of date."""
        with self._state:
            self._turn_day(now)
            return self._refusal(priority, now)

    def give_back(self) -> None:
        """Take back the count of a reply that was not sent after all."""
        with self._state:
            self._sent = max(self._sent - 1, 0)
            if self._uncounted:
                self._uncounted -= 1
            elif self._left < self._granted:
                self._left += 1

    def _begin(self, day: date) -> None:
        self._day = day
        self._granted = self._left = self._free  # the size of the newest block, and how many of it are not sent yet
        self._uncounted = 0  # sent without a reservation: added with the next one
        self._total: int | None = None  # of all environments, after the last reservation
        self._sent = 0
        self._retry_at: datetime | None = None

    def _turn_day(self, now: datetime) -> None:
        today = now.date()
        if today > self._day:
            self._begin(today)

    def _try(self, priority: Priority, now: datetime) -> tuple[bool, Refusal | None]:
        """Return whether the answer is known without a reservation and, if so, the refusal; None if the reply may be sent."""
        with self._state:
            self._turn_day(now)
            refusal = self._refusal(priority, now)
            if refusal is not None:
                return True, refusal
            if self._left:
                self._left -= 1
            elif priority is Priority.FIRST_OPT_OUT or self._is_waiting(now):
                self._uncounted += 1
            else:
                return False, None
            self._sent += 1
            return True, None

    def _refusal(self, priority: Priority, now: datetime) -> Refusal | None:
        if priority is Priority.FIRST_OPT_OUT:
            return None
        limit = self._limit(priority)
        # The counter's value before the next reply: what others have not sent of their blocks counts as sent.
        if limit == 0 or (self._total is not None and self._total - self._left >= limit):
            return Refusal.SPENT
        if self._left or not self._is_waiting(now) or priority is Priority.OPT_OUT:
            return None
        return Refusal.UNKNOWN if self._uncounted >= WITHOUT_LEDGER else None

    def _limit(self, priority: Priority) -> int:
        return self._per_day if priority is Priority.OPT_OUT else int(self._per_day * LOW_PRIORITY_SHARE)

    def _is_waiting(self, now: datetime) -> bool:
        return self._retry_at is not None and now < self._retry_at

    def _reserve_block(self, now: datetime) -> None:
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
                self._retry_at = now + RETRY_AFTER
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
