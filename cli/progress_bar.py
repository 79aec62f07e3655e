"""Decides how a long piece of work shows that it goes on: a bar on standard error, and only in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Bar", "progress_bar"]


class Bar(NamedTuple):
    """What moves it: so many of what there is, as far as one knew, or more. What is told meanwhile goes above it."""

    advance: Callable[[int], None]
    console: Console


@contextmanager
def progress_bar(what: str, about: int) -> Iterator[Bar]:
    """``about`` is a guess at how much there is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=about)
        yield Bar(lambda done: progress.update(task, completed=done, total=max(about, done)), progress.console)
