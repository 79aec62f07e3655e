"""`sms-consent export`: every consent with its evidence, as CSV, JSON or JSON Lines."""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from sms_consent_cli.shared.options import STACK, Stack, Table
from sms_consent_cli.shared.terminal_text import say, visible

if TYPE_CHECKING:
    from sms_consent_cli.commands.export.rows import Exported

__all__ = ["export_numbers"]

TELL_EVERY = 1000


class Form(StrEnum):
    """The format of the file."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


_BY_SUFFIX = {".csv": Form.CSV, ".json": Form.JSON, ".jsonl": Form.JSONL, ".ndjson": Form.JSONL}


def export_numbers(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file to write. Default: standard output. It gets its name once it is complete."
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", help="Default: by the file's extension (.csv, .json, .jsonl); csv on standard output."
        ),
    ] = None,
    opt_out_list: Annotated[str | None, typer.Option("--list", help="Only this opt-out list.")] = None,
    opted_out: Annotated[bool, typer.Option("--opted-out", help="Only numbers that may not be texted.")] = False,
    show_texts: Annotated[
        bool, typer.Option("--show-texts", help="Include the texts and the words that matched.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Export every consent: status, time, EndUserOptedOut, author, channel and rule.

    The CSV file can be imported again; JSON is one array, JSON Lines one object a line, with the facts behind each status. The
    command reads the whole ledger, which DynamoDB charges for, and is not a snapshot.
    Exit codes: 2 the file cannot be written, 3 AWS did not respond.
    """
    from sms_consent_cli.commands.export.rows import exported
    from sms_consent_cli.shared.aws_clock import SteadyClock
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import list_name, report_aws_errors
    from sms_consent_cli.shared.usage_error import report_usage_errors

    with report_aws_errors("export"), report_usage_errors("export"):
        chosen = form or _form_of(output)
        deployment = Deployment(stack, table=table)
        found = exported(
            deployment.dynamodb_for(1), deployment.table,
            list_name=list_name(opt_out_list, table, stack) if opt_out_list is not None else None,
            canonical=lambda name: deployment.names.canonical(name), opted_out_only=opted_out, clock=SteadyClock(),
            facts=chosen is not Form.CSV,
        )  # fmt: skip
        with _written_to(output, overwrite) as file:
            count = _write(found, file, chosen, texts=show_texts)
    say(f"{count:,} consents" + (f" in {visible(str(output))}" if output is not None else ""), err=True)


def _form_of(output: Path | None) -> Form:
    """Return the format for a file's name. Raises UsageError for an extension that does not say."""
    from sms_consent_cli.shared.usage_error import UsageError

    if output is None:
        return Form.CSV
    form = _BY_SUFFIX.get(output.suffix.lower())
    if form is None:
        raise UsageError(f"{output.name}: an export is .csv, .json or .jsonl: use one of these extensions, or --format")
    return form


def _write(found: Iterator[Exported], file: TextIO, form: Form, *, texts: bool) -> int:
    from sms_consent_cli.commands.export.rows import COLUMNS, TEXTS
    from sms_consent_cli.shared.terminal import console

    progress, count = console(stderr=True), 0
    writer = csv.writer(file)
    if form is Form.CSV:
        writer.writerow([*COLUMNS, *(TEXTS if texts else ())])
    for each in found:
        if form is Form.CSV:
            writer.writerow(each.row(texts=texts))
        elif form is Form.JSONL:
            file.write(json.dumps(each.view(texts=texts)) + "\n")
        else:
            file.write(f"{',' if count else '['}\n{json.dumps(each.view(texts=texts))}")
        count += 1
        if count % TELL_EVERY == 0 and progress.is_terminal and not file.isatty():
            progress.print(f"{count:,} consents", end="\r", highlight=False)
    if form is Form.JSON:
        file.write("\n]\n" if count else "[]\n")
    return count


@contextlib.contextmanager
def _written_to(output: Path | None, overwrite: bool) -> Iterator[TextIO]:
    """Open the output. A file is readable by its owner only, and gets its name once it is complete. Raises UsageError."""
    from sms_consent_cli.shared.usage_error import UsageError

    if output is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            raise  # the reader has closed the pipe, which is no failure of the export
        except OSError as error:
            raise UsageError(f"standard output: {error.strerror}") from error
        return
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists: give --overwrite")
    part = output.with_name(output.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            part.chmod(0o600)
            yield file
        part.replace(output)
    except OSError as error:
        raise UsageError(f"{error.filename or output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
