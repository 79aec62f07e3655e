"""What the core asks of the world: a ledger of consent, an opt-out list, a way to send a text, the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sms_consent.domain.consent import Consent, Due, Listing
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.reply import ReplyThread

if TYPE_CHECKING:  # most functions reject nothing, and need not import how
    from sms_consent.domain.rejections import RejectedWork

__all__ = ["Clock", "ConsentLedger", "DeadLetterQueue", "OptOutList", "Rejection", "Sender", "Texting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a number, pool or agent of ours stands for: the list that its texts count for, and how its replies read."""

    identity: str
    list_name: str
    brand: str | None = None
    support_contact: str | None = None
    language: str | None = None
    reply_from: str | None = None  # a number, pool or agent that replies are sent from instead
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


class Rejection(StrEnum):
    """Classes of due work, by how earlier attempts ended. Work of one class does not wait behind that of another."""

    NONE = "NONE"  # not rejected yet
    OTHER = "OTHER"  # denied, the list missing, or an unknown reason: likely the same for many numbers
    NUMBER = "NUMBER"  # because of the number


class Clock(Protocol):
    """The time, and the only way to wait for it."""

    def now(self) -> datetime:
        """The present moment, in UTC to the millisecond. Where it is not known exactly, the earliest that it can be."""

    def latest(self) -> datetime:
        """The latest that the present moment can be: the same as ``now`` where it is known exactly."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class ConsentLedger(Protocol):
    """What should be, and why. Every method raises TryAgain when the ledger does not answer, and reads what was written last."""

    def consent(self, number: str, list_name: str) -> Consent | None:
        """The consent as it stands."""

    def save(self, consent: Consent, replacing: Consent | None) -> None:
        """Write if ``replacing`` (None: nothing) still stands; otherwise raise Moved with what stands instead."""

    def append(self, decision: Decision, outcome: Outcome, recorded_at: datetime) -> bool:
        """Record a decision once; False if it was there."""

    def save_and_append(
        self, consent: Consent, replacing: Consent, decision: Decision, outcome: Outcome, recorded_at: datetime
    ) -> None:
        """``save``, and ``append`` with it: both or neither, in one call."""

    def recorded_between(
        self, number: str, since: datetime, until: datetime, *, most: int
    ) -> Sequence[Decision] | None:
        """Return the decisions of a number from a span of time, both ends included; None if there are more than ``most``."""

    def letter(self, key: str, number: str) -> ReplyThread | None:
        """The newest reply of one kind to one person."""

    def save_letter(self, key: str, letter: ReplyThread, replacing: ReplyThread | None) -> None:
        """Like ``save``."""

    def due_consents(
        self, kind: Due, until: datetime, rejected: Rejection | None = None, *, newest_first: bool = False
    ) -> Iterator[Consent | Unreadable]:
        """The work of one kind that is due by then, longest due first; perhaps not the newest state of it.

        ``rejected`` limits it to one class. An item that cannot be read is given as the error.
        """

    def due_letters(self, until: datetime) -> Iterator[tuple[str, ReplyThread] | Unreadable]:
        """The replies that are due by then, with their keys."""

    def reject(self, work: RejectedWork) -> None:
        """Write work that is rejected permanently, in place of what was written for its number and list before."""

    def due_rejected(self, until: datetime) -> Iterator[RejectedWork | Unreadable]:
        """The work that is rejected permanently and to be tried again by then, longest due first."""

    def reschedule(self, work: RejectedWork, due_at: datetime | None, now: datetime) -> None:
        """Set when such work is tried again; None: it is over. Nothing happens if it is no longer as it was read."""

    def sender(self, identity: str) -> Sender | None:
        """What is configured for one of our numbers, pools or agents."""

    def take_turn(self, name: str, worker: str, now: datetime, until: datetime) -> bool:
        """Whether this worker, and no other, may do what has this name, until then or until it ends its turn."""

    def end_turn(self, name: str, worker: str, now: datetime) -> None:
        """Let the next one have it. Somebody else's turn stays."""


class OptOutList(Protocol):
    """AWS's opt-out list. Every method raises Throttled, Unavailable or Rejected."""

    def put(self, number: str, list_name: str) -> Listing:
        """PutOptedOutNumber; repeating it does no harm."""

    def delete(self, number: str, list_name: str) -> Listing | None:
        """DeleteOptedOutNumber; None if the number was not listed. Raises OptInRefused within the 30 days."""

    def find(self, number: str, list_name: str) -> Listing | None:
        """DescribeOptedOutNumbers for one number; None if it is not listed."""


class Texting(Protocol):
    """A way to answer. Raises Throttled, Unavailable, RecipientOptedOut or Rejected."""

    def send(self, *, to: str, sender: str, body: str, reference: str, as_rcs: bool = False) -> str:
        """SendTextMessage, once: never repeated on doubt. Returns the message's id; ``reference`` names the decision.

        With ``as_rcs``, SendRcsMessage: its IAM resources include RCS agents, those of SendTextMessage do not.
        """


class DeadLetterQueue(Protocol):
    """The queue for records that could not be processed."""

    def put(self, body: str, reason: str) -> None:
        """Keep a record as it came, with the reason. Raises TryAgain or Rejected."""
