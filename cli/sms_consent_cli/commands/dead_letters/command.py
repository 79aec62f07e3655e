"""`sms-consent dead-letters`: texts that nobody could hear; some may be STOPs. What they say is shown on request only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.commands.check import STACK, AsJson, Stack
from sms_consent_cli.commands.dead_letters.queue import DeadLetter, DeadLetterQueue
from sms_consent_cli.shared.terminal_text import say, say_json
from sms_consent_cli.shared.usage_error import BAD_INPUT

if TYPE_CHECKING:
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["dead_letters"]

MISSING = 1

Url = Annotated[
    str | None,
    typer.Option("--dead-letter-queue", envvar="DEAD_LETTER_QUEUE_URL", help="Its URL; else that of --stack."),
]

Events = Annotated[
    bool,
    typer.Option("--events", help="Instead of texts, changes of consent that could not be told to other systems."),
]

dead_letters = typer.Typer(
    name="dead-letters",
    help="Texts that could not be read, or still failed after 12 days: list them, fix the cause, put them back.",
    no_args_is_help=True,
)


@dead_letters.command("list")
def list_letters(events: Events = False, as_json: AsJson = False, url: Url = None, stack: Stack = STACK) -> None:
    """Lists why each is there, since when, and what it seems to ask for. Numbers are masked, texts are not shown.

    A queue cannot be browsed: each message is received, which counts as a receive, and given back at the end.

    Meanwhile, for two minutes at the most, nobody else sees it.
    """
    from sms_consent_cli.commands.dead_letters.event_report import put_aside_view, show_put_asides
    from sms_consent_cli.commands.dead_letters.events import opened
    from sms_consent_cli.commands.dead_letters.report import letter_view, show_letters

    with _looking("dead-letters list", stack, url, events=events) as (queue, deployment):
        now = deployment.clock_by(queue.dated).now
        waiting = queue.waiting()
        letters = sorted(queue.letters(), key=lambda letter: letter.since)
    if events:
        messages = [opened(letter) for letter in letters]
        if as_json:
            say_json([put_aside_view(message) for message in messages])
        else:
            show_put_asides(messages, waiting, now())
        return
    if as_json:
        say_json([letter_view(letter) for letter in letters])
    else:
        show_letters(letters, waiting, now())


@dead_letters.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="As the list gives it; its beginning is enough.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="The number and the text too, as they came.")] = False,
    events: Events = False,
    as_json: AsJson = False,
    url: Url = None,
    stack: Stack = STACK,
) -> None:
    """Shows one of them. Without --reveal, its number is masked and its text left out.

    Like the list, it receives every message and gives it back. Exit codes: 1 if there is none of that id.
    """
    from sms_consent_cli.commands.dead_letters.event_report import put_aside_view, show_put_aside
    from sms_consent_cli.commands.dead_letters.events import opened
    from sms_consent_cli.commands.dead_letters.report import letter_view, show_letter

    command = "dead-letters show"
    with _looking(command, stack, url, events=events) as (queue, _):
        (letter,) = _chosen(command, [letter_id], queue.letters())
    if as_json:
        view = put_aside_view(opened(letter)) if events else letter_view(letter)
        say_json(view | ({"body": letter.body} if reveal else {}))
    elif events:
        show_put_aside(opened(letter), reveal=reveal)
    else:
        show_letter(letter, reveal=reveal)


@dead_letters.command()
def redrive(
    letter_ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Only this one; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be put back, and leave it.")] = False,
    events: Events = False,
    as_json: AsJson = False,
    queue_url: Annotated[
        str | None,
        typer.Option("--queue", envvar="INBOUND_QUEUE_URL", help="The queue to put into; else that of --stack."),
    ] = None,
    event_bus: Annotated[
        str | None, typer.Option("--event-bus", envvar="EVENT_BUS_NAME", help="With --events; else that of --stack.")
    ] = None,
    url: Url = None,
    stack: Stack = STACK,
) -> None:
    """Puts them back into the queue, to be heard once more; with --events, tells other systems what they were not told.

    Each goes as it came, and is deleted here only when the queue has it. A text that is heard twice changes nothing.

    It may be interrupted and repeated. One that comes back while it runs, since it still cannot be read, stays here.
    """
    from sms_consent_cli.commands.dead_letters.redrive import Redrive

    command = "dead-letters redrive"
    if events:
        _retell(command, stack, url, event_bus, letter_ids, dry_run=dry_run, as_json=as_json)
        return
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
            say_json(run.view()) if as_json else say(run.told())


def _retell(
    command: str,
    stack: str,
    url: str | None,
    event_bus: str | None,
    letter_ids: list[str] | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    from sms_consent.adapters.eventbridge import EventBridgeBus
    from sms_consent.publishing.event_publisher import EventPublisher
    from sms_consent_cli.commands.dead_letters.events import opened
    from sms_consent_cli.commands.dead_letters.replay_events import Retelling

    with _looking(command, stack, url, events=True, event_bus=event_bus) as (queue, deployment):
        clock = deployment.clock_by(queue.dated)
        announcer = None
        if not dry_run:
            announcer = EventPublisher(
                EventBridgeBus(deployment.events(), deployment.event_bus.rpartition("/")[2]), clock
            )
        run = Retelling(queue, announcer, deployment.streams(), clock)
        letters: Iterable[DeadLetter] = queue.letters()
        if letter_ids:
            letters = _chosen(command, letter_ids, letters)
        try:
            run.through([opened(letter) for letter in letters])
        finally:
            # Also when it was interrupted: what is told is told.
            say_json(run.view()) if as_json else say(run.said())


@contextmanager
def _looking(
    command: str,
    stack: str,
    url: str | None,
    queue_url: str | None = None,
    *,
    events: bool = False,
    event_bus: str | None = None,
) -> Iterator[tuple[DeadLetterQueue, Deployment]]:
    """The dead-letter queue; failures end the command, and what was not moved is given back."""
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import failures_told

    with failures_told(command):
        deployment = Deployment(stack, queue_url=queue_url, dead_letter_queue_url=url, event_bus=event_bus)
        which = deployment.notify_dead_letter_queue_url if events else deployment.dead_letter_queue_url
        with DeadLetterQueue(deployment.sqs(), which) as queue:
            yield queue, deployment


def _chosen(command: str, ids: Iterable[str], letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """Those of these ids, or beginnings of ids. One that is missing, or not told apart, ends the command."""
    found = list(letters)
    chosen: dict[str, DeadLetter] = {}
    for each in ids:
        matches = [letter for letter in found if letter.id.startswith(each.lower())]
        if len(matches) != 1:
            count = f"{len(matches)} dead letters begin with" if matches else "there is no dead letter"
            say(f"sms-consent {command}: {count} {each!r}", err=True)
            raise typer.Exit(BAD_INPUT if matches else MISSING)
        chosen[matches[0].id] = matches[0]
    return list(chosen.values())
