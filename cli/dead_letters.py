"""`sms-consent dead-letters`: texts that nobody could hear; some may be STOPs. What they say is shown on request only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli.check import BAD_INPUT, STACK, AsJson, Stack
from cli.dead_letter_queue import DeadLetter, DeadLetterQueue

if TYPE_CHECKING:
    from cli.deployment import Deployment

__all__ = ["dead_letters"]

MISSING = 1

Url = Annotated[
    str | None,
    typer.Option("--dead-letter-queue", envvar="DEAD_LETTER_QUEUE_URL", help="Its URL; else that of --stack."),
]

dead_letters = typer.Typer(
    name="dead-letters",
    help="Texts that could not be read, or failed five times: look at them, mend the cause, put them back.",
    no_args_is_help=True,
)


@dead_letters.command("list")
def list_letters(as_json: AsJson = False, url: Url = None, stack: Stack = STACK) -> None:
    """Lists why each is there, since when, and what it seems to ask for. Numbers are masked, texts are not shown.

    A queue cannot be browsed: each message is received, which counts as a receive, and given back at the end.

    Meanwhile, for two minutes at the most, nobody else sees it.
    """
    from cli.dead_letter_report import letter_view, show_letters

    with _looking("dead-letters list", stack, url) as (queue, _):
        waiting = queue.waiting()
        letters = sorted(queue.letters(), key=lambda letter: letter.since)
    if as_json:
        typer.echo(json.dumps([letter_view(letter) for letter in letters]))
    else:
        show_letters(letters, waiting)


@dead_letters.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="As the list gives it; its beginning is enough.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="The number and the text too, as they came.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    stack: Stack = STACK,
) -> None:
    """Shows one of them. Without --reveal, its number is masked and its text left out.

    Like the list, it receives every message and gives it back. Exit codes: 1 if there is none of that id.
    """
    from cli.dead_letter_report import letter_view, show_letter

    command = "dead-letters show"
    with _looking(command, stack, url) as (queue, _):
        (letter,) = _chosen(command, [letter_id], queue.letters())
    if as_json:
        typer.echo(json.dumps(letter_view(letter) | ({"body": letter.body} if reveal else {})))
    else:
        show_letter(letter, reveal=reveal)


@dead_letters.command()
def redrive(
    letter_ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Only this one; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be put back, and leave it.")] = False,
    as_json: AsJson = False,
    queue_url: Annotated[
        str | None,
        typer.Option("--queue", envvar="INBOUND_QUEUE_URL", help="The queue to put into; else that of --stack."),
    ] = None,
    url: Url = None,
    stack: Stack = STACK,
) -> None:
    """Puts them back into the queue, to be heard once more.

    Each goes as it came, and is deleted here only when the queue has it. A text that is heard twice changes nothing.

    It may be interrupted and repeated. One that comes back while it runs, since it still cannot be read, stays here.
    """
    from cli.dead_letter_redrive import Redrive

    command = "dead-letters redrive"
    with _looking(command, stack, url, queue_url) as (queue, deployment):
        run = Redrive(queue, None if dry_run else deployment.queue_url)
        letters: Iterable[DeadLetter] = queue.letters()
        about = queue.waiting().visible
        if letter_ids:
            letters = _chosen(command, letter_ids, letters)
            about = len(letters)
        try:
            run.through(letters, about=about)
        finally:
            # Also when it was interrupted: what is done is done.
            typer.echo(json.dumps(run.view()) if as_json else run.told())


@contextmanager
def _looking(
    command: str, stack: str, url: str | None, queue_url: str | None = None
) -> Iterator[tuple[DeadLetterQueue, Deployment]]:
    """The dead-letter queue; failures end the command, and what was not moved is given back."""
    from cli.deployed import failures_told
    from cli.deployment import Deployment

    with failures_told(command):
        deployment = Deployment(stack, queue_url=queue_url, dead_letter_queue_url=url)
        with DeadLetterQueue(deployment.sqs(), deployment.dead_letter_queue_url) as queue:
            yield queue, deployment


def _chosen(command: str, ids: Iterable[str], letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """Those of these ids, or beginnings of ids. One that is missing, or not told apart, ends the command."""
    found = list(letters)
    chosen: dict[str, DeadLetter] = {}
    for each in ids:
        matches = [letter for letter in found if letter.id.startswith(each.lower())]
        if len(matches) != 1:
            count = f"{len(matches)} dead letters begin with" if matches else "there is no dead letter"
            typer.echo(f"sms-consent {command}: {count} {each!r}", err=True)
            raise typer.Exit(BAD_INPUT if matches else MISSING)
        chosen[matches[0].id] = matches[0]
    return list(chosen.values())
