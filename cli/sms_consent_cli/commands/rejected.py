"""`sms-consent rejected`: numbers that AWS rejects permanently, with the reasons, and retries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent_cli.shared.options import STACK, AsJson, Country, Stack, Table, number_of
from sms_consent_cli.shared.terminal_text import printable, say, say_json
from sms_consent_cli.shared.usage_error import BAD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sms_consent.domain.rejections import RejectedWork
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["rejected"]

NONE = 1
AT_ANY_TIME = timedelta(days=3650)

rejected = typer.Typer(
    name="rejected",
    help="List and retry numbers that AWS rejects permanently with validation errors.",
    no_args_is_help=True,
)

OneList = Annotated[str | None, typer.Option("--list", help="Only this opt-out list.")]


@rejected.command("list")
def list_rejected(
    opt_out_list: OneList = None, as_json: AsJson = False, table: Table = None, stack: Stack = STACK
) -> None:
    """List the rejected numbers: list, AWS's reason, since when, and the next daily retry.

    None of them is on its list. --json prints one object a line. Exit codes: 0 also if there are none; 3 AWS did not respond.
    """
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors

    command, shown = "rejected list", 0
    with report_aws_errors(command):
        for work in _found(command, Deployment(stack, table=table), opt_out_list):
            shown += 1
            if as_json:
                say_json(_view(work))
            else:
                say(_line(work))
    if not as_json:
        say(f"{shown} rejected" if shown else "no number is rejected")


@rejected.command()
def retry(
    number: Annotated[str | None, typer.Argument(metavar="[NUMBER]", help="As +14255550182.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    opt_out_list: OneList = None,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Have SweepFunction retry a number, or all of them, within minutes and after other due work.

    Exit codes: 0 done; 1 the number is not rejected; 2 bad input; 3 AWS did not respond.
    """
    from sms_consent.adapters.dynamodb.store import DynamoLedger
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors

    command = "rejected retry"
    if (number is None) is not every:
        say(f"sms-consent {command}: give a number or --all", err=True)
        raise typer.Exit(BAD_INPUT)
    e164 = number_of(command, number, country) if number is not None else None
    again = 0
    with report_aws_errors(command):
        deployment = Deployment(stack, table=table)
        ledger, now = DynamoLedger(deployment.dynamodb(), deployment.table), deployment.clock.now()
        for work in _found(command, deployment, opt_out_list):
            if e164 is None or work.number == e164:
                ledger.reschedule(work, now, now)
                again += 1
    if not again and not every:
        say(f"sms-consent {command}: this number is not rejected", err=True)
        raise typer.Exit(NONE)
    say(f"{again} will be retried within minutes, after other due work")


def _found(command: str, deployment: Deployment, list_name: str | None) -> Iterator[RejectedWork]:
    """Yield rejected work, the next retry first. Raises TryAgain or Rejected."""
    from sms_consent.adapters.dynamodb.store import DynamoLedger
    from sms_consent.domain.errors import Unreadable

    ledger = DynamoLedger(deployment.dynamodb(), deployment.table)
    unreadable = 0
    # Read everything first: a retry moves the item within the index.
    for work in list(ledger.due_rejected(deployment.clock.now() + AT_ANY_TIME)):
        if isinstance(work, Unreadable):
            unreadable += 1
        elif list_name is None or list_name in {work.list_name, work.list_name.rpartition("/")[2]}:
            yield work
    if unreadable:
        say(f"sms-consent {command}: {unreadable} could not be read", err=True)


def _view(work: RejectedWork) -> dict[str, Any]:
    from sms_consent.domain.time import as_text, text_or_none

    return {
        "number": work.number,
        "optOutList": work.list_name,
        "reason": work.reason,
        "since": as_text(work.since),
        "rejections": work.rejections,
        "dueAt": text_or_none(work.due_at),
    }


def _line(work: RejectedWork) -> str:
    name, reason = printable(work.list_name, quoted=False), printable(work.reason, quoted=False)
    return f"{work.number}  {name}  {reason}  since {_minute(work.since)}, rejected {work.rejections} times"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
