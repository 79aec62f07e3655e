"""`sms-consent erase`: delete a person's history, and keep the opt-out itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent.domain.consent import Status
from sms_consent_cli.shared.options import STACK, UNKNOWN, AsJson, Country, Number, Stack, Table, number_of
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.erasure import Erased
    from sms_consent.domain.erasure_policy import Stays
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["erase"]

STOPPED = 1

ELSEWHERE = """\
Not deleted: texts in the queues and dead-letter queues (up to 14 days; "sms-consent dead-letters" shows the latter), the
progress of a running reconcile (3 days), the ledger's stream (24 hours), its point-in-time backups (35 days), published
events, and AWS's own opt-out list and message logs."""


def erase(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be deleted and what would be kept.")
    ] = False,
    as_json: AsJson = False,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Delete what is stored about a person: every decision with its text, facts, replies, and drift found by reconcile.

    The opt-out itself is kept, without its history: number, list, status and times. Without it, texts would be sent again. Then
    the evidence chain keeps one entry: when the history was erased, by which AWS identity, and how many entries it had. Of an
    opt-in, the last removal from the list is kept until its 30 days are over.
    Exit codes: 0 erased, 1 nothing stored or not confirmed, 2 bad input, 3 AWS did not respond.
    """
    from sms_consent.adapters.dynamodb.erasure import AtWork, Erasure
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    e164 = number_of("erase", number, country)
    with report_aws_errors("erase"), report_usage_errors("erase"):
        deployment = Deployment(stack, table=table)
        erasure = Erasure(deployment.dynamodb(), deployment.table, deployment.clock, lambda: _caller(deployment))
        erased = erasure.preview(e164)
        if erased.was_known and not dry_run:
            if not yes and (as_json or not sys.stdin.isatty()):
                raise UsageError("this cannot be undone, and there is no terminal for confirming it: give --yes")
            if not yes:
                say(_description(e164, erased, done=False))
                if not typer.confirm("Erase it?"):
                    raise typer.Exit(STOPPED)
            try:
                erased = erasure.erase(e164)
            except AtWork as error:
                say(f"sms-consent erase: {visible(str(error))}", err=True)
                raise typer.Exit(STOPPED) from error
    if as_json:
        say_json(_view(e164, erased, dry_run=dry_run))
    elif not erased.was_known:
        say(f"{e164}: nothing is stored")
    else:
        say(_description(e164, erased, done=not dry_run))
    raise typer.Exit(0 if erased.was_known else UNKNOWN)


def _caller(deployment: Deployment) -> str:
    """Return the ARN of the caller's AWS identity, or ``unknown``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        arn: str = deployment.client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError):
        return "unknown"
    return arn


def _view(number: str, erased: Erased, *, dry_run: bool) -> dict[str, Any]:
    from sms_consent.domain.time import as_text
    from sms_consent.queries.views import consent_view

    stays = [
        {"why": each.why.value, "consent": consent_view(each.consent)}
        | ({"until": as_text(each.until)} if each.until is not None else {})
        for each in erased.stays
    ]
    return {"number": number, "dryRun": dry_run, "gone": erased.gone, "stays": stays}


def _description(number: str, erased: Erased, *, done: bool) -> str:
    counted = ", ".join(f"{count} {name}" for name, count in erased.gone.items() if count) or "nothing"
    first = f"{number}: {counted} {'erased' if done else 'would be erased'}."
    return "\n".join([first, *map(_kept, erased.stays), ELSEWHERE])


def _kept(stays: Stays) -> str:
    name = visible(stays.consent.list_name)
    if stays.until is not None:
        return f"Kept until {stays.until:%Y-%m-%d}: the last removal from {name}, which AWS allows once in 30 days."
    if stays.consent.status is Status.OPTED_IN:
        return f"Kept: an opt-in that {name} does not reflect yet. Erase again once it does."
    return (
        f"Kept: opted out on {name}, without its history. The law requires that an opt-out is honoured; deleting it would "
        "undo it."
    )
