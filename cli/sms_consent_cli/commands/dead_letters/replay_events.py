"""Decides what one run of `dead-letters redrive --events` tells other systems again, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sms_consent.domain.errors import Unreadable
from sms_consent.domain.events import EventEnvelope
from sms_consent.domain.ports import Clock
from sms_consent.publishing.event_publisher import EventPublisher
from sms_consent_cli.commands.dead_letters.events import PutAside, StreamForgot, read_again
from sms_consent_cli.commands.dead_letters.queue import DeadLetterQueue
from sms_consent_cli.shared.progress_bar import progress_bar

__all__ = ["Retelling"]

A_MINUTE = timedelta(minutes=1)
"""How long the bus may take for one message."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class _Left(Exception):
    """A message stays in the queue; the message of this says why."""


@dataclass
class Retelling:
    """One run, or without an announcer only a look at what it would do. Safe to repeat: an event keeps its id."""

    queue: DeadLetterQueue
    announcer: EventPublisher | None
    streams: Any  # a client of DynamoDB Streams
    clock: Clock
    told: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)  # ids, and why
    complete: bool = False
    _failed: set[str] = field(default_factory=set)  # numbers of which a change could not be told

    def through(self, messages: Sequence[PutAside]) -> None:
        """The oldest change first; after one that failed, nothing later of the same number is told."""
        with progress_bar("telling again", len(messages)) as bar:
            for done, message in enumerate(sorted(messages, key=_changed_at), start=1):
                try:
                    self._tell(message)
                except _Left as left:
                    self.left[message.letter.id] = str(left)
                else:
                    self.told.append(message.letter.id)
                bar.advance(done)
        self.complete = True

    def _tell(self, message: PutAside) -> None:
        notices = self._notices(message)
        numbers = {notice.event.number for notice in notices}
        if numbers & self._failed:
            raise _Left("an earlier change of the same number could not be told")
        if self.announcer is None:
            return
        became = self.announcer.announce(notices, self.clock.now() + A_MINUTE)
        if became.refused or became.stopped_at is not None:
            self._failed |= numbers
            raise _Left(next(iter(became.refused.values()), None) or became.error or "the event bus took too long")
        self.queue.drop(message.letter)

    def _notices(self, message: PutAside) -> Sequence[EventEnvelope]:
        if not message.can_be_told:
            raise _Left(message.reason)
        if message.place is None:
            return message.notices
        try:
            return read_again(self.streams, message.place)
        except StreamForgot as error:
            raise _Left("its records are no longer in the stream, which keeps them for a day") from error
        except Unreadable as error:
            raise _Left(error.reason) from error

    def view(self) -> dict[str, Any]:
        """For programs."""
        return {"dryRun": self.announcer is None, "complete": self.complete, "told": self.told, "leftHere": self.left}

    def said(self) -> str:
        """For people."""
        if self.complete and not self.told and not self.left:
            return "There are no dead letters of events."
        count = f"{len(self.told)} {'message' if len(self.told) == 1 else 'messages'}"
        said = f"{count} would be told." if self.announcer is None else f"{count} told to other systems."
        for letter_id, why in self.left.items():
            said += f"\n{letter_id[:8]} stays: {why}"
        return said if self.complete else f"Stopped early: {said}"


def _changed_at(message: PutAside) -> tuple[datetime, str]:
    """A message that only names a place in the stream is newer than those that lie here: it fails last."""
    if not message.notices:
        return message.letter.sent_at, ""
    (notice,) = message.notices
    return notice.changed_at or LONG_AGO, str(notice.event.detail.get("version", ""))
