"""`sms-consent senders`: what your numbers, pools and RCS agents stand for: the list they count for, and how they answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent.domain.ports import Sender
from sms_consent_cli.commands.check import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.list_choice import CarryOption, ForgetOption
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.sender_store import SenderStore
    from sms_consent_cli.shared.list_copying import Choice, ListCarrying, Move
    from sms_consent_cli.shared.sender_checks import SenderChecks

__all__ = ["senders"]

MISSING, REJECTED = 1, 1

Identity = Annotated[
    str, typer.Argument(metavar="SENDER", help="As texts name it: +12125550101, a short code, rcs-…; or pool-…")
]
NoCheck = Annotated[
    bool, typer.Option("--no-check", help="Do not ask AWS whether the list exists; it is kept exactly as given.")
]

senders = typer.Typer(
    name="senders",
    help="What your numbers, pools and RCS agents stand for. A change takes effect within a minute, without a deployment.",
    no_args_is_help=True,
)


@senders.command("list")
def list_senders(as_json: AsJson = False, table: Table = None, stack: Stack = STACK) -> None:
    """Lists every sender with settings of its own. Any other counts for the stack's own list, and answers in its name."""
    from sms_consent_cli.commands.senders.report import sender_view, show_senders

    with _at("senders list", table, stack, check=False) as office:
        found, groups = office.book.senders(), office.book.groups()
    if as_json:
        say_json([sender_view(sender, groups) for sender in found])
    else:
        show_senders(found, groups)


@senders.command("set")
def set_sender(
    identity: Identity,
    list_name: Annotated[
        str | None, typer.Option("--list", help="Name, or ARN where shared; else kept, else the stack's own.")
    ] = None,
    brand: Annotated[str | None, typer.Option(help='Stands in its replies; "" for the stack\'s own.')] = None,
    support_contact: Annotated[str | None, typer.Option(help='Likewise; "" for the stack\'s own.')] = None,
    language: Annotated[
        str | None, typer.Option(help='Of replies to words of no language; "" for the stack\'s.')
    ] = None,
    reply_from: Annotated[
        str | None,
        typer.Option(
            help='Number or pool-… that its replies are sent from; an rcs-… by SendRcsMessage; "" for itself.'
        ),
    ] = None,
    carry: CarryOption = False,
    forget: ForgetOption = False,
    no_check: NoCheck = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Sets one sender. What is not given stays as it is; nothing is written before all of it is checked.

    Another list is refused while people are opted out on the old one: give --carry or --forget. A carry waits for a minute
    and a half, until the change shows in every function. It can be repeated, and completes one that was interrupted.

    A list counts as known from here on, for OptOutScope=ALL. Exit codes: 2 if it cannot work, 3 if AWS did not answer.
    """
    from sms_consent_cli.commands.senders.report import told
    from sms_consent_cli.shared.list_copying import chosen
    from sms_consent_cli.shared.sender_checks import Wish

    with _at("senders set", table, stack, check=not no_check) as office:
        choice = chosen(carry=carry, forget=forget)
        standing = office.book.sender(identity.strip())
        kept = standing or Sender(identity=identity, list_name="")
        checked = office.checks.check(
            Wish(
                identity=identity,
                list_name=_chosen(list_name, kept.list_name),
                brand=_chosen(brand, kept.brand),
                support_contact=_chosen(support_contact, kept.support_contact),
                language=_chosen(language, kept.language),
                reply_from=_chosen(reply_from, kept.reply_from),
            )
        )
        stood = office.book.holds(checked.sender)
        with office.moving([(standing, checked.sender)], choice) as moved:
            if not stood:
                office.book.write(checked.sender)
    _tell_copied(moved)
    say(told(checked.sender) + (", as it was" if stood else ""))
    for note in checked.notes:
        say(f"note: {visible(note)}", err=True)


@senders.command()
def remove(
    identity: Identity,
    carry: CarryOption = False,
    forget: ForgetOption = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Removes one sender's settings: from then on it counts for the stack's own list.

    Refused while people are opted out on its list, and not on the stack's: give --carry or --forget, as for "senders set".
    Exit codes: 1 if it had none.
    """
    from sms_consent_cli.shared.list_copying import chosen

    with _at("senders remove", table, stack, check=False) as office:
        standing = office.book.sender(identity.strip())
        with office.moving([(standing, None)], chosen(carry=carry, forget=forget)) as moved:
            removed = office.book.remove(identity.strip())
    _tell_copied(moved)
    if not removed:
        say(f"sms-consent senders remove: {visible(identity)} has no settings", err=True)
        raise typer.Exit(MISSING)
    say(f"{visible(identity.strip())} counts for the stack's own list within a minute")


@senders.command("import")
def import_senders(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="UTF-8, with a line of column names; - for a pipe.")],
    rejects: Annotated[
        Path | None, typer.Option(help="Where to write what was not taken; else FILE.rejects.csv, if there is any.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    carry: CarryOption = False,
    forget: ForgetOption = False,
    no_check: NoCheck = False,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Sets the senders of a CSV file: identity, list, brand, support_contact, language, reply_from.

    An empty cell is the stack's own, or of reply_from the sender itself.

    Lines that cannot work are told, written to a file that can be mended and imported again, and hold up no other.

    Nothing is set while people are opted out on a list that a sender leaves: give --carry or --forget, as for "senders set".

    Importing twice changes nothing. Exit codes: 1 if any line was rejected, 2 for no such file, or for a choice to make.
    """
    from sms_consent_cli.commands.senders.importer import Importing
    from sms_consent_cli.shared.list_copying import chosen

    with _at("senders import", table, stack, check=not no_check) as office:
        choice = chosen(carry=carry, forget=forget)
        run = Importing(office.book, office.checks, dry_run=dry_run)
        checked = run.checked(_content(file))
        changing = run.changing(checked)
        changes = [(office.book.sender(each.identity) if each in changing else each, each) for each in checked]
        if dry_run:
            office.carrying.permit(office.moves(changes), choice)
            run.write(checked, changing)
        else:
            with office.moving(changes, choice) as moved:
                run.write(checked, changing)
            _tell_copied(moved)
    if run.rejects and not dry_run:
        run.keep_rejects(rejects or _beside(file))
    say_json(run.view()) if as_json else say(run.told())
    raise typer.Exit(REJECTED if run.rejects else 0)


# --- what the commands work on


@dataclass(frozen=True)
class _Office:
    book: SenderStore
    checks: SenderChecks
    carrying: ListCarrying
    own_list: str | None

    def moves(self, changes: Iterable[tuple[Sender | None, Sender | None]]) -> set[Move]:
        """From which list to which senders go; None stands for one without settings, which has the stack's own."""
        from sms_consent_cli.shared.list_copying import Move

        own = self.own_list or self.book.lists().own or ""
        named = [tuple(each.list_name if each is not None else own for each in change) for change in changes]
        return {Move(source, target) for source, target in named if source and source != target}

    @contextmanager
    def moving(
        self, changes: Iterable[tuple[Sender | None, Sender | None]], choice: Choice | None
    ) -> Iterator[list[int]]:
        """Around a change of senders: refuse it, or copy what is on the lists that they leave.

        Yields a list, which holds how many consents were copied once that is done.
        """
        from sms_consent_cli.shared.list_copying import Choice

        changes, copied = list(changes), list[int]()
        moves = self.moves(changes)
        self.carrying.permit(moves, choice)
        if moves:
            self.carrying.begin(moves, choice)
        yield copied
        if choice is Choice.CARRY:
            own = self.own_list or self.book.lists().own or ""
            copied.append(self.carrying.finish({after.list_name if after is not None else own for _, after in changes}))


@contextmanager
def _at(command: str, table: str | None, stack: str, *, check: bool) -> Iterator[_Office]:
    """The deployment's settings; failures and refusals end the command."""
    from sms_consent.adapters.dynamodb.sender_store import SenderStore
    from sms_consent_cli.shared.account import Account
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import failures_told
    from sms_consent_cli.shared.list_copying import ListCarrying
    from sms_consent_cli.shared.sender_checks import SenderChecks
    from sms_consent_cli.shared.usage_error import refusals_told

    with failures_told(command), refusals_told(command):
        deployment = Deployment(stack, table=table)
        book = SenderStore(deployment.dynamodb(), deployment.table, deployment.names)
        account = Account(deployment.sms_voice()) if check else None
        carrying = ListCarrying(deployment, book, deployment.clock)
        yield _Office(book, SenderChecks(deployment, account), carrying, deployment.own_list)


def _tell_copied(counts: list[int]) -> None:
    for count in counts:
        say(f"{count} consents were copied to the new list; SweepFunction puts the opt-outs on it", err=True)


def _chosen(given: str | None, standing: str | None) -> str:
    return given if given is not None else standing or ""


def _content(file: Path) -> bytes:
    from sms_consent_cli.shared.usage_error import UsageError

    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


def _beside(file: Path) -> Path:
    return Path("senders.rejects.csv") if str(file) == "-" else file.with_suffix(".rejects.csv")
