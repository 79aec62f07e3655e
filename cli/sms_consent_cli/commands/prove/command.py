"""`sms-consent prove`: what is known about one person's consent, as a document for people outside the team."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from sms_consent.domain.phone_number import mask
from sms_consent_cli.shared.options import STACK, UNKNOWN, AsJson, Country, Number, Stack, Table, number_of
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.domain.import_record import ImportRecord
    from sms_consent.queries.evidence import PersonEvidence
    from sms_consent_cli.commands.prove.dossier import Dossier, Origin
    from sms_consent_cli.commands.prove.time_text import TimeText
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["prove"]

_AWS_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".amazonwebservices.com.cn",
    ".amazonwebservices.eu",
)
"""The domains of AWS's own addresses, also those in a VPC."""


class _Form(StrEnum):
    """The format of the dossier."""

    HTML = "html"
    JSON = "json"
    SUMMARY = "summary"


def prove(
    number: Number,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The file to write: FILE.html or FILE.json."),
    ] = None,
    show_texts: Annotated[
        bool, typer.Option("--show-texts", help="Include the exact words of the person's texts.")
    ] = False,
    timezone: Annotated[
        str, typer.Option(help="Show times in this zone beside UTC, as Europe/Berlin (IANA database).")
    ] = "UTC",
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option("--force", "--overwrite", help="Replace an existing file.")] = False,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Write a dossier about one person: who asked for what, how it was understood, what was done, and what is not known.

    FILE.html is one document for reading and printing, without anything loaded from elsewhere; FILE.json follows
    schemas/cli/dossier.json. The file has the number in full, and only its owner can read it. Without a file, a summary is
    printed, or with --json the whole dossier. AWS_ENDPOINT_URL selects a local stack.

    Exit codes: 0 something is recorded, 1 nothing is recorded and no file is written, 2 bad input, 3 AWS did not respond.
    """
    from sms_consent_cli.commands.prove.assembly import assembled
    from sms_consent_cli.commands.prove.dossier_file import check_target, write_private
    from sms_consent_cli.commands.prove.time_text import TimeText, zone_named
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import report_usage_errors

    e164 = number_of("prove", number, country)
    with report_usage_errors("prove"):
        form, times = _form(output, as_json=as_json), TimeText(zone_named(timezone))
        if output is not None:
            check_target(output, overwrite=force)
    with report_aws_errors("prove"):
        deployment = Deployment(stack, table=table)
        person, imports = _read(deployment, e164)
        if not (person.decisions or person.facts or person.consents or person.threads or person.drifts):
            say(
                "sms-consent prove: nothing is recorded about this number in this ledger. That is no proof that nothing was "
                "asked for: it may have been erased, or recorded in another ledger",
                err=True,
            )
            raise typer.Exit(UNKNOWN)
        origin = _origin(deployment, times.zone.key, texts_shown=show_texts)
    dossier = assembled(person, imports, origin, times)
    if output is None:
        _print(dossier, form)
        return
    with report_usage_errors("prove"):
        write_private(output, _written(dossier, form, times))
    say(f"{visible(str(output))}: {_contents(dossier)}")
    if dossier.verification.findings:
        say(f"warning: {dossier.verification.statement}", err=True)


def _form(output: Path | None, *, as_json: bool) -> _Form:
    """Return the format of the dossier, from the file's extension and --json. Raises UsageError if it is none."""
    from sms_consent_cli.shared.usage_error import UsageError

    if output is None:
        return _Form.JSON if as_json else _Form.SUMMARY
    suffix = output.suffix.lower()
    if suffix == ".json":
        return _Form.JSON
    if suffix in {".html", ".htm"} and not as_json:
        return _Form.HTML
    if suffix in {".html", ".htm"}:
        raise UsageError(f"--json writes JSON, and {output.name} is HTML by its name: leave one of them out")
    hint = ": to get a PDF, write FILE.html and print it from a browser" if suffix == ".pdf" else ""
    raise UsageError(f"{output.name} is neither FILE.html nor FILE.json{hint}")


def _read(deployment: Deployment, number: str) -> tuple[PersonEvidence, dict[str, ImportRecord]]:
    """Return what the ledger holds about a number, and the records of the imports that it refers to."""
    from sms_consent.adapters.dynamodb.evidence_queries import DynamoEvidence
    from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
    from sms_consent_cli.shared.import_evidence import records_of

    client, table = deployment.dynamodb(), deployment.table
    person = DynamoEvidence(client, table, lambda: deployment.names).person(number)
    return person, records_of(DynamoImportRecords(client, table), person.decisions)


def _origin(deployment: Deployment, timezone: str, *, texts_shown: bool) -> Origin:
    from botocore.exceptions import BotoCoreError, ClientError

    from sms_consent.intent import RULES_VERSION
    from sms_consent_cli.commands.prove.dossier import Origin

    try:
        caller: str | None = deployment.client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError):
        caller = None
    return Origin(
        tool="sms-consent",
        version=version("sms-consent"),
        rules_version=RULES_VERSION,
        created_at=deployment.clock.now(),
        timezone=timezone,
        account=deployment.names.account or None,
        region=deployment.names.region or None,
        table=deployment.table,
        endpoint=_other_endpoint(deployment.dynamodb().meta.endpoint_url),
        caller=caller,
        texts_shown=texts_shown,
    )


def _other_endpoint(address: str) -> str | None:
    """Return an address that is not AWS's: what answers there can say anything, and a local stack only imitates AWS."""
    host = urlsplit(address).hostname or ""
    return None if host.endswith(_AWS_DOMAINS) else address


def _written(dossier: Dossier, form: _Form, times: TimeText) -> str:
    if form is _Form.JSON:
        return json.dumps(dossier.as_json(), indent=2) + "\n"
    from sms_consent_cli.commands.prove.document import document

    return document(dossier, times)


def _print(dossier: Dossier, form: _Form) -> None:
    if form is _Form.JSON:
        say_json(dossier.as_json(), indent=2)
        return
    say(f"{mask(dossier.number)}: {dossier.summary.heading}")
    if dossier.origin.warning is not None:
        say(dossier.origin.warning)
    say(dossier.summary.statement)
    say(dossier.verification.statement)
    say(f"Recorded: {_contents(dossier)}. The whole dossier: --output FILE.html, FILE.json, or --json.")


def _contents(dossier: Dossier) -> str:
    """Return how many requests, facts, imports and differences the dossier has."""
    counted = {
        "request": len(dossier.requests),
        "fact": len(dossier.facts),
        "import": len(dossier.imports),
        "difference": len(dossier.differences),
    }
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counted.items() if count) or (
        "the status, without a history"
    )
