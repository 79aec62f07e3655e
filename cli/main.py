"""The `sms-consent` command: which commands there are."""

from __future__ import annotations

import typer

from cli.evaluate import evaluate
from cli.local.command import local

__all__ = ["app"]

app = typer.Typer(
    name="sms-consent",
    help="Honours STOP and START by SMS on AWS End User Messaging, provably.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # a local variable may be somebody's number or text
    add_completion=False,
)
app.command()(local)
app.command()(evaluate)
