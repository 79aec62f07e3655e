"""`sms-consent history`: why somebody is opted out or in, decision by decision, newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from cli.check import STACK, UNKNOWN, AsJson, Country, Number, Stack, Table, number_of
from cli.views import decision_view
from sms_consent.history import Entry, page_of

if TYPE_CHECKING:
    from sms_consent.ports import Register

__all__ = ["history"]

PAGE = 100


def history(
    number: Number, as_json: AsJson = False, country: Country = None, table: Table = None, stack: Stack = STACK
) -> None:
    """Tells every decision about a number: who asked for what, when, in which words, and by which rule it counted.

    AWS_ENDPOINT_URL points it at a local stack. Exit codes: 0 something is known, 1 nothing is, 2 no number, 3 no answer.
    """
    from cli.deployed import failures_told, register

    e164 = number_of("history", number, country)
    with failures_told("history"):
        entries = list(_entries(register(table, stack), e164))
    if as_json:
        typer.echo(json.dumps({"number": e164, "decisions": [decision_view(entry) for entry in entries]}))
    else:
        from cli.person import show_history

        show_history(e164, entries)
    raise typer.Exit(0 if entries else UNKNOWN)


def _entries(ledger: Register, number: str) -> Iterator[Entry]:
    token: str | None = None
    while True:
        page = page_of(ledger, number, size=PAGE, token=token)
        yield from page.entries
        if page.next is None:
            return
        token = page.next
