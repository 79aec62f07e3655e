"""The output for dead-lettered events: type and reason, with masked numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sms_consent.domain.phone_number import mask
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.dead_letters.events import DeadLetteredEvent
from sms_consent_cli.commands.dead_letters.layout import Lines, show_block
from sms_consent_cli.commands.dead_letters.queue import Waiting
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["event_view", "show_event", "show_events"]


def event_view(message: DeadLetteredEvent) -> dict[str, Any]:
    """Return the object for JSON. Unknown values are left out."""
    envelope = message.envelopes[0] if message.envelopes else None
    view = {
        "id": message.letter.id,
        "reason": message.reason,
        "sentAt": as_text(message.letter.sent_at),
        "received": message.letter.received,
        "event": envelope.event.type.value if envelope is not None else None,
        "eventId": envelope.event.id if envelope is not None else None,
        "number": mask(envelope.event.number) if envelope is not None else None,
        "changedAt": as_text(envelope.changed_at) if envelope is not None and envelope.changed_at is not None else None,
        "records": message.place.get("batchSize") if message.place is not None else None,
        "canBeTold": message.can_be_published,
    }
    return {name: value for name, value in view.items() if value is not None}


def show_events(messages: Sequence[DeadLetteredEvent], waiting: Waiting, now: datetime) -> None:
    """Print one line each, the oldest first."""
    lines = Lines("number", "event")
    for message in messages:
        view = event_view(message)
        lines.add(
            message.letter.id,
            now - message.letter.sent_at,
            printable(view.get("number", "-"), quoted=False),
            view.get("event", f"{view['records']} records of the stream" if "records" in view else "unreadable"),
            reason=printable(message.reason, quoted=False),
        )
    count = f"{len(messages)} {'message' if len(messages) == 1 else 'messages'}"
    first = min((message.letter.sent_at for message in messages), default=None)
    lines.show(waiting, what="dead-lettered events", count=count, first_sent_at=first)


def show_event(message: DeadLetteredEvent, *, reveal: bool) -> None:
    """Print one block."""
    rows = [(name, printable(str(value), quoted=False)) for name, value in event_view(message).items()]
    show_block(rows, message.letter.body if reveal else None)
