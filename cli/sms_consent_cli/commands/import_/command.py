"""`sms-consent import`: the opt-outs that another provider kept, into the ledger, and from there onto the opt-out list."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sms_consent.domain.decision import Asked
from sms_consent_cli.shared.options import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json

__all__ = ["import_numbers"]

REJECTED, STOPPED = 1, 130
COLUMNS = "Columns, by their heading, or their place from 1"


class YesMeans(StrEnum):
    """What a yes may say."""

    OPTED_OUT = "opted-out"
    OPTED_IN = "opted-in"

    @property
    def asked(self) -> Asked:
        """As a request."""
        return Asked.OPT_OUT if self is YesMeans.OPTED_OUT else Asked.OPT_IN


def _column(names: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(metavar="COLUMN", help=names, rich_help_panel=COLUMNS)
    return found


def import_numbers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Comma, semicolon, tab or bar; with headings or without.")
    ],
    region: Annotated[str | None, typer.Option(help="Country of numbers without their code, as US.")] = None,
    list_name: Annotated[
        str | None, typer.Option("--list", help="The opt-out list, where no column names it; else the stack's own.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="When the file was exported: the time of opt-outs without one.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Of times that give none, as America/New_York; else opt-ins take the earliest reading, opt-outs the latest."
        ),
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="Of times in a form of their own, as '%m/%d/%Y %H:%M'.")
    ] = None,
    end_user: Annotated[
        bool, typer.Option("--end-user", help="The people themselves had asked (EndUserOptedOut), if no column says.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="Where the opt-outs come from, kept as evidence, as Twilio.")
    ] = None,
    opt_ins: Annotated[
        bool,
        typer.Option("--opt-ins", help="Import opt-ins too. Each needs its own time, and loses against a newer STOP."),
    ] = False,
    number_column: Annotated[str | None, _column("The numbers; else phone, mobile, msisdn, contact_id…")] = None,
    time_column: Annotated[str | None, _column("When; else opted_out_at, unsubscribed_at, date_of_consent…")] = None,
    status_column: Annotated[
        str | None, _column("Who opted out; else status, opted_out, sms_consent, accepts_sms, unsubscribed_at…")
    ] = None,
    yes_means: Annotated[
        YesMeans | None,
        typer.Option(
            help="What yes, true and 1 say in the column of the status, where its heading does not tell.",
            rich_help_panel=COLUMNS,
        ),
    ] = None,
    all_opted_out: Annotated[
        bool,
        typer.Option(
            "--all-opted-out", help="Every line is an opt-out, whatever its columns say.", rich_help_panel=COLUMNS
        ),
    ] = False,
    list_column: Annotated[str | None, _column("Which list; else list.")] = None,
    source_column: Annotated[str | None, _column("From where; else source, channel.")] = None,
    reason_column: Annotated[str | None, _column("Why, kept like a text; else reason, message.")] = None,
    end_user_column: Annotated[str | None, _column("Whether they asked; else EndUserOptedOut.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where to write what was not taken; else FILE.rejects.csv, if there is any.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the opt-out list has followed.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Do not go on where a run was stopped.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line, write nothing.")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not ask AWS whether the lists exist.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=100, help="Lines written at once.")] = 16,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Records the opt-outs of a CSV file. Each holds from then on, and loses against any decision that is newer.

    The opt-out list follows at the API's rate, ten a second by default, behind what people text meanwhile. Lines that cannot
    be taken hold up no other: they are written to a file of rejects, which can be mended and imported. A file of more than one
    column must say who opted out, in a column that is known or named here, unless all did (--all-opted-out).

    Importing again changes nothing; after a kill, the same command goes on. Exit codes: 1 if any line was rejected, 2 for no
    such file, 3 if AWS did not answer, 130 if stopped.
    """
    from sms_consent_cli.commands.import_.columns import Column, StatusRule
    from sms_consent_cli.commands.import_.run import ImportOptions, ImportRun
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import report_usage_errors

    chosen = {
        Column.NUMBER: number_column, Column.TIME: time_column, Column.STATUS: status_column, Column.LIST: list_column,
        Column.SOURCE: source_column, Column.REASON: reason_column, Column.END_USER: end_user_column,
    }  # fmt: skip
    rule = StatusRule(all_opted_out, yes_means.asked if yes_means is not None else None)
    options = ImportOptions(
        file=file, columns={column: given for column, given in chosen.items() if given is not None}, region=region,
        list_name=list_name, as_of=as_of, timezone=timezone, time_format=time_format, end_user=end_user, source=source,
        opt_ins=opt_ins, rule=rule, rejects=rejects, from_start=from_start, dry_run=dry_run, check=not no_check, workers=workers,
    )  # fmt: skip
    with report_aws_errors("import"), report_usage_errors("import"):
        run = ImportRun(options, table, stack)
        try:
            run.record()
            if wait and not dry_run:
                run.wait()
        except KeyboardInterrupt:
            say(f"sms-consent import: {run.report.stopped()}", err=True)
            raise typer.Exit(STOPPED) from None
        except Exception:
            say(f"sms-consent import: {run.report.stopped()}", err=True)
            raise
    say_json(run.report.view()) if as_json else say(run.report.summary())
    raise typer.Exit(REJECTED if run.report.rejected else 0)
