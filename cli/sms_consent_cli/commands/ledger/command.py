"""`sms-consent ledger`: the ledger's table, where a stack uses one that it did not create."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent_cli.commands.check import STACK, AsJson
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from datetime import datetime

    from sms_consent_cli.commands.ledger.table import TableSettings
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["ledger"]

ledger = typer.Typer(
    name="ledger",
    help="The ledger's table, where a stack uses one that it did not create: kept by an earlier stack, restored or copied.",
    no_args_is_help=True,
)


@ledger.callback()
def group() -> None:
    """Commands on the ledger's table."""


@ledger.command()
def prepare(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The name of the table.")],
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Encrypt the table with this KMS key: ARN, id or alias. Else its key stays."),
    ] = None,
    copied_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="The moment that a copy shows, as 2026-11-03T14:00:00Z. Of a restored table, DynamoDB knows it.",
        ),
    ] = None,
    wait: Annotated[int, typer.Option("--wait", min=0, help="Seconds to wait for each change.")] = 7200,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Gives a table what a ledger needs, and prints the parameters with which a stack uses it.

    A point-in-time restore, or an import from S3, makes a table without stream, time to live, point-in-time recovery and
    deletion protection. This turns them on, creates the index if it is missing, and waits until each is effective.

    Opt-ins that had not been carried out when a restored table was copied are taken back: a STOP may have come after them.

    It can be interrupted and repeated: it changes only what is missing. AWS_ENDPOINT_URL points it at a local stack.

    Exit codes: 0 the table is ready, 2 it is no ledger or cannot become one, 3 no answer, or not ready in time.
    """
    from sms_consent_cli.shared.ledger_access import failures_told
    from sms_consent_cli.shared.usage_error import refusals_told

    command = "ledger prepare"
    with failures_told(command), refusals_told(command):
        prepared = _prepared(table, key, _moment(copied_at), timedelta(seconds=wait), dry_run=dry_run)
    if as_json:
        say_json(prepared)
        return
    if not prepared["would_change" if dry_run else "changed"] and not prepared["opt_ins_taken_back"]:
        say(visible(f"{table} has everything that a ledger needs."))
    if not dry_run:
        say("Deploy with these parameters:")
        for name, value in prepared["parameters"].items():
            say(visible(f"    {name}={value}"))


def _prepared(
    table: str, key: str | None, copied_at: datetime | None, patience: timedelta, *, dry_run: bool
) -> dict[str, Any]:
    """Prepare the table, and return what ``--json`` prints. Raises Refusal, ConsentError, BotoCoreError or ClientError."""
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
    settings, lacks = preparation.check()
    if settings.key_arn is not None and key is None:
        usable_key(kms, settings.key_arn)
    for lack in lacks:
        if dry_run:
            _notice(f"{lack.need}: would {lack.change}")
        else:
            preparation.make(lack)
    if not dry_run:
        settings = preparation.wait()
    moment = copied_at or _restored_to(settings)
    return {
        "table": settings.name,
        "would_change" if dry_run else "changed": [lack.need.value for lack in lacks],
        "opt_ins_taken_back": _take_back(deployment, moment, dry_run=dry_run) if moment is not None else 0,
        "parameters": {
            "ExistingLedgerTable": settings.name,
            "ExistingLedgerStreamArn": settings.stream_arn or "",
            "ExistingKeyArn": key_arn or settings.key_arn or "",
        },
    }


def _moment(given: str | None) -> datetime | None:
    """Read ``--copied-at``. Raises Refusal."""
    from sms_consent.domain.time import from_text
    from sms_consent_cli.shared.usage_error import UsageError

    try:
        return from_text(given) if given is not None else None
    except ValueError as error:
        raise UsageError("--copied-at takes a time with its offset, as 2026-11-03T14:00:00Z") from error


def _notice(told: str) -> None:
    say(visible(told), err=True)


def _restored_to(settings: TableSettings) -> datetime | None:
    """Return the moment that a restored table shows; None for a table that was not restored."""
    from datetime import UTC

    restored: datetime | None = settings.table.get("RestoreSummary", {}).get("RestoreDateTime")
    return restored.astimezone(UTC) if restored is not None else None


def _take_back(deployment: Deployment, moment: datetime, *, dry_run: bool) -> int:
    """Take back the opt-ins that were not carried out at that moment; return how many there were."""
    from sms_consent.adapters.dynamodb.consent_export import unfinished_opt_ins
    from sms_consent.adapters.dynamodb.store import DynamoLedger
    from sms_consent_cli.commands.ledger.restored_ledger import opt_out_again

    client, table = deployment.dynamodb(), deployment.table
    store, count = DynamoLedger(client, table, looks_further=False), 0
    for consent in unfinished_opt_ins(client, table, moment):
        count += 1
        if not dry_run:
            opt_out_again(store, consent, moment, deployment.clock)
    if count:
        would = "would be " if dry_run else ""
        _notice(f"{count} opt-ins that had not been carried out at the time of the copy {would}taken back: opted out")
    return count
