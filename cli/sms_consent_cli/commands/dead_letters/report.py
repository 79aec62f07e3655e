"""The output for dead-lettered texts: reason and probable intent, with masked numbers and hidden texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text as Styled

from sms_consent.domain.phone_number import mask, mask_id
from sms_consent.domain.time import as_text
from sms_consent.intent import Classification, Intent
from sms_consent_cli.commands.dead_letters.layout import Cell, Lines, show_block
from sms_consent_cli.commands.dead_letters.queue import WITHOUT_REASON, DeadLetter, Waiting
from sms_consent_cli.shared.classification import standard
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["letter_view", "show_letter", "show_letters"]

_URGENT = {Intent.OPT_OUT: "bold red", Intent.UNCLEAR: "yellow"}


def letter_view(letter: DeadLetter) -> dict[str, Any]:
    """Return the object for JSON. Unknown values are left out."""
    text, reading = letter.text, _reading(letter)
    view = {
        "id": letter.id,
        "reason": letter.reason,
        "sentAt": as_text(letter.sent_at),
        "received": letter.received,
        "textedAt": as_text(text.at) if text is not None else None,
        "from": mask(text.sender) if text is not None else None,
        "to": mask(text.destination) if text is not None else None,
        "inboundMessageId": mask_id(text.id) if text is not None else None,
        "intent": reading.intent.value if reading is not None else None,
        "rule": reading.rule if reading is not None else None,
    }
    return {name: value for name, value in view.items() if value is not None}


def show_letters(letters: Sequence[DeadLetter], waiting: Waiting, now: datetime) -> None:
    """Print one line each, the oldest first."""
    lines = Lines("from", "intent")
    for letter in letters:
        sender = _masked(letter.text.sender) if letter.text is not None else "-"
        lines.add(letter.id, now - letter.since, sender, _asks(letter), reason=_why(letter))
    count = f"{len(letters)} dead {'letter' if len(letters) == 1 else 'letters'}"
    requests = sum(reading is not None and reading.intent is Intent.OPT_OUT for reading in map(_reading, letters))
    asking = f", {requests} of them probably opt-outs" if requests else ""
    first = min((letter.sent_at for letter in letters), default=None)
    lines.show(waiting, what="dead letters", count=f"{count}{asking}", first_sent_at=first)


def show_letter(letter: DeadLetter, *, reveal: bool) -> None:
    """Print one block."""
    text, reading = letter.text, _reading(letter)
    rows: list[tuple[str, Cell]] = [
        ("id", letter.id),
        ("reason", printable(letter.reason, quoted=False)),
        ("in a queue since", _moment(letter.sent_at)),
        ("received", f"{letter.received} times, including this one"),
    ]
    if text is not None and reading is not None:
        rows += [
            ("texted", _moment(text.at)),
            ("from", printable(text.sender, quoted=False) if reveal else _masked(text.sender)),
            ("to", printable(text.destination, quoted=False) if reveal else _masked(text.destination)),
            ("inbound message", printable(text.id, quoted=False) if reveal else mask_id(text.id)),
            ("intent", Styled.assemble(_asks(letter), f", by rule {printable(reading.rule, quoted=False)}")),
            ("text", printable(text.body) if reveal else f"{len(text.body)} characters, not shown without --reveal"),
        ]
    else:
        rows.append(("text", "cannot be read" + ("" if reveal else "; --reveal shows the body")))
    show_block(rows, letter.body if reveal else None)


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


def _reading(letter: DeadLetter) -> Classification | None:
    return standard().classify(letter.text.body, letter.text.content) if letter.text is not None else None


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
