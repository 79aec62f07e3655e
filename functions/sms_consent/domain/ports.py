"""Interfaces that several packages need: the ledger, the opt-out list, texting, the rate limiter, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from sms_consent.domain.consent import Consent, Due, Listing
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.reply import ReplyThread

if TYPE_CHECKING:  # most functions reject nothing, and need not import how
    from sms_consent.domain.rejections import RejectedWork

__all__ = [
    "Call",
    "Clock",
    "ConsentLedger",
    "DeadLetterQueue",
    "OptOutList",
    "RateLimiter",
    "Rejection",
    "Sender",
    "Texting",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The settings of an origination identity (a number, pool or RCS agent): its opt-out list, and how its replies read."""

    identity: str
    list_name: str
    brand: str | None = None
    support_contact: str | None = None
    language: str | None = None
    reply_from: str | None = None  # an origination identity that replies are sent from instead
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


class Rejection(StrEnum):
    """Classes of due work, by how earlier attempts ended. Work of one class does not wait behind that of another."""

    NONE = "NONE"  # not rejected yet
    OTHER = "OTHER"  # denied, list missing, or unknown reason: probably the same for many numbers
    NUMBER = "NUMBER"  # because of the number


class Clock(Protocol):
    """The time, and the only way to wait."""

    def now(self) -> datetime:
        """Return the present time, in UTC to the millisecond. If it is not known exactly, return the earliest that it can be."""

    def latest(self) -> datetime:
        """Return the latest that the present time can be. It equals ``now`` if the time is known exactly."""

    def sleep(self, seconds: float) -> None:
        """Wait for a number of seconds."""


class Call(StrEnum):
    """Calls with a quota each."""

    PUT = "PutOptedOutNumber"
    DELETE = "DeleteOptedOutNumber"
    FIND = "DescribeOptedOutNumbers"
    SEND = "SendTextMessage"


class RateLimiter(Protocol):
    """Spaces calls by the API's quotas, and pauses after a refusal."""

    def begin(self) -> None:
        """Start a run. Its first call waits for a full gap, since another worker may have called a moment ago."""

    def resting(self, call: Call) -> bool:
        """Return whether a call of this kind was refused for its rate, or got no response, a moment ago."""

    def ready(self, call: Call) -> bool:
        """Return whether a call of this kind could be made without waiting."""

    def take(self, call: Call) -> None:
        """Wait until a call of this kind may be made."""

    def run(self, call: Call, make: Callable[[], T], *, before: datetime | None = None) -> T:
        """Make a call as soon as it may be made, and return its result.

        Args:
            call: The call, for its quota.
            make: Makes it.
            before: When it must have begun at the latest.

        Raises:
            Throttled: A call that it waited for was refused.
            OutOfTime: The time ``before`` has come.
        """

    def refused(self, call: Call) -> None:
        """Record that a call was refused for its rate, or got no response, so that further ones pause."""


class ConsentLedger(Protocol):
    """The ledger. Reads are consistent. Every method raises TryAgain if the ledger does not respond, or Rejected."""

    def consent(self, number: str, list_name: str) -> Consent | None:
        """Return the stored consent, or None."""

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        """Write a consent if ``replacing`` (None: nothing) is still stored. Otherwise raise Moved with what is stored.

        The same write adds the facts that the change states (``evidence.facts_of``) to the evidence chain, and a decision that
        is no longer in the outbox to the history. Return the consent as it is stored.
        """

    def append(self, decision: Decision, outcome: Outcome, recorded_at: datetime) -> bool:
        """Write a decision to the history once. Return False if it was there already."""

    def save_and_append(
        self, consent: Consent, replacing: Consent, decision: Decision, outcome: Outcome, recorded_at: datetime
    ) -> None:
        """Do ``save`` and ``append`` in one transaction: both or neither."""

    def recorded_between(
        self, number: str, since: datetime, until: datetime, *, most: int
    ) -> Sequence[Decision] | None:
        """Return a number's decisions of a time span, both ends included, or None if there are more than ``most``."""

    def thread(self, key: str, number: str) -> ReplyThread | None:
        """Return the newest HELP or clarification reply of one kind to a person, or None."""

    def save_thread(self, key: str, thread: ReplyThread, replacing: ReplyThread | None) -> None:
        """Write a reply thread if ``replacing`` (None: nothing) is still stored. Otherwise raise Moved with what is
        stored."""

    def due_consents(
        self, kind: Due, until: datetime, rejected: Rejection | None = None, *, newest_first: bool = False
    ) -> Iterator[Consent | Unreadable]:
        """Yield the consents with due work of one kind, longest due first. They may be out of date.

        ``rejected`` limits them to those whose earlier attempts were rejected in that way. Unreadable is yielded in place of
        an item that cannot be read.
        """

    def due_threads(self, until: datetime) -> Iterator[tuple[str, ReplyThread] | Unreadable]:
        """Yield the reply threads that are due, with their keys."""

    def reject(self, work: RejectedWork) -> None:
        """Write permanently rejected work, in place of earlier work for the same number and list."""

    def due_rejected(self, until: datetime) -> Iterator[RejectedWork | Unreadable]:
        """Yield the permanently rejected work that is to be tried again, longest due first."""

    def reschedule(self, work: RejectedWork, due_at: datetime | None, now: datetime) -> None:
        """Set when rejected work is retried; None ends it. Does nothing if the work has changed since it was read."""

    def sender(self, identity: str) -> Sender | None:
        """Return the settings of an origination identity, or None if it has none."""

    def take_turn(self, name: str, worker: str, now: datetime, until: datetime) -> bool:
        """Take or renew the named exclusive turn for a worker. Return False if another worker has it.

        A turn ends at ``until``, or when its worker ends it.
        """

    def end_turn(self, name: str, worker: str, now: datetime) -> None:
        """End a worker's turn. Another worker's turn stays."""


class OptOutList(Protocol):
    """The AWS opt-out list. Every method raises Throttled, Unavailable or Rejected."""

    def put(self, number: str, list_name: str) -> Listing:
        """Call PutOptedOutNumber. Safe to repeat."""

    def delete(self, number: str, list_name: str) -> Listing | None:
        """Call DeleteOptedOutNumber. Return None if the number was not listed. Raises OptInRefused within the 30 days."""

    def find(self, number: str, list_name: str) -> Listing | None:
        """Call DescribeOptedOutNumbers for one number. Return None if it is not listed."""


class Texting(Protocol):
    """Sends texts. Raises Throttled, Unavailable, RecipientOptedOut or Rejected."""

    def send(self, *, to: str, sender: str, body: str, reference: str, as_rcs: bool = False) -> str:
        """Call SendTextMessage once, without retries, and return the message's id. ``reference`` is the decision's id.

        With ``as_rcs``, call SendRcsMessage: its IAM resources include RCS agents, those of SendTextMessage do not.
        """


class DeadLetterQueue(Protocol):
    """The queue for records that could not be processed."""

    def put(self, body: str, reason: str) -> None:
        """Store an unchanged record with the reason. Raises TryAgain or Rejected."""
