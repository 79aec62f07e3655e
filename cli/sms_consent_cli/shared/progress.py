"""Progress on standard error: a bar for long work, and a message while a command waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from sms_consent_cli.shared.terminal_text import say

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Bar", "progress_bar", "waiting"]


class Bar(NamedTuple):
    """The bar's ``advance(done)``, and a console that prints above the bar."""

    advance: Callable[[int], None]
    console: Console


@contextmanager
def progress_bar(what: str, about: int) -> Iterator[Bar]:
    """Show a bar for a task of ``about`` steps. More steps extend the bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sms_consent_cli.shared.terminal import console

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    err = console(stderr=True)
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=about)
        yield Bar(lambda done: progress.update(task, completed=done, total=max(about, done)), progress.console)


@contextmanager
def waiting(what: str, *, silent: bool) -> Iterator[Callable[[str], None]]:
    """Show a spinner in a terminal, else one line unless ``silent``. Yields a function that prints a note."""
    from sms_consent_cli.shared.terminal import console

    out = console(stderr=True)

    def notice(text: str) -> None:
        say(f"note: {text}", err=True)

    if not out.is_terminal:
        if not silent:
            say(f"{what} …", err=True)
        yield notice
        return
    with out.status(f"{what} …"):
        yield notice
