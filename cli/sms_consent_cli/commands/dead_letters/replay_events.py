"""A run of `dead-letters redrive --events`, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sms_consent.domain.errors import Unreadable
from sms_consent.domain.events import EventEnvelope
from sms_consent.domain.ports import Clock
from sms_consent.publishing.event_publisher import EventPublisher
from sms_consent_cli.commands.dead_letters.events import DeadLetteredEvent, RecordsExpired, read_from_stream
from sms_consent_cli.commands.dead_letters.queue import DeadLetterReader
from sms_consent_cli.shared.progress import progress_bar

__all__ = ["EventReplay"]

A_MINUTE = timedelta(minutes=1)
"""Time limit for publishing one message."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class _NotPublished(Exception):
    """A message could not be published and stays in the queue. The error's message is the reason."""


@dataclass
class EventReplay:
    """A run of the command; a dry run if there is no publisher. Safe to repeat, as events keep their ids."""

    queue: DeadLetterReader
    publisher: EventPublisher | None
    streams: Any  # a client of DynamoDB Streams
    clock: Clock
    published: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)  # ids, and why
    complete: bool = False
    _failed: set[str] = field(default_factory=set)  # numbers of which a change could not be published

    def process(self, messages: Sequence[DeadLetteredEvent]) -> None:
        """Publish the changes, oldest first. After a failure, later changes of the same number are skipped."""
        with progress_bar("publishing", len(messages)) as bar:
            for done, message in enumerate(sorted(messages, key=_changed_at), start=1):
                try:
                    self._publish(message)
                except _NotPublished as kept:
                    self.kept[message.letter.id] = str(kept)
                else:
                    self.published.append(message.letter.id)
                bar.advance(done)
        self.complete = True

    def _publish(self, message: DeadLetteredEvent) -> None:
        envelopes = self._envelopes(message)
        numbers = {envelope.event.number for envelope in envelopes}
        if numbers & self._failed:
            raise _NotPublished("an earlier change of the same number could not be published")
        if self.publisher is None:
            return
        result = self.publisher.publish(envelopes, self.clock.now() + A_MINUTE)
        if result.refused or result.stopped_at is not None:
            self._failed |= numbers
            raise _NotPublished(
                next(iter(result.refused.values()), None) or result.error or "the event bus took too long"
            )
        self.queue.drop(message.letter)

    def _envelopes(self, message: DeadLetteredEvent) -> Sequence[EventEnvelope]:
        if not message.can_be_published:
            raise _NotPublished(message.reason)
        if message.place is None:
            return message.envelopes
        try:
            return read_from_stream(self.streams, message.place)
        except RecordsExpired as error:
            raise _NotPublished("its records are no longer in the stream, which keeps them for a day") from error
        except Unreadable as error:
            raise _NotPublished(error.reason) from error

    def view(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "dryRun": self.publisher is None,
            "complete": self.complete,
            "told": self.published,
            "leftHere": self.kept,
        }

    def summary(self) -> str:
        """Return the result in sentences."""
        if self.complete and not self.published and not self.kept:
            return "There are no dead-lettered events."
        count = f"{len(self.published)} {'message' if len(self.published) == 1 else 'messages'}"
        summary = f"{count} would be published." if self.publisher is None else f"{count} published."
        for letter_id, reason in self.kept.items():
            summary += f"\n{letter_id[:8]} is kept: {reason}"
        return summary if self.complete else f"Stopped early: {summary}"


def _changed_at(message: DeadLetteredEvent) -> tuple[datetime, str]:
    """Return a sort key. A message with only a position in the stream sorts after those with records."""
    if not message.envelopes:
        return message.letter.sent_at, ""
    (envelope,) = message.envelopes
    return envelope.changed_at or LONG_AGO, str(envelope.event.detail.get("version", ""))
