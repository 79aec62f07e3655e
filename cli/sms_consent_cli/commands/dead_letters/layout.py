"""Tables and blocks for dead letters of any kind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from rich.table import Table
from rich.text import Text as Styled

from sms_consent_cli.commands.dead_letters.queue import Waiting
from sms_consent_cli.shared.terminal import console

__all__ = ["Cell", "Lines", "show_block"]

Cell = str | Styled

SHORT = 8
"""Characters of an id that are shown: enough to distinguish messages."""


class Lines:
    """A table with one line for each dead letter: id, age, details and reason."""

    def __init__(self, *known: str) -> None:
        """Create a table with these headings for the details."""
        self._table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("id", "age", *known):
            self._table.add_column(name, no_wrap=True)
        self._table.add_column("reason", overflow="fold")

    def add(self, letter_id: str, waited: timedelta, *known: Cell, reason: str) -> None:
        """Add a line."""
        self._table.add_row(letter_id[:SHORT], _age(waited), *known, reason)

    def show(self, waiting: Waiting, *, what: str, count: str, first_sent_at: datetime | None) -> None:
        """Print the lines, their count, and when SQS deletes the first."""
        out = console()
        if first_sent_at is None:
            out.print(f"There are no {what}.")
            if waiting.held:
                out.print(f"But another consumer is reading {waiting.held} of them: run this again in two minutes.")
            return
        out.print(self._table)
        out.print(f"\n{count}. SQS deletes the first on {first_sent_at + waiting.kept_for:%Y-%m-%d}.", style="dim")


def show_block(rows: Iterable[tuple[str, Cell]], body: str | None) -> None:
    """Print all details of one dead letter and, if given, its body with control characters escaped."""
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True)
    block.add_column(overflow="fold")
    for name, value in rows:
        block.add_row(name, value)
    out = console()
    out.print(block)
    if body is not None:
        out.print()
        out.print(_spelt_out(body), soft_wrap=True)


def _age(since: timedelta) -> str:
    """Return an age in its two largest units."""
    minutes = max(int(since.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _spelt_out(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2)
    except (ValueError, RecursionError):
        return json.dumps(body)
