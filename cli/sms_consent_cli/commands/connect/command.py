"""`sms-consent connect` and `disconnect`: switch a sender between AWS's and this stack's handling of STOP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.shared.options import STACK, AsJson, ForgetOption, Stack
from sms_consent_cli.shared.terminal_text import say_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from sms_consent_cli.commands.connect.originators import Originator
    from sms_consent_cli.commands.connect.report import ConnectReport
    from sms_consent_cli.commands.connect.switchover import ConnectOptions, Switchover

__all__ = ["connect", "disconnect"]

Identity = Annotated[
    str, typer.Argument(metavar="SENDER", help="A number as +12125550101, a short code, a pool-… or an rcs-… id.")
]
Copy = Annotated[
    bool,
    typer.Option(
        "--carry", "--copy-opt-outs", help="Copy the opt-outs of the old list to the new one, through the ledger."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, show the steps, and change nothing.")]
Accept = Annotated[
    list[str] | None,
    typer.Option(metavar="CHECK", help="Continue although this check could not be made; may be repeated."),
]


def connect(
    sender: Identity,
    copy_opt_outs: Copy = False,
    forget: ForgetOption = False,
    dry_run: DryRun = False,
    accept: Accept = None,
    wait: Annotated[
        float,
        typer.Option(min=1, max=3600, help="Seconds to wait for the test STOP, and for copied opt-outs."),
    ] = 60,
    as_json: AsJson = False,
    stack: Stack = STACK,
) -> None:
    """Switch a number, pool or RCS agent from AWS's handling of STOP to this stack's, without losing a STOP.

    First it checks everything, and sends a test text through topic, queue and function to the ledger and the list. Then it
    directs texts to the stack, puts the number on the stack's list, and turns self-managed opt-outs on last. Until then AWS
    honours STOP. Every step can be repeated.

    Copied opt-outs are recorded here, and put on the list by SweepFunction. If the list is not up to date after 90 seconds, or
    --wait if longer, they are recorded and due: the number is not switched, and another run continues.

    Exit codes: 0 connected, or recorded and due; 1 a check or step failed; 2 no such sender; 3 AWS did not respond.
    """
    from sms_consent_cli.commands.connect import run
    from sms_consent_cli.commands.connect.switchover import ConnectOptions

    options = ConnectOptions(
        accepted=frozenset(accept or ()), copy=copy_opt_outs, forget=forget, dry_run=dry_run, wait=wait
    )
    _run("connect", sender, options, stack, run.connect, as_json=as_json)


def disconnect(
    sender: Identity,
    copy_opt_outs: Copy = False,
    forget: ForgetOption = False,
    keep_list: Annotated[
        bool, typer.Option("--keep-list", help="Keep the stack's list, which has everyone who opted out.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    stack: Stack = STACK,
) -> None:
    """Switch a number, pool or RCS agent back to AWS's handling of STOP and to its earlier settings, in reverse order.

    Self-managed opt-outs are turned off first: from then on AWS honours STOP. People who opted out meanwhile must be on the list
    that the number returns to: see --carry, --forget and --keep-list. Exit codes as for connect.
    """
    from sms_consent_cli.commands.connect import run
    from sms_consent_cli.commands.connect.switchover import ConnectOptions

    options = ConnectOptions(
        accepted=frozenset(), copy=copy_opt_outs, forget=forget, dry_run=dry_run, keep_list=keep_list
    )
    _run("disconnect", sender, options, stack, run.disconnect, as_json=as_json)


def _run(
    command: str,
    sender: str,
    options: ConnectOptions,
    stack: str,
    carry_out: Callable[[Switchover, Originator, ConnectOptions, ConnectReport], int],
    *,
    as_json: bool,
) -> None:
    from sms_consent_cli.commands.connect.report import ConnectReport
    from sms_consent_cli.commands.connect.switchover import Switchover
    from sms_consent_cli.shared.command_context import CommandContext
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    with report_aws_errors(command), report_usage_errors(command):
        if options.copy and options.forget:
            raise UsageError("give --carry or --forget")
        report = ConnectReport(sender.strip(), silent=as_json, dry_run=options.dry_run)
        switchover = Switchover(CommandContext(Deployment(stack)), options, report)
        originator = switchover.originators.find(_named(sender))
        if originator is None:
            name = sender.strip()
            kind = "RCS agent" if name.rpartition("/")[2].startswith("rcs-") else "number and no pool"
            raise UsageError(f"this account has no {kind} {name} in this region")
        report.identity = originator.identity
        code = carry_out(switchover, originator, options, report)
    if as_json:
        say_json(report.view())
    raise typer.Exit(code)


def _named(sender: str) -> str:
    """Return a number in E.164 form; any other sender unchanged."""
    from sms_consent_cli.shared.number_input import InvalidNumber, parse_number

    try:
        return parse_number(sender, None).e164
    except InvalidNumber:
        return sender.strip()
