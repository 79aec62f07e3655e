"""Decides what is told of a change that could not be told to other systems: what kind it is, and whose, masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from cli.dead_letter_queue import Waiting
from cli.dead_letter_report import SHORT, age, console_of, spelt_out
from cli.printable import printable
from cli.put_aside_events import PutAside
from sms_consent.numbers import mask
from sms_consent.times import as_text

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


def show_put_asides(messages: Sequence[PutAside], waiting: Waiting) -> None:
    """One line each, the oldest first."""
    console = console_of()
    if not messages:
        console.print("There are no dead letters of events.")
        if waiting.held:
            console.print(f"But {waiting.held} are held by somebody else who looks at them: see again in two minutes.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "age", "number", "event"):
        table.add_column(name, no_wrap=True)
    table.add_column("reason", overflow="fold")
    now = datetime.now(UTC)
    for message in messages:
        view = put_aside_view(message)
        table.add_row(
            message.letter.id[:SHORT],
            age(now - message.letter.sent_at),
            printable(view.get("number", "-"), quoted=False),
            view.get("event", f"{view['records']} records of the stream" if "records" in view else "unreadable"),
            printable(message.reason, quoted=False),
        )
    console.print(table)
    kept_until = min(message.letter.sent_at for message in messages) + waiting.kept_for
    count = f"{len(messages)} {'message' if len(messages) == 1 else 'messages'}"
    console.print(f"\n{count}. SQS drops the first on {kept_until:%Y-%m-%d}.", style="dim")


def show_put_aside(message: PutAside, *, reveal: bool) -> None:
    """One block."""
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True)
    block.add_column(overflow="fold")
    for name, value in put_aside_view(message).items():
        block.add_row(name, printable(str(value), quoted=False))
    console = console_of()
    console.print(block)
    if reveal:
        console.print()
        console.print(spelt_out(message.letter.body), markup=False, soft_wrap=True)
