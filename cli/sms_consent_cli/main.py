"""The `sms-consent` command: the Typer app and its subcommands."""

from __future__ import annotations

import io
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from sms_consent_cli.commands.check import check
from sms_consent_cli.commands.connect.command import connect, disconnect
from sms_consent_cli.commands.dead_letters.command import dead_letters
from sms_consent_cli.commands.doctor.command import doctor
from sms_consent_cli.commands.erase import erase
from sms_consent_cli.commands.evaluate.command import evaluate
from sms_consent_cli.commands.explain.command import explain
from sms_consent_cli.commands.export.command import export_numbers
from sms_consent_cli.commands.history.command import history
from sms_consent_cli.commands.import_.command import import_numbers
from sms_consent_cli.commands.imports.command import imports
from sms_consent_cli.commands.ledger.command import ledger
from sms_consent_cli.commands.lists.command import lists
from sms_consent_cli.commands.opt_out_and_in import opt_in, opt_out
from sms_consent_cli.commands.prove.command import prove
from sms_consent_cli.commands.reconcile.command import reconcile
from sms_consent_cli.commands.rejected import rejected
from sms_consent_cli.commands.senders.command import senders
from sms_consent_cli.commands.verify import verify
from sms_consent_cli.local.command import local
from sms_consent_cli.shared.terminal_text import say

__all__ = ["app"]

app = typer.Typer(
    name="sms-consent",
    help="Consent for SMS on AWS End User Messaging: opt-outs, opt-ins and their evidence.\n\n"
    "Commands read the CloudFormation stack sms-consent of your AWS account and region; --stack names another. AWS_ENDPOINT_URL "
    "selects a local stack instead: http://127.0.0.1:4566 while `sms-consent local` runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # reflows paragraphs to the width of the terminal
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"sms-consent {version('sms-consent')}")
        raise typer.Exit


@app.callback()
def begin(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    # Escape what the terminal's encoding lacks: an encoding error would end a command half-way.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


app.command()(local)
app.command()(explain)
app.command()(check)
app.command()(history)
app.command()(verify)
app.command()(prove)
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
app.add_typer(imports)
app.add_typer(dead_letters)
app.add_typer(senders)
app.add_typer(lists)
app.add_typer(ledger)
app.add_typer(rejected)
