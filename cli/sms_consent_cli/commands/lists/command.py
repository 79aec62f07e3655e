"""`sms-consent lists`: the account's opt-out lists, and those that the deployment knows, with their groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from sms_consent_cli.shared.options import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent_cli.commands.lists.service import ListService

__all__ = ["lists"]

REFUSED = 1

Name = Annotated[str, typer.Argument(metavar="LIST", help="The list's name, or its ARN if another account shares it.")]

lists = typer.Typer(
    name="lists",
    help="Manage opt-out lists of the account, and the groups for which an opt-out counts.",
    no_args_is_help=True,
)


@lists.command("list")
def list_lists(as_json: AsJson = False, table: Table = None, stack: Stack = STACK) -> None:
    """List the lists that the deployment knows: group, senders, and whether the functions may write to them."""
    from sms_consent_cli.commands.lists.report import show_known

    with _list_service("lists list", table, stack) as service:
        known, copies = service.known(), service.copies()
    if as_json:
        say_json([each.view() for each in known])
    else:
        show_known(known, service.scopes())
        for each in copies:
            say(f"Opt-outs of {each.source} are still being copied to {each.target}.")


@lists.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 64 letters, digits, _ and -.")],
    tag: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="May be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create an opt-out list in the account, for regions where CloudFormation cannot. Repeating it changes nothing.

    It needs no deployment. Pass the ARN to a deployment as ExistingOptOutListArn, or in AdditionalOptOutListArns.
    """
    from sms_consent_cli.commands.lists.creation import create_list
    from sms_consent_cli.commands.lists.report import show_created

    with _list_service("lists create", None, STACK, optional=True) as service:
        created = create_list(service.deployment.sms_voice(), service.account, name, tag or [])
    if as_json:
        say_json({"name": created.name, "arn": created.arn, "created": created.new})
    else:
        show_created(created)


@lists.command()
def describe(
    name: Name,
    count: Annotated[
        bool, typer.Option("--count", help="Count the numbers on it, at a hundred a second: AWS has no count.")
    ] = False,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Describe a list: the numbers and pools that use it in AWS, its senders here and, with --count, the numbers on it.

    Exit codes: 1 there is no such list.
    """
    from sms_consent_cli.commands.lists.report import counting, show_list

    command = "lists describe"
    with _list_service(command, table, stack, optional=True) as service:
        described = service.described(name)
        if described is None:
            _end(command, f"there is no list {name}")
        counted = service.count(described, counting) if count else None
    if as_json:
        say_json(described.view() | ({"numbers": counted.view()} if counted is not None else {}))
    else:
        show_list(described, counted)


@lists.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm: the numbers on it are deleted too.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Delete a list of the account, and unregister it here. The people on it can then be texted by its senders again.

    It is refused while a number, pool or sender uses the list, and without --yes. Exit codes: 1 refused.
    """
    from sms_consent_cli.commands.lists.changes import ListChangeRefused, ListChanges

    command = "lists delete"
    with _list_service(command, table, stack, optional=True) as service:
        try:
            message = ListChanges(service).delete(name, really=yes)
        except ListChangeRefused as error:
            _end(command, str(error))
    say(visible(message))


@lists.command("set")
def set_list(
    name: Name,
    group: Annotated[str | None, typer.Option(help="The group of the list. Default: unchanged.")] = None,
    no_group: Annotated[bool, typer.Option("--no-group", help="Remove the list from its group.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Register a list with a group. With OptOutScope=GROUP, an opt-out counts for all lists of the group.

    Lists of senders are already registered. A change takes effect within a minute, for new requests.
    """
    if group is not None and no_group:
        raise typer.BadParameter("give --group or --no-group")
    from sms_consent_cli.commands.lists.changes import ListChanges

    with _list_service("lists set", table, stack) as service:
        message, notes = ListChanges(service).set(name, group=group, no_group=no_group)
    say(visible(message))
    for note in notes:
        say(f"note: {visible(note)}", err=True)


@lists.command()
def forget(name: Name, table: Table = None, stack: Stack = STACK) -> None:
    """Unregister a list: opt-outs no longer count for it. The list itself, and the numbers on it, do not change.

    Exit codes: 1 it was not registered, or a sender uses it.
    """
    from sms_consent_cli.commands.lists.changes import ListChangeRefused, ListChanges

    command = "lists forget"
    with _list_service(command, table, stack) as service:
        try:
            message = ListChanges(service).forget(name)
        except ListChangeRefused as error:
            _end(command, str(error))
    say(visible(message))


@lists.command()
def carry(
    source: Annotated[str, typer.Argument(metavar="OLD", help="The list that senders used before.")],
    target: Annotated[str, typer.Argument(metavar="NEW", help="The list that they use now.")],
    forget: Annotated[bool, typer.Option("--forget", help="Cancel a copy that is not complete.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Copy the opt-outs and pending opt-ins of one list to another in the ledger. SweepFunction puts them on the list.

    ReconcileFunction does so itself when the stack's list has changed. The command can be repeated.
    """
    with _list_service("lists carry", table, stack) as service:
        message = service.copy(source, target, forget=forget)
    say(message)


@contextmanager
def _list_service(command: str, table: str | None, stack: str, *, optional: bool = False) -> Iterator[ListService]:
    """Yield the service for lists. Errors end the command."""
    from sms_consent_cli.commands.lists.service import ListService
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import report_usage_errors

    with report_aws_errors(command), report_usage_errors(command):
        # A stack that was named must exist. Without one, some of these commands work on the account alone.
        named = table is not None or stack != STACK
        yield ListService(Deployment(stack, table=table), optional=optional and not named)


def _end(command: str, message: str) -> NoReturn:
    say(f"sms-consent {command}: {visible(message)}", err=True)
    raise typer.Exit(REFUSED)
