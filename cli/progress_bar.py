"""Decides how a long piece of work shows that it goes on: a bar on standard error, and only in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Advance", "progress_bar"]


class Advance(Protocol):
    """Says how much is done."""

    def __call__(self, done: int) -> None:
        """So many of what there is, as far as one knew, or more."""


@contextmanager
def progress_bar(what: str, about: int) -> Iterator[Advance]:
    """``about`` is a guess at how much there is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=about)
        yield lambda done: progress.update(task, completed=done, total=max(about, done))
