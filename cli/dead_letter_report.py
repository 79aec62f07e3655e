"""Decides what is told of a dead letter: enough to judge it by, and of who wrote what only that which was asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from cli.dead_letter_queue import WITHOUT_REASON, DeadLetter, Waiting
from cli.printable import printable
from sms_consent.intent import Intent, Reader, Reading
from sms_consent.numbers import mask
from sms_consent.times import as_text

__all__ = ["SHORT", "age", "console_of", "letter_view", "show_letter", "show_letters", "spelt_out"]

WIDE = 120  # a pipe has no width
SHORT = 8
"""So much of an id tells messages apart, and leaves room for the rest of the line."""
_URGENT = {Intent.OPT_OUT: "bold red", Intent.UNCLEAR: "yellow"}


def letter_view(letter: DeadLetter) -> dict[str, Any]:
    """For programs; absent where nothing is known."""
    text, reading = letter.text, _reading(letter)
    view = {
        "id": letter.id,
        "reason": letter.reason,
        "sentAt": as_text(letter.sent_at),
        "received": letter.received,
        "textedAt": as_text(text.at) if text is not None else None,
        "from": mask(text.sender) if text is not None else None,
        "to": mask(text.destination) if text is not None else None,
        "inboundMessageId": text.id if text is not None else None,
        "intent": reading.intent.value if reading is not None else None,
        "rule": reading.rule if reading is not None else None,
    }
    return {name: value for name, value in view.items() if value is not None}


def show_letters(letters: Sequence[DeadLetter], waiting: Waiting) -> None:
    """One line each, the oldest first."""
    console = console_of()
    if not letters:
        console.print("There are no dead letters.")
        if waiting.held:
            console.print(f"But {waiting.held} are held by somebody else who looks at them: see again in two minutes.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "age", "from", "asks for"):
        table.add_column(name, no_wrap=True)
    table.add_column("reason", overflow="fold")
    now = datetime.now(UTC)
    for letter in letters:
        table.add_row(
            letter.id[:SHORT],
            age(now - letter.since),
            _masked(letter.text.sender) if letter.text is not None else "-",
            _asks(letter),
            _why(letter),
        )
    console.print(table)
    kept_until = min(letter.sent_at for letter in letters) + waiting.kept_for
    count = f"{len(letters)} dead {'letter' if len(letters) == 1 else 'letters'}"
    requests = sum(reading is not None and reading.intent is Intent.OPT_OUT for reading in map(_reading, letters))
    asking = f", {requests} of them asking to be opted out" if requests else ""
    console.print(f"\n{count}{asking}. SQS drops the first on {kept_until:%Y-%m-%d}.", style="dim")


def show_letter(letter: DeadLetter, *, reveal: bool) -> None:
    """One block."""
    text, reading = letter.text, _reading(letter)
    rows: list[tuple[str, str | Styled]] = [
        ("id", letter.id),
        ("reason", printable(letter.reason, quoted=False)),
        ("in a queue since", _moment(letter.sent_at)),
        ("received", f"{letter.received} times, this look included"),
    ]
    if text is not None and reading is not None:
        rows += [
            ("texted", _moment(text.at)),
            ("from", printable(text.sender, quoted=False) if reveal else _masked(text.sender)),
            ("to", printable(text.destination, quoted=False) if reveal else _masked(text.destination)),
            ("inbound message", text.id),
            ("asks for", Styled.assemble(_asks(letter), f", by the rule {printable(reading.rule, quoted=False)}")),
            ("text", printable(text.body) if reveal else f"{len(text.body)} characters, not shown without --reveal"),
        ]
    else:
        rows.append(("text", "cannot be read" + ("" if reveal else "; --reveal shows the body as it came")))
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True)
    block.add_column(overflow="fold")
    for name, value in rows:
        block.add_row(name, value)
    console = console_of()
    console.print(block)
    if reveal:
        console.print()
        console.print(spelt_out(letter.body), markup=False, soft_wrap=True)


def spelt_out(body: str) -> str:
    """All of it, in letters that cannot do anything to a terminal."""
    try:
        return json.dumps(json.loads(body), indent=2)
    except (ValueError, RecursionError):
        return json.dumps(body)


def _why(letter: DeadLetter) -> str:
    reason = printable(letter.reason, quoted=False)
    return f"{reason} (received {letter.received} times)" if letter.reason == WITHOUT_REASON else reason


def _masked(sender: str) -> str:
    return printable(mask(sender), quoted=False)


def _asks(letter: DeadLetter) -> Styled:
    reading = _reading(letter)
    if reading is None:
        return Styled("unknown", style="yellow")
    return Styled(reading.intent.value, style=_URGENT.get(reading.intent, ""))


def _reading(letter: DeadLetter) -> Reading | None:
    return _reader().read(letter.text.body) if letter.text is not None else None


@cache
def _reader() -> Reader:
    return Reader()


def age(since: timedelta) -> str:
    """As people say it."""
    minutes = max(int(since.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def console_of() -> Console:
    """A terminal, or a pipe, which has no width."""
    console = Console(highlight=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(highlight=False, width=WIDE)
