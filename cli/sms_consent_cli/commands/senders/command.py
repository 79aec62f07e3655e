"""`sms-consent senders`: the settings of numbers, pools and RCS agents: opt-out list, brand, and replies."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent.domain.ports import Sender
from sms_consent_cli.shared.options import STACK, AsJson, CarryOption, ForgetOption, Stack, Table
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.sender_store import SenderStore
    from sms_consent_cli.shared.list_copying import Choice, ListCopying, Move
    from sms_consent_cli.shared.sender_checks import SenderChecks

__all__ = ["senders"]

MISSING, REJECTED = 1, 1

Identity = Annotated[
    str, typer.Argument(metavar="SENDER", help="A number as +12125550101, a short code, rcs-… or pool-…")
]
NoCheck = Annotated[
    bool, typer.Option("--no-check", help="Do not check in AWS whether the list exists, and store it as given.")
]

senders = typer.Typer(
    name="senders",
    help="Settings of numbers, pools and RCS agents. A change takes effect within a minute, without a deployment.",
    no_args_is_help=True,
)


@senders.command("list")
def list_senders(as_json: AsJson = False, table: Table = None, stack: Stack = STACK) -> None:
    """List the senders with settings. All others use the stack's own list and brand."""
    from sms_consent_cli.commands.senders.report import sender_view, show_senders

    with _sender_context("senders list", table, stack, check=False) as context:
        found, groups = context.sender_store.senders(), context.sender_store.groups()
    if as_json:
        say_json([sender_view(sender, groups) for sender in found])
    else:
        show_senders(found, groups)


@senders.command("set")
def set_sender(
    identity: Identity,
    list_name: Annotated[
        str | None,
        typer.Option("--list", help="The list's name, or ARN if shared. Default: unchanged, or the stack's own."),
    ] = None,
    brand: Annotated[str | None, typer.Option(help='The brand in its replies; "" for the stack\'s own.')] = None,
    support_contact: Annotated[
        str | None, typer.Option(help='The contact in its replies; "" for the stack\'s own.')
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help='The language of replies to words without a language, such as STOP; "" for the stack\'s own.'
        ),
    ] = None,
    reply_from: Annotated[
        str | None,
        typer.Option(
            help='Number or pool-… that sends its replies, or rcs-… (SendRcsMessage); "" for the sender itself.'
        ),
    ] = None,
    copy: CarryOption = False,
    forget: ForgetOption = False,
    no_check: NoCheck = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Change a sender's settings. Options that are not given keep their value. Nothing is written unless all settings are valid.

    A change of list is refused while people are opted out on the old one: give --carry or --forget. With --carry the command
    waits 90 seconds, until every function uses the new list. It can be repeated, and completes an interrupted run.

    The list is then one of those that OptOutScope=ALL includes. Exit codes: 2 invalid settings, 3 AWS did not respond.
    """
    from sms_consent_cli.commands.senders.report import summary
    from sms_consent_cli.shared.list_copying import list_choice
    from sms_consent_cli.shared.sender_checks import SenderRequest

    with _sender_context("senders set", table, stack, check=not no_check) as context:
        choice = list_choice(copy=copy, forget=forget)
        stored = context.sender_store.sender(identity.strip())
        current = stored or Sender(identity=identity, list_name="")
        checked = context.checks.check(
            SenderRequest(
                identity=identity,
                list_name=_value_or_current(list_name, current.list_name),
                brand=_value_or_current(brand, current.brand),
                support_contact=_value_or_current(support_contact, current.support_contact),
                language=_value_or_current(language, current.language),
                reply_from=_value_or_current(reply_from, current.reply_from),
            )
        )
        unchanged = context.sender_store.holds(checked.sender)
        with context.moving([(stored, checked.sender)], choice) as moved:
            if not unchanged:
                context.sender_store.write(checked.sender)
    _report_copied(moved)
    say(summary(checked.sender) + (", unchanged" if unchanged else ""))
    for note in checked.notes:
        say(f"note: {visible(note)}", err=True)


@senders.command()
def remove(
    identity: Identity,
    copy: CarryOption = False,
    forget: ForgetOption = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Remove a sender's settings: it then uses the stack's own list.

    It is refused while people are opted out on its list and not on the stack's: give --carry or --forget, as for "senders set".

    Exit codes: 1 it had no settings.
    """
    from sms_consent_cli.shared.list_copying import list_choice

    with _sender_context("senders remove", table, stack, check=False) as context:
        stored = context.sender_store.sender(identity.strip())
        with context.moving([(stored, None)], list_choice(copy=copy, forget=forget)) as moved:
            removed = context.sender_store.remove(identity.strip())
    _report_copied(moved)
    if not removed:
        say(f"sms-consent senders remove: {visible(identity)} has no settings", err=True)
        raise typer.Exit(MISSING)
    say(f"{visible(identity.strip())} uses the stack's own list within a minute")


@senders.command("import")
def import_senders(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.csv", help="UTF-8 with column names in the first line; - for standard input."),
    ],
    rejects: Annotated[
        Path | None, typer.Option(help="The file for rejected lines. Default: FILE.rejects.csv.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, and write nothing.")] = False,
    copy: CarryOption = False,
    forget: ForgetOption = False,
    no_check: NoCheck = False,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Set the senders of a CSV file with the columns identity, list, brand, support_contact, language, reply_from.

    An empty cell means the stack's own value; an empty reply_from means the sender itself.

    Invalid lines are reported and written to a file that can be corrected and imported. They do not stop other lines.

    Nothing is set while people are opted out on a list that a sender leaves: give --carry or --forget, as for "senders set".

    Importing twice changes nothing. Exit codes: 1 a line was rejected; 2 the file cannot be read, or a choice is needed.
    """
    from sms_consent_cli.commands.senders.importer import SenderImport
    from sms_consent_cli.shared.list_copying import list_choice

    with _sender_context("senders import", table, stack, check=not no_check) as context:
        choice = list_choice(copy=copy, forget=forget)
        run = SenderImport(context.sender_store, context.checks, dry_run=dry_run)
        checked = run.checked(_content(file))
        changing = run.changing(checked)
        changes = [(context.sender_store.sender(each.identity) if each in changing else each, each) for each in checked]
        if dry_run:
            context.carrying.require_choice(context.moves(changes), choice)
            run.write(checked, changing)
        else:
            with context.moving(changes, choice) as moved:
                run.write(checked, changing)
            _report_copied(moved)
    if run.rejects and not dry_run:
        run.keep_rejects(rejects or _beside(file))
    say_json(run.view()) if as_json else say(run.summary())
    raise typer.Exit(REJECTED if run.rejects else 0)


# --- what the commands work on


@dataclass(frozen=True)
class _SenderContext:
    sender_store: SenderStore
    checks: SenderChecks
    carrying: ListCopying
    own_list: str | None

    def moves(self, changes: Iterable[tuple[Sender | None, Sender | None]]) -> set[Move]:
        """Return the changes of lists. None is a sender without settings, which uses the stack's own list."""
        from sms_consent_cli.shared.list_copying import Move

        own = self.own_list or self.sender_store.lists().own or ""
        named = [tuple(each.list_name if each is not None else own for each in change) for change in changes]
        return {Move(source, target) for source, target in named if source and source != target}

    @contextmanager
    def moving(
        self, changes: Iterable[tuple[Sender | None, Sender | None]], choice: Choice | None
    ) -> Iterator[list[int]]:
        """Wrap a change of senders: refuse it, or copy the consents on the lists that they leave.

        Yields a list, to which the number of copied consents is added at the end.
        """
        from sms_consent_cli.shared.list_copying import Choice

        changes, copied = list(changes), list[int]()
        moves = self.moves(changes)
        self.carrying.require_choice(moves, choice)
        if moves:
            self.carrying.begin(moves, choice)
        yield copied
        if choice is Choice.CARRY:
            own = self.own_list or self.sender_store.lists().own or ""
            copied.append(self.carrying.finish({after.list_name if after is not None else own for _, after in changes}))


@contextmanager
def _sender_context(command: str, table: str | None, stack: str, *, check: bool) -> Iterator[_SenderContext]:
    """Yield the deployment's settings. Errors end the command."""
    from sms_consent.adapters.dynamodb.sender_store import SenderStore
    from sms_consent_cli.shared.account import Account
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.list_copying import ListCopying
    from sms_consent_cli.shared.sender_checks import SenderChecks
    from sms_consent_cli.shared.usage_error import report_usage_errors

    with report_aws_errors(command), report_usage_errors(command):
        deployment = Deployment(stack, table=table)
        sender_store = SenderStore(deployment.dynamodb(), deployment.table, deployment.names)
        account = Account(deployment.sms_voice()) if check else None
        carrying = ListCopying(deployment, sender_store, deployment.clock)
        yield _SenderContext(sender_store, SenderChecks(deployment, account), carrying, deployment.own_list)


def _report_copied(counts: list[int]) -> None:
    for count in counts:
        say(f"{count} consents were copied to the new list; SweepFunction puts the opt-outs on it", err=True)


def _value_or_current(given: str | None, stored: str | None) -> str:
    return given if given is not None else stored or ""


def _content(file: Path) -> bytes:
    from sms_consent_cli.shared.usage_error import UsageError

    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


def _beside(file: Path) -> Path:
    return Path("senders.rejects.csv") if str(file) == "-" else file.with_suffix(".rejects.csv")
