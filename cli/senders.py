"""`sms-consent senders`: what your numbers, pools and RCS agents stand for: the list they count for, and how they answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.check import STACK, AsJson, Stack, Table
from cli.printable import say, say_json, visible
from sms_consent.ports import Sender

if TYPE_CHECKING:
    from cli.sender_book import SenderBook
    from cli.sender_checks import SenderChecks

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
    from cli.sender_report import sender_view, show_senders

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
    no_check: NoCheck = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Sets one sender. What is not given stays as it is; nothing is written before all of it is checked.

    A list counts as known from here on, for OptOutScope=ALL. Exit codes: 2 if it cannot work, 3 if AWS did not answer.
    """
    from cli.sender_checks import Wish
    from cli.sender_report import told

    with _at("senders set", table, stack, check=not no_check) as office:
        standing = office.book.sender(identity.strip())
        kept = standing or Sender(identity=identity, list_name="")
        checked = office.checks.check(
            Wish(
                identity=identity,
                list_name=_chosen(list_name, kept.list_name),
                brand=_chosen(brand, kept.brand),
                support_contact=_chosen(support_contact, kept.support_contact),
                language=_chosen(language, kept.language),
            )
        )
        stood = office.book.holds(checked.sender)
        if not stood:
            office.book.write(checked.sender)
    say(told(checked.sender) + (", as it was" if stood else ""))
    for note in checked.notes:
        say(f"note: {visible(note)}", err=True)


@senders.command()
def remove(identity: Identity, table: Table = None, stack: Stack = STACK) -> None:
    """Removes one sender's settings: from then on it counts for the stack's own list. No consent changes.

    Exit codes: 1 if it had none.
    """
    with _at("senders remove", table, stack, check=False) as office:
        removed = office.book.remove(identity.strip())
    if not removed:
        say(f"sms-consent senders remove: {identity} has no settings", err=True)
        raise typer.Exit(MISSING)
    say(f"{identity.strip()} counts for the stack's own list within a minute")


@senders.command("import")
def import_senders(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="UTF-8, with a line of column names; - for a pipe.")],
    rejects: Annotated[
        Path | None, typer.Option(help="Where to write what was not taken; else FILE.rejects.csv, if there is any.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    no_check: NoCheck = False,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Sets the senders of a CSV file: identity, list, brand, support_contact, language. An empty cell is the stack's own.

    Lines that cannot work are told, written to a file that can be mended and imported again, and hold up no other.

    Importing twice changes nothing. Exit codes: 1 if any line was rejected, 2 for no such file.
    """
    from cli.sender_importing import Importing

    with _at("senders import", table, stack, check=not no_check) as office:
        run = Importing(office.book, office.checks, dry_run=dry_run)
        run.through(_content(file))
    if run.rejects and not dry_run:
        run.keep_rejects(rejects or _beside(file))
    say_json(run.view()) if as_json else say(run.told())
    raise typer.Exit(REJECTED if run.rejects else 0)


# --- what the commands work on


@dataclass(frozen=True)
class _Office:
    book: SenderBook
    checks: SenderChecks


@contextmanager
def _at(command: str, table: str | None, stack: str, *, check: bool) -> Iterator[_Office]:
    """The deployment's settings; failures and refusals end the command."""
    from cli.account import Account
    from cli.deployed import failures_told
    from cli.deployment import Deployment
    from cli.refusal import refusals_told
    from cli.sender_book import SenderBook
    from cli.sender_checks import SenderChecks

    with failures_told(command), refusals_told(command):
        deployment = Deployment(stack, table=table)
        book = SenderBook(deployment.dynamodb(), deployment.table)
        account = Account(deployment.sms_voice(), deployment.own_list) if check else None
        yield _Office(book, SenderChecks(deployment, account))


def _chosen(given: str | None, standing: str | None) -> str:
    return given if given is not None else standing or ""


def _content(file: Path) -> bytes:
    from cli.refusal import Refusal

    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from error


def _beside(file: Path) -> Path:
    return Path("senders.rejects.csv") if str(file) == "-" else file.with_suffix(".rejects.csv")
