"""`sms-consent imports`: who imported which file, and its result."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent.domain.import_record import RECORDED
from sms_consent_cli.shared.options import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json
from sms_consent_cli.shared.usage_error import BAD_INPUT

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
    from sms_consent.domain.import_record import ImportRecord

__all__ = ["imports"]

UNKNOWN = 1

STOPPED, INTERRUPTED = 1, 130

imports = typer.Typer(
    name="imports", help="Imports: list them, show one with its counts, or undo one.", no_args_is_help=True
)

ImportId = Annotated[str, typer.Argument(metavar="ID", help="The import's id, as `imports list` shows it.")]


@imports.command("list")
def list_imports(as_json: AsJson = False, table: Table = None, stack: Stack = STACK) -> None:
    """List every import, oldest first: id, status, file, who ran it, and how many lines it recorded.

    --json prints one object a line. Imports by releases before this feature have no record. Exit codes: 0 also if there are
    none; 3 AWS did not respond.
    """
    from sms_consent_cli.commands.imports.report import line, view
    from sms_consent_cli.shared.ledger_access import import_records, report_aws_errors

    with report_aws_errors("imports list"):
        found = import_records(table, stack).all()
    for record in found:
        if as_json:
            say_json(view(record))
        else:
            say(line(record))
    if not found and not as_json:
        say("no import is recorded")


@imports.command()
def show(import_id: ImportId, as_json: AsJson = False, table: Table = None, stack: Stack = STACK) -> None:
    """Show an import: the file with its SHA-256, the caller's AWS identity, options, columns and counts.

    Exit codes: 1 there is no such import; 3 AWS did not respond.
    """
    from sms_consent_cli.commands.imports.report import show_record, view
    from sms_consent_cli.shared.ledger_access import import_records, report_aws_errors

    with report_aws_errors("imports show"):
        record = _known(import_records(table, stack), "imports show", import_id)
    if as_json:
        say_json(view(record))
    else:
        show_record(record)


@imports.command()
def undo(
    import_id: ImportId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and write nothing.")] = False,
    texted: Annotated[
        bool, typer.Option("--texted", help="Of a message log: withdraw also what people texted themselves.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=100, help="Numbers written concurrently.")] = 16,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Withdraw what an import recorded, for every number without a newer request. Shows first what it would do, and asks.

    Each person's consent becomes what it would be without the import. A person's own STOP, before or after the import, is never
    undone, and numbers that were opted out before stay so. Numbers that are not on the opt-out list yet need no deletion. The
    others are deleted from it by SweepFunction: AWS allows that once in 30 days, until then the opt-in is pending.

    Running it again changes nothing, and completes an interrupted run. Every withdrawal is in the person's history.
    Exit codes: 0 done, 1 no such import or not confirmed, 2 bad input, 3 AWS did not respond, 130 interrupted.
    """
    from sms_consent_cli.commands.import_.import_log import caller_identity
    from sms_consent_cli.commands.imports.report import undo_summary, undo_view
    from sms_consent_cli.commands.imports.undo import ImportUndo
    from sms_consent_cli.shared.command_context import CommandContext
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import import_records, report_aws_errors
    from sms_consent_cli.shared.progress import progress_bar
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    with report_aws_errors("imports undo"), report_usage_errors("imports undo"):
        records = import_records(table, stack)
        record = _known(records, "imports undo", import_id)
        if not (yes or dry_run) and (as_json or not sys.stdin.isatty()):
            raise UsageError("there is no terminal for confirming it: look at it with --dry-run, then give --yes")
        deployment = Deployment(stack, table=table)
        scope = CommandContext(deployment).scope if deployment.has_stack else None
        actor = caller_identity(deployment)
        undoing = ImportUndo(deployment, records, record, scope, actor, texted=texted, workers=workers)
        about = sum(record.counts.get(name, 0) for name in RECORDED)
        with progress_bar("reading", about) as bar:
            counts = undoing.preview(bar.advance)
        if not dry_run and not undoing.is_complete(counts):
            if not as_json:
                say(undo_summary(record, counts, done=False))
            if not yes and not typer.confirm("Undo it?"):
                raise typer.Exit(STOPPED)
            try:
                with progress_bar("undoing", about) as bar:
                    counts = undoing.run(bar.advance)
            except KeyboardInterrupt:
                say("sms-consent imports undo: interrupted; the same command completes it", err=True)
                raise typer.Exit(INTERRUPTED) from None
            except Exception:
                say("sms-consent imports undo: stopped; the same command completes it", err=True)
                raise
    if as_json:
        say_json(undo_view(record, counts, dry_run=dry_run))
    else:
        say(undo_summary(record, counts, done=not dry_run))


def _known(records: DynamoImportRecords, command: str, import_id: str) -> ImportRecord:
    """Return the record of an import. Ends the command with exit code 1 if there is none, and with 2 if the id is invalid."""
    if not import_id or len(import_id) > 100:
        say(f"sms-consent {command}: an id looks like 20261103T140211-1f0c9b2a", err=True)
        raise typer.Exit(BAD_INPUT)
    record = records.get(import_id)
    if record is None:
        say(f"sms-consent {command}: there is no such import; `sms-consent imports list` shows their ids", err=True)
        raise typer.Exit(UNKNOWN)
    return record
