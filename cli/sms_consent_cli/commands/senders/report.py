"""The output of `senders`. The company's own numbers are not masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from sms_consent.domain.ports import Sender
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import printable

__all__ = ["sender_view", "show_senders", "summary"]


def sender_view(sender: Sender, groups: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the object for JSON. Values of the deployment are left out."""
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


def summary(sender: Sender) -> str:
    """Return the settings in one line."""
    parts = [f"list {printable(sender.list_name, quoted=False)}"]
    named = {"brand": sender.brand, "support contact": sender.support_contact, "language": sender.language}
    named["replies from"] = sender.reply_from
    parts += [f"{name} {printable(value)}" for name, value in named.items() if value is not None]
    return f"{sender.identity}: {', '.join(parts)}"


def show_senders(senders: Sequence[Sender], groups: Mapping[str, str | None]) -> None:
    """Print a table. An empty cell means the deployment's own value."""
    out = console()
    if not senders:
        out.print("No sender has settings: all use the stack's own list.")
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
