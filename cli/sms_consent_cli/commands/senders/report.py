"""Decides how senders are told: our own numbers, so nothing is masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from sms_consent.domain.ports import Sender
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["sender_view", "show_senders", "told"]


def sender_view(sender: Sender, groups: Mapping[str, str | None]) -> dict[str, Any]:
    """For programs; absent is the deployment's own."""
    view = {
        "identity": sender.identity,
        "optOutList": sender.list_name,
        "group": groups.get(sender.list_name),
        "brand": sender.brand,
        "supportContact": sender.support_contact,
        "language": sender.language,
        "replyFrom": sender.reply_from,
    }
    return {name: value for name, value in view.items() if value is not None}


def told(sender: Sender) -> str:
    """One line."""
    parts = [f"list {printable(sender.list_name, quoted=False)}"]
    named = {"brand": sender.brand, "support contact": sender.support_contact, "language": sender.language}
    named["replies from"] = sender.reply_from
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
    replies_elsewhere = any(sender.reply_from for sender in senders)
    if replies_elsewhere:
        table.add_column("replies from", overflow="fold")
    for sender in senders:
        cells = [
            sender.identity,
            sender.list_name,
            groups.get(sender.list_name),
            sender.brand,
            sender.support_contact,
            sender.language,
        ]
        if replies_elsewhere:
            cells.append(sender.reply_from)
        table.add_row(*(printable(cell, quoted=False) if cell else "" for cell in cells))
    out.print(table)
