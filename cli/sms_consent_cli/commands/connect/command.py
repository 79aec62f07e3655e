"""`sms-consent connect` and `disconnect`: which side honours the STOPs of a number, changed in an order that loses none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.shared.options import STACK, AsJson, ForgetOption, Stack
from sms_consent_cli.shared.terminal_text import say_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from sms_consent_cli.commands.connect.originators import Originator
    from sms_consent_cli.commands.connect.report import Report
    from sms_consent_cli.commands.connect.switchover import ConnectOptions, Switchover

__all__ = ["connect", "disconnect"]

Identity = Annotated[
    str, typer.Argument(metavar="SENDER", help="A number as +12125550101, a short code, a pool-… or an rcs-… id.")
]
Copy = Annotated[
    bool,
    typer.Option(
        "--carry", "--copy-opt-outs", help="Bring what is on the list that it leaves to the other, through the ledger."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing, say what would be done.")]
Accept = Annotated[
    list[str] | None,
    typer.Option(metavar="CHECK", help="Go on although this check is unsure, by its name; may be repeated."),
]


def connect(
    sender: Identity,
    copy_opt_outs: Copy = False,
    forget: ForgetOption = False,
    dry_run: DryRun = False,
    accept: Accept = None,
    wait: Annotated[
        float,
        typer.Option(min=1, max=3600, help="Seconds that the test STOP, and copied opt-outs, may take to the list."),
    ] = 60,
    as_json: AsJson = False,
    stack: Stack = STACK,
) -> None:
    """Takes a number, pool or RCS agent from AWS's own handling of STOP to this stack's, in an order that loses no STOP.

    First everything is checked, and a text of nobody's is sent through topic, queue and function to the ledger and the list.
    Then texts are led to the stack, the number is put on its list, and self-managed opt-outs are switched on last. Until
    then AWS honours STOP. Every step can be repeated.

    Opt-outs that are copied are recorded here, and put on the list by SweepFunction. If the list has not followed in 90
    seconds, or --wait if that is longer, they are recorded and due: the number stays as it is, and a further run goes on.

    Exit codes: 0 connected, or recorded and due; 1 a check or a step stopped it; 2 no such sender; 3 AWS did not answer.
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
        bool, typer.Option("--keep-list", help="Leave it on the stack's list, on which everybody who opted out stands.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    stack: Stack = STACK,
) -> None:
    """Gives a number, pool or RCS agent back to AWS's own handling of STOP, in the reverse order, set as it was before.

    Self-managed opt-outs are switched off first: from then on AWS honours STOP. Whoever opted out meanwhile must be on the
    list that it goes back to: see --carry, --forget and --keep-list. Exit codes as of connect.
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
    carry_out: Callable[[Switchover, Originator, ConnectOptions, Report], int],
    *,
    as_json: bool,
) -> None:
    from sms_consent_cli.commands.connect.report import Report
    from sms_consent_cli.commands.connect.switchover import Switchover
    from sms_consent_cli.shared.command_context import CommandContext
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    with report_aws_errors(command), report_usage_errors(command):
        if options.copy and options.forget:
            raise UsageError("give --carry or --forget")
        report = Report(sender.strip(), silent=as_json, dry_run=options.dry_run)
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
    """A number however it is written; whatever else, as it is."""
    from sms_consent_cli.shared.number_input import InvalidNumber, parse_number

    try:
        return parse_number(sender, None).e164
    except InvalidNumber:
        return sender.strip()
