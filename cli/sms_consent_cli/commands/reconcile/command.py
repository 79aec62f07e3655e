"""`sms-consent reconcile`: compare the opt-out lists with the ledger now, and make differences due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.shared.options import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json

if TYPE_CHECKING:
    from sms_consent.reconciliation.reconciler import Reconciler

__all__ = ["reconcile"]

DIFFERENT, UNREAD = 1, 3
ENDLESS = datetime.max.replace(tzinfo=UTC)


def reconcile(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare and count only: write nothing, and save no progress.")
    ] = False,
    numbers: Annotated[bool, typer.Option("--numbers", help="Print each number that differs, on a line.")] = False,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Compare every opt-out list of the deployment with the ledger, as ReconcileFunction does daily.

    It reads a hundred numbers a second, which is AWS's quota. Differences become due in the ledger, and sweep corrects the list.
    The command can be interrupted and repeated: it resumes its run, or that of the function.

    Exit codes: 0 no difference; 1 differences; 3 AWS or the ledger did not respond, a list cannot be read, or another run is
    active.
    """
    from sms_consent.reconciliation.reconciler import State
    from sms_consent_cli.commands.reconcile.report import ReconcileProgressBar, busy, outcome_view, show_outcome
    from sms_consent_cli.shared.ledger_access import report_aws_errors

    with report_aws_errors("reconcile"), ReconcileProgressBar(numbers=numbers, as_json=as_json) as bar:
        done = _reconciler(stack, table, dry_run=dry_run).run(ENDLESS, force=True, observer=bar)
    if done.state is State.BUSY:
        say(f"sms-consent reconcile: {busy(done.run)}", err=True)
        raise typer.Exit(UNREAD)
    if as_json:
        say_json(outcome_view(done.run, dry_run=dry_run))
    else:
        show_outcome(done.run, dry_run=dry_run)
    if done.run.unread or done.run.counts.unjudged:
        raise typer.Exit(UNREAD)
    raise typer.Exit(DIFFERENT if any(done.run.counts.drifts.values()) else 0)


def _reconciler(stack: str, table: str | None, *, dry_run: bool) -> Reconciler:
    """Return the reconciler of the deployment. Raises NotFound, BotoCoreError or ClientError."""
    from sms_consent.bootstrap.container import assemble_reconciler
    from sms_consent_cli.commands.reconcile.in_memory_progress import InMemoryProgress
    from sms_consent_cli.shared.account import Account
    from sms_consent_cli.shared.deployment import Deployment, NotFound

    deployment = Deployment(stack, table=table)
    if (own := deployment.own_list) is None:
        raise NotFound(f"there is no stack {stack} here, and its lists are unknown: give --stack")
    sms = deployment.sms_voice()
    account = Account(sms)
    lists = {own: None}
    for arn in deployment.parameter("AdditionalOptOutListArns").split(","):
        if arn.strip():
            found = account.find(arn.strip())
            lists.setdefault(found.reference if found is not None else arn.strip(), None)
    return assemble_reconciler(
        deployment.dynamodb(),
        sms,
        table=deployment.table,
        lists=tuple(lists),
        rate=float(deployment.parameter("DescribeRequestsPerSecond", "1")),
        clock=deployment.clock,
        dry_book=InMemoryProgress() if dry_run else None,
        names=deployment.names,
    )
