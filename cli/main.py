"""The `sms-consent` command: which commands there are."""

from __future__ import annotations

import typer

from cli.check import check
from cli.evaluate import evaluate
from cli.explain import explain
from cli.history import history
from cli.local.command import local

__all__ = ["app"]

app = typer.Typer(
    name="sms-consent",
    help="Honours STOP and START by SMS on AWS End User Messaging, provably.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(local)
app.command()(explain)
app.command()(check)
app.command()(history)
app.command()(evaluate)
