"""Decides what is told of a change that could not be told to other systems: what kind it is, and whose, masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sms_consent.domain.phone_number import mask
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.dead_letters.events import PutAside
from sms_consent_cli.commands.dead_letters.layout import Lines, show_block
from sms_consent_cli.commands.dead_letters.queue import Waiting
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["put_aside_view", "show_put_aside", "show_put_asides"]


def put_aside_view(message: PutAside) -> dict[str, Any]:
    """For programs; absent where nothing is known."""
    notice = message.notices[0] if message.notices else None
    view = {
        "id": message.letter.id,
        "reason": message.reason,
        "sentAt": as_text(message.letter.sent_at),
        "received": message.letter.received,
        "event": notice.event.type.value if notice is not None else None,
        "eventId": notice.event.id if notice is not None else None,
        "number": mask(notice.event.number) if notice is not None else None,
        "changedAt": as_text(notice.changed_at) if notice is not None and notice.changed_at is not None else None,
        "records": message.place.get("batchSize") if message.place is not None else None,
        "canBeTold": message.can_be_told,
    }
    return {name: value for name, value in view.items() if value is not None}


def show_put_asides(messages: Sequence[PutAside], waiting: Waiting, now: datetime) -> None:
    """One line each, the oldest first."""
    lines = Lines("number", "event")
    for message in messages:
        view = put_aside_view(message)
        lines.add(
            message.letter.id,
            now - message.letter.sent_at,
            printable(view.get("number", "-"), quoted=False),
            view.get("event", f"{view['records']} records of the stream" if "records" in view else "unreadable"),
            reason=printable(message.reason, quoted=False),
        )
    count = f"{len(messages)} {'message' if len(messages) == 1 else 'messages'}"
    first = min((message.letter.sent_at for message in messages), default=None)
    lines.show(waiting, what="dead letters of events", count=count, first_sent_at=first)


def show_put_aside(message: PutAside, *, reveal: bool) -> None:
    """One block."""
    rows = [(name, printable(str(value), quoted=False)) for name, value in put_aside_view(message).items()]
    show_block(rows, message.letter.body if reveal else None)
