"""`sms-consent import`: record opt-outs of another provider in the ledger, from which they get onto the opt-out list."""

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
COLUMNS = "Columns, by heading or by position from 1"


class YesMeans(StrEnum):
    """The meaning of "yes" in the status column."""

    OPTED_OUT = "opted-out"
    OPTED_IN = "opted-in"

    @property
    def asked(self) -> Asked:
        """The request that "yes" means."""
        return Asked.OPT_OUT if self is YesMeans.OPTED_OUT else Asked.OPT_IN


def _column(names: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(metavar="COLUMN", help=names, rich_help_panel=COLUMNS)
    return found


def import_numbers(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Separated by comma, semicolon, tab or bar; with or without headings. Also .xlsx, and .gz of a text.",
        ),
    ],
    region: Annotated[str | None, typer.Option(help="Country of numbers without country code, as US.")] = None,
    with_country_code: Annotated[
        bool, typer.Option("--with-country-code", help="Numbers without a plus begin with their country code.")
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option(
            help="The provider that the file comes from: aws, bird, civicrm, omnisend, pinpoint, rock-rms, "
            "salesforce-mobileconnect, shopify, twilio or vibes. Default: recognised by its headings."
        ),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook, if several have content.")] = None,
    list_name: Annotated[
        str | None,
        typer.Option("--list", help="The opt-out list of lines that do not name one. Default: the stack's own."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When the file was exported. It is the time of opt-outs without one."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Zone of times without one, as America/New_York. Default: earliest possible for opt-ins, latest for opt-outs."
        ),
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(help="Format of the times, as '%m/%d/%Y %H:%M'. Default: ISO 8601, Unix or e-mail times."),
    ] = None,
    end_user: Annotated[
        bool, typer.Option("--end-user", help="The people opted out themselves (EndUserOptedOut), if no column says.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="Where the opt-outs come from, kept as evidence, as Twilio.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who is responsible for the import, kept beside your AWS identity.")
    ] = None,
    opt_ins: Annotated[
        bool,
        typer.Option("--opt-ins", help="Import opt-ins too. Each needs a time, and does not override a newer STOP."),
    ] = False,
    number_column: Annotated[str | None, _column("The numbers. Default: phone, mobile, msisdn, contact_id…")] = None,
    time_column: Annotated[
        str | None, _column("The times. Default: opted_out_at, unsubscribed_at, date_of_consent…")
    ] = None,
    status_column: Annotated[
        str | None, _column("Who opted out. Default: status, opted_out, sms_consent, accepts_sms, unsubscribed_at…")
    ] = None,
    yes_means: Annotated[
        YesMeans | None,
        typer.Option(
            help="The meaning of yes, true and 1 in the status column, if its heading does not say.",
            rich_help_panel=COLUMNS,
        ),
    ] = None,
    all_opted_out: Annotated[
        bool,
        typer.Option(
            "--all-opted-out", help="Every line is an opt-out, regardless of its columns.", rich_help_panel=COLUMNS
        ),
    ] = False,
    opt_in_time_column: Annotated[
        str | None, _column("The times of opt-ins, if --time-column has those of opt-outs. Default: opted_in_at…")
    ] = None,
    country_column: Annotated[str | None, _column("The country of each number. Default: country.")] = None,
    channel_column: Annotated[
        str | None, _column("The channel of each line: those for e-mail and push are skipped. Default: channel_type.")
    ] = None,
    list_column: Annotated[str | None, _column("The opt-out list. Default: list.")] = None,
    source_column: Annotated[str | None, _column("The source. Default: source, channel.")] = None,
    reason_column: Annotated[str | None, _column("The reason, stored like a text. Default: reason, message.")] = None,
    end_user_column: Annotated[
        str | None, _column("Whether people opted out themselves. Default: EndUserOptedOut.")
    ] = None,
    text_column: Annotated[
        str | None, _column("Of a message log: the texts, which the deployment's rules classify, as Body.")
    ] = None,
    direction_column: Annotated[
        str | None, _column("Of a message log: who sent each text. Default: direction, message_direction.")
    ] = None,
    texted_column: Annotated[
        str | None, _column("Of a message log: your number that was texted. Default: to, to_number, destination…")
    ] = None,
    all_inbound: Annotated[
        bool,
        typer.Option("--all-inbound", help="Of a message log: people sent every text.", rich_help_panel=COLUMNS),
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="The file for rejected lines. Default: FILE.rejects.csv.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the opt-out list is up to date.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Start again instead of continuing an interrupted run.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every line, and write only the file of rejected lines.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the file is read correctly.")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not check in AWS whether the lists exist.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=100, help="Lines written concurrently.")] = 16,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Record the opt-outs of a CSV file. Each counts from then on, unless a newer decision exists.

    The opt-out list follows at the API's rate, ten a second by default, after what people text meanwhile. Invalid lines do not
    stop others: they are written to a file that can be corrected and imported. A file of several columns must say who opted
    out, in a column that is known or named by an option, unless all did (--all-opted-out).

    A message log (--text-column) is classified text by text: only the texts that people sent count, at their own times.

    Importing again changes nothing; after an interruption, the same command continues. `imports undo` withdraws an import.
    AWS_ENDPOINT_URL selects a local stack. Exit codes: 0 every line was read, 1 a line was rejected, 2 the file cannot be read
    or is refused, 3 AWS did not respond, 130 interrupted.
    """
    from sms_consent_cli.commands.import_.columns import Column, StatusRule
    from sms_consent_cli.commands.import_.run import ImportOptions, ImportRun
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import report_usage_errors

    chosen = {
        Column.NUMBER: number_column, Column.TIME: time_column, Column.STATUS: status_column, Column.LIST: list_column,
        Column.SOURCE: source_column, Column.REASON: reason_column, Column.END_USER: end_user_column,
        Column.OPT_IN_TIME: opt_in_time_column, Column.COUNTRY: country_column, Column.CHANNEL: channel_column,
        Column.TEXT: text_column, Column.DIRECTION: direction_column, Column.TEXTED: texted_column,
    }  # fmt: skip
    rule = StatusRule(all_opted_out, yes_means.asked if yes_means is not None else None)
    options = ImportOptions(
        file=file, columns={column: given for column, given in chosen.items() if given is not None}, region=region,
        list_name=list_name, as_of=as_of, timezone=timezone, time_format=time_format, end_user=end_user, source=source, by=by,
        opt_ins=opt_ins, rule=rule, all_inbound=all_inbound, rejects=rejects, from_start=from_start, dry_run=dry_run,
        with_country_code=with_country_code, sheet=sheet, preset=preset, yes=yes, check=not no_check, workers=workers,
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
