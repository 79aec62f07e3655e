"""`sms-consent dead-letters`: list, show and redrive texts that could not be processed, some of which may be STOPs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.shared.options import STACK, AsJson, Stack
from sms_consent_cli.shared.terminal_text import say, say_json
from sms_consent_cli.shared.usage_error import BAD_INPUT

if TYPE_CHECKING:
    from sms_consent_cli.commands.dead_letters.queue import DeadLetter, DeadLetterReader
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["dead_letters"]

MISSING = 1

Url = Annotated[
    str | None,
    typer.Option(
        "--dead-letter-queue", envvar="DEAD_LETTER_QUEUE_URL", help="The URL of the queue. Default: that of --stack."
    ),
]

Events = Annotated[
    bool,
    typer.Option("--events", help="Use the queue of consent changes that could not be published."),
]

dead_letters = typer.Typer(
    name="dead-letters",
    help="Texts that could not be read, or still failed after 12 days: list them, fix the cause, put them back.",
    no_args_is_help=True,
)


@dead_letters.command("list")
def list_letters(events: Events = False, as_json: AsJson = False, url: Url = None, stack: Stack = STACK) -> None:
    """List the messages: reason, age and probable intent. Numbers are masked, texts are not shown.

    A queue cannot be browsed: each message is received, which counts as a receive, and returned at the end. Until then, for at
    most two minutes, other consumers do not see it.
    """
    from sms_consent_cli.commands.dead_letters.event_report import event_view, show_events
    from sms_consent_cli.commands.dead_letters.events import read_event
    from sms_consent_cli.commands.dead_letters.report import letter_view, show_letters

    with _open_queue("dead-letters list", stack, url, events=events) as (queue, deployment):
        now = deployment.clock_by(queue.dated).now
        waiting = queue.waiting()
        letters = sorted(queue.letters(), key=lambda letter: letter.since)
    if events:
        messages = [read_event(letter) for letter in letters]
        if as_json:
            say_json([event_view(message) for message in messages])
        else:
            show_events(messages, waiting, now())
        return
    if as_json:
        say_json([letter_view(letter) for letter in letters])
    else:
        show_letters(letters, waiting, now())


@dead_letters.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id in the list, or its beginning.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the number and the text.")] = False,
    events: Events = False,
    as_json: AsJson = False,
    url: Url = None,
    stack: Stack = STACK,
) -> None:
    """Show one message. Without --reveal, its number is masked and its text is not shown.

    Like the list, it receives every message and returns it. Exit codes: 1 no message has this id.
    """
    from sms_consent_cli.commands.dead_letters.event_report import event_view, show_event
    from sms_consent_cli.commands.dead_letters.events import read_event
    from sms_consent_cli.commands.dead_letters.report import letter_view, show_letter

    command = "dead-letters show"
    with _open_queue(command, stack, url, events=events) as (queue, _):
        (letter,) = _chosen(command, [letter_id], queue.letters())
    if as_json:
        view = event_view(read_event(letter)) if events else letter_view(letter)
        say_json(view | ({"body": letter.body} if reveal else {}))
    elif events:
        show_event(read_event(letter), reveal=reveal)
    else:
        show_letter(letter, reveal=reveal)


@dead_letters.command()
def redrive(
    letter_ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Only this message; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be put back, and change nothing.")
    ] = False,
    events: Events = False,
    as_json: AsJson = False,
    queue_url: Annotated[
        str | None,
        typer.Option(
            "--queue", envvar="INBOUND_QUEUE_URL", help="The queue to put the messages into. Default: that of --stack."
        ),
    ] = None,
    event_bus: Annotated[
        str | None,
        typer.Option(
            "--event-bus", envvar="EVENT_BUS_NAME", help="With --events: the event bus. Default: that of --stack."
        ),
    ] = None,
    url: Url = None,
    stack: Stack = STACK,
) -> None:
    """Put messages back into the queue for processing; with --events, publish their changes.

    Each is sent unchanged, and deleted from the dead-letter queue once the queue has it. Processing a text twice changes nothing.
    The command can be interrupted and repeated. A message that still cannot be read, and so comes back meanwhile, is kept.
    """
    from sms_consent_cli.commands.dead_letters.redrive import Redrive

    command = "dead-letters redrive"
    if events:
        _replay(command, stack, url, event_bus, letter_ids, dry_run=dry_run, as_json=as_json)
        return
    with _open_queue(command, stack, url, queue_url) as (queue, deployment):
        run = Redrive(queue, None if dry_run else deployment.queue_url)
        letters: Iterable[DeadLetter] = queue.letters()
        about = queue.waiting().visible
        if letter_ids:
            letters = _chosen(command, letter_ids, letters)
            about = len(letters)
        try:
            run.process(letters, about=about)
        finally:
            # Also after an interruption, for what was done until then.
            say_json(run.view()) if as_json else say(run.summary())


def _replay(
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
    from sms_consent_cli.commands.dead_letters.events import read_event
    from sms_consent_cli.commands.dead_letters.replay_events import EventReplay

    with _open_queue(command, stack, url, events=True, event_bus=event_bus) as (queue, deployment):
        clock = deployment.clock_by(queue.dated)
        publisher = None
        if not dry_run:
            publisher = EventPublisher(
                EventBridgeBus(deployment.events(), deployment.event_bus.rpartition("/")[2]), clock
            )
        run = EventReplay(queue, publisher, deployment.streams(), clock)
        letters: Iterable[DeadLetter] = queue.letters()
        if letter_ids:
            letters = _chosen(command, letter_ids, letters)
        try:
            run.process([read_event(letter) for letter in letters])
        finally:
            # Also after an interruption, for what was published until then.
            say_json(run.view()) if as_json else say(run.summary())


@contextmanager
def _open_queue(
    command: str,
    stack: str,
    url: str | None,
    queue_url: str | None = None,
    *,
    events: bool = False,
    event_bus: str | None = None,
) -> Iterator[tuple[DeadLetterReader, Deployment]]:
    """Open the dead-letter queue. Failed calls end the command; messages that were not moved are returned."""
    from sms_consent_cli.commands.dead_letters.queue import DeadLetterReader
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors

    with report_aws_errors(command):
        deployment = Deployment(stack, queue_url=queue_url, dead_letter_queue_url=url, event_bus=event_bus)
        which = deployment.notify_dead_letter_queue_url if events else deployment.dead_letter_queue_url
        with DeadLetterReader(deployment.sqs(), which) as queue:
            yield queue, deployment


def _chosen(command: str, ids: Iterable[str], letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """Return the messages with these ids or prefixes of ids. An unknown or ambiguous one ends the command."""
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
