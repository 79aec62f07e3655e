"""The `sms-consent` command: which commands there are."""

from __future__ import annotations

import io
import sys

import typer

from cli.agent import opt_in, opt_out
from cli.check import check
from cli.connect import connect, disconnect
from cli.dead_letters import dead_letters
from cli.doctor import doctor
from cli.erase import erase
from cli.evaluate import evaluate
from cli.explain import explain
from cli.export_numbers import export_numbers
from cli.history import history
from cli.import_numbers import import_numbers
from cli.ledger import ledger
from cli.lists import lists
from cli.local.command import local
from cli.reconcile import reconcile
from cli.rejected import rejected
from cli.senders import senders

__all__ = ["app"]

app = typer.Typer(
    name="sms-consent",
    help="Honours STOP and START by SMS on AWS End User Messaging, provably.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def begin() -> None:
    """Whatever a terminal's encoding lacks is spelt out rather than ending a command half-way."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


app.command()(local)
app.command()(explain)
app.command()(check)
app.command()(history)
app.command("import")(import_numbers)
app.command("export")(export_numbers)
app.command()(reconcile)
app.command()(doctor)
app.command()(opt_out)
app.command()(opt_in)
app.command()(erase)
app.command()(connect)
app.command()(disconnect)
app.command()(evaluate)
app.add_typer(dead_letters)
app.add_typer(senders)
app.add_typer(lists)
app.add_typer(ledger)
app.add_typer(rejected)
