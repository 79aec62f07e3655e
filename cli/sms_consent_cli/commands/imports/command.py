"""`sms-consent imports`: who imported which file, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.shared.options import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json
from sms_consent_cli.shared.usage_error import BAD_INPUT

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
    from sms_consent.domain.import_record import ImportRecord

__all__ = ["imports"]

UNKNOWN = 1

imports = typer.Typer(name="imports", help="Imports: list them, or show one with its counts.", no_args_is_help=True)

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


def _known(records: DynamoImportRecords, command: str, import_id: str) -> ImportRecord:
    """Return the record. Ends the command with exit code 1 if there is none, and with 2 if this is no id."""
    if not import_id or len(import_id) > 100:
        say(f"sms-consent {command}: an id looks like 20261103T140211-1f0c9b2a", err=True)
        raise typer.Exit(BAD_INPUT)
    record = records.get(import_id)
    if record is None:
        say(f"sms-consent {command}: there is no such import; `sms-consent imports list` shows their ids", err=True)
        raise typer.Exit(UNKNOWN)
    return record
