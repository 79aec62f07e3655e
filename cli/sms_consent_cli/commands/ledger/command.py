"""`sms-consent ledger`: prepare a table that the stack did not create."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent_cli.shared.options import STACK, AsJson
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from datetime import datetime

    from sms_consent_cli.commands.ledger.table import TableSettings
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["ledger"]

ledger = typer.Typer(
    name="ledger",
    help="Prepare a table that was kept by an earlier stack, restored or copied, for use as the ledger.",
    no_args_is_help=True,
)


@ledger.callback()
def group() -> None:
    """Commands for the ledger's table."""


@ledger.command()
def prepare(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The name of the table.")],
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Encrypt the table with this KMS key: ARN, id or alias. Default: keep its key."
        ),
    ] = None,
    copied_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="The time of the copy, as 2026-11-03T14:00:00Z. Not needed for a restored table.",
        ),
    ] = None,
    wait: Annotated[int, typer.Option("--wait", min=0, help="Seconds to wait for each change.")] = 7200,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a table the settings of a ledger, and print the parameters for deploying a stack with it.

    A point-in-time restore, or an import from S3, creates a table without stream, time to live, point-in-time recovery and
    deletion protection. This turns them on, creates the index if it is missing, and waits until each is active.

    Opt-ins that were not carried out when a restored table was copied are revoked: a STOP may have followed them.

    The command can be interrupted and repeated: it changes only what is missing. AWS_ENDPOINT_URL selects a local stack.

    Exit codes: 0 the table is ready; 2 it is not a ledger, or cannot become one; 3 AWS did not respond, or not ready in time.
    """
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import report_usage_errors

    command = "ledger prepare"
    with report_aws_errors(command), report_usage_errors(command):
        prepared = _prepared(table, key, _moment(copied_at), timedelta(seconds=wait), dry_run=dry_run)
    if as_json:
        say_json(prepared)
        return
    if not prepared["would_change" if dry_run else "changed"] and not prepared["opt_ins_taken_back"]:
        say(visible(f"{table} has all settings of a ledger."))
    if not dry_run:
        say("Deploy with these parameters:")
        for name, value in prepared["parameters"].items():
            say(visible(f"    {name}={value}"))


def _prepared(
    table: str, key: str | None, copied_at: datetime | None, patience: timedelta, *, dry_run: bool
) -> dict[str, Any]:
    """Prepare the table, and return what ``--json`` prints. Raises UsageError, ConsentError, BotoCoreError or ClientError."""
    from sms_consent_cli.commands.ledger.preparation import Preparation, usable_key
    from sms_consent_cli.shared.deployment import Deployment

    deployment = Deployment(STACK, table=table)
    kms = deployment.client("kms")
    key_arn = usable_key(kms, key) if key is not None else None
    preparation = Preparation(
        client=deployment.dynamodb(),
        table=table,
        key_arn=key_arn,
        clock=deployment.clock,
        patience=patience,
        notice=_notice,
    )
    if not dry_run:
        preparation.wait()
    settings, missing_settings = preparation.check()
    if settings.key_arn is not None and key is None:
        usable_key(kms, settings.key_arn)
    for missing in missing_settings:
        if dry_run:
            _notice(f"{missing.need}: would {missing.change}")
        else:
            preparation.make(missing)
    if not dry_run:
        settings = preparation.wait()
    moment = copied_at or _restored_to(settings)
    return {
        "table": settings.name,
        "would_change" if dry_run else "changed": [missing.need.value for missing in missing_settings],
        "opt_ins_taken_back": _revoke_opt_ins(deployment, moment, dry_run=dry_run) if moment is not None else 0,
        "parameters": {
            "ExistingLedgerTable": settings.name,
            "ExistingLedgerStreamArn": settings.stream_arn or "",
            "ExistingKeyArn": key_arn or settings.key_arn or "",
        },
    }


def _moment(given: str | None) -> datetime | None:
    """Parse ``--copied-at``. Raises UsageError."""
    from sms_consent.domain.time import from_text
    from sms_consent_cli.shared.usage_error import UsageError

    try:
        return from_text(given) if given is not None else None
    except ValueError as error:
        raise UsageError("--copied-at takes a time with its offset, as 2026-11-03T14:00:00Z") from error


def _notice(message: str) -> None:
    say(visible(message), err=True)


def _restored_to(settings: TableSettings) -> datetime | None:
    """Return the time that a restored table shows; None for a table that was not restored."""
    from datetime import UTC

    restored: datetime | None = settings.table.get("RestoreSummary", {}).get("RestoreDateTime")
    return restored.astimezone(UTC) if restored is not None else None


def _revoke_opt_ins(deployment: Deployment, moment: datetime, *, dry_run: bool) -> int:
    """Revoke the opt-ins that were not carried out at that time; return how many there were."""
    from sms_consent.adapters.dynamodb.consent_export import unfinished_opt_ins
    from sms_consent.adapters.dynamodb.store import DynamoLedger
    from sms_consent_cli.commands.ledger.restored_ledger import revoke_opt_in

    client, table = deployment.dynamodb(), deployment.table
    store, count = DynamoLedger(client, table, looks_further=False, clock=deployment.clock), 0
    for consent in unfinished_opt_ins(client, table, moment):
        count += 1
        if not dry_run:
            revoke_opt_in(store, consent, moment, deployment.clock)
    if count:
        would = "would be " if dry_run else ""
        _notice(f"{count} opt-ins that were not carried out at the time of the copy {would}revoked: opted out")
    return count
