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
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sms_consent_cli.shared.terminal import console

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    err = console(stderr=True)
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=about)
        yield Bar(lambda done: progress.update(task, completed=done, total=max(about, done)), progress.console)
