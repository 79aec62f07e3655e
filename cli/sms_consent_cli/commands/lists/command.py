"""`sms-consent lists`: opt-out lists of the account, and which of them this deployment knows, in which groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from sms_consent_cli.commands.check import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent_cli.commands.lists.service import ListService

__all__ = ["lists"]

REFUSED = 1

Name = Annotated[str, typer.Argument(metavar="LIST", help="Its name; its ARN if another account shares it.")]

lists = typer.Typer(
    name="lists",
    help="Opt-out lists: those of the account, and those that an opt-out counts for here, in groups.",
    no_args_is_help=True,
)


@lists.command("list")
def list_lists(as_json: AsJson = False, table: Table = None, stack: Stack = STACK) -> None:
    """Lists what this deployment knows: each list's group, its senders, and whether the functions may write to it."""
    from sms_consent_cli.commands.lists.report import show_known

    with _at("lists list", table, stack) as office:
        known, carries = office.known(), office.carries()
    if as_json:
        say_json([each.view() for each in known])
    else:
        show_known(known, office.scopes())
        for each in carries:
            say(f"Opt-outs of {each.source} are still being copied to {each.target}.")


@lists.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 64 letters, digits, _ and -.")],
    tag: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="May be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Creates an opt-out list in the account, where CloudFormation cannot. Creating it again changes nothing.

    Needs no deployment: its ARN can be given to one as ExistingOptOutListArn, or as one of AdditionalOptOutListArns.
    """
    from sms_consent_cli.commands.lists.creation import create_list
    from sms_consent_cli.commands.lists.report import show_created

    with _at("lists create", None, STACK, optional=True) as office:
        created = create_list(office.deployment.sms_voice(), office.account, name, tag or [])
    if as_json:
        say_json({"name": created.name, "arn": created.arn, "created": created.new})
    else:
        show_created(created)


@lists.command()
def describe(
    name: Name,
    count: Annotated[
        bool, typer.Option("--count", help="Count the numbers on it, a hundred a second: AWS has no count.")
    ] = False,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Describes one: who obeys it in AWS, which senders count for it here, and with --count how many are on it.

    Exit codes: 1 if there is none.
    """
    from sms_consent_cli.commands.lists.report import counting, show_list

    command = "lists describe"
    with _at(command, table, stack, optional=True) as office:
        described = office.described(name)
        if described is None:
            _end(command, f"there is no list {name}")
        counted = office.count(described, counting) if count else None
    if as_json:
        say_json(described.view() | ({"numbers": counted.view()} if counted is not None else {}))
    else:
        show_list(described, counted)


@lists.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Really: the numbers on it are deleted with it.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Deletes a list of the account, and forgets it here. Whoever is on it can be texted again by who used it.

    Refuses while any number, pool or sender uses it, and without --yes, and says what is on it. Exit codes: 1 if refused.
    """
    from sms_consent_cli.commands.lists.changes import Kept, ListChanges

    command = "lists delete"
    with _at(command, table, stack, optional=True) as office:
        try:
            told = ListChanges(office).delete(name, really=yes)
        except Kept as kept:
            _end(command, str(kept))
    say(visible(told))


@lists.command("set")
def set_list(
    name: Name,
    group: Annotated[str | None, typer.Option(help="The one group that it is in; else kept.")] = None,
    no_group: Annotated[bool, typer.Option("--no-group", help="Take it out of its group.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Makes a list known, and says which group it is in: with OptOutScope=GROUP, one opt-out counts for the whole group.

    Lists of senders are known already. A change takes effect within a minute, for requests from then on.
    """
    if group is not None and no_group:
        raise typer.BadParameter("give --group or --no-group")
    from sms_consent_cli.commands.lists.changes import ListChanges

    with _at("lists set", table, stack) as office:
        told, notes = ListChanges(office).set(name, group=group, no_group=no_group)
    say(visible(told))
    for note in notes:
        say(f"note: {visible(note)}", err=True)


@lists.command()
def forget(name: Name, table: Table = None, stack: Stack = STACK) -> None:
    """Makes a list unknown: opt-outs no longer count for it. The list itself, and who is on it, stay as they are.

    Exit codes: 1 if it was not known, or if a sender still counts for it.
    """
    from sms_consent_cli.commands.lists.changes import Kept, ListChanges

    command = "lists forget"
    with _at(command, table, stack) as office:
        try:
            told = ListChanges(office).forget(name)
        except Kept as kept:
            _end(command, str(kept))
    say(visible(told))


@lists.command()
def carry(
    source: Annotated[str, typer.Argument(metavar="OLD", help="The list that senders left.")],
    target: Annotated[str, typer.Argument(metavar="NEW", help="The list that their texts count for now.")],
    forget: Annotated[bool, typer.Option("--forget", help="Do not copy what is still to be copied.")] = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Copies the opt-outs and waiting opt-ins of one list to another, in the ledger; SweepFunction puts them on the list.

    ReconcileFunction does so by itself when the stack has another list than before. This can be repeated.
    """
    with _at("lists carry", table, stack) as office:
        told = office.carry(source, target, forget=forget)
    say(told)


@contextmanager
def _at(command: str, table: str | None, stack: str, *, optional: bool = False) -> Iterator[ListService]:
    """The account's lists and the deployment's; failures and refusals end the command."""
    from sms_consent_cli.commands.lists.service import ListService
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import failures_told
    from sms_consent_cli.shared.usage_error import refusals_told

    with failures_told(command), refusals_told(command):
        # A stack that was named must be there. Where none was, some of these commands do without.
        named = table is not None or stack != STACK
        yield ListService(Deployment(stack, table=table), optional=optional and not named)


def _end(command: str, message: str) -> NoReturn:
    say(f"sms-consent {command}: {visible(message)}", err=True)
    raise typer.Exit(REFUSED)
