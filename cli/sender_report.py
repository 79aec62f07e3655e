"""Decides how senders are told: our own numbers, so nothing is masked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.printable import printable
from sms_consent.ports import Sender

__all__ = ["console", "sender_view", "show_senders", "told"]

WIDE = 120  # a pipe has no width


def console() -> Console:
    """As wide as the terminal."""
    made = Console(highlight=False)
    return made if made.is_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=WIDE)


def sender_view(sender: Sender, groups: Mapping[str, str | None]) -> dict[str, Any]:
    """For programs; absent is the deployment's own."""
    view = {
        "identity": sender.identity,
        "optOutList": sender.list_name,
        "group": groups.get(sender.list_name),
        "brand": sender.brand,
        "supportContact": sender.support_contact,
        "language": sender.language,
    }
    return {name: value for name, value in view.items() if value is not None}


def told(sender: Sender) -> str:
    """One line."""
    parts = [f"list {sender.list_name}"]
    named = {"brand": sender.brand, "support contact": sender.support_contact, "language": sender.language}
    parts += [f"{name} {printable(value)}" for name, value in named.items() if value is not None]
    return f"{sender.identity}: {', '.join(parts)}"


def show_senders(senders: Sequence[Sender], groups: Mapping[str, str | None]) -> None:
    """A table; an empty cell is the deployment's own."""
    out = console()
    if not senders:
        out.print("No sender has settings of its own: every text counts for the stack's own list.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("sender", no_wrap=True)
    for name in ("list", "group", "brand", "support contact"):
        table.add_column(name, overflow="fold")
    table.add_column("lang", no_wrap=True)
    for sender in senders:
        cells = (groups.get(sender.list_name), sender.brand, sender.support_contact, sender.language)
        table.add_row(
            sender.identity, sender.list_name, *(printable(cell, quoted=False) if cell else "" for cell in cells)
        )
    out.print(table)
