"""A message on standard error while a command waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sms_consent_cli.shared.terminal_text import say

__all__ = ["waiting"]


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
