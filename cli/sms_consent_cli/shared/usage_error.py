"""What ends a command because of what it was asked, and can be mended by whoever asked; the exit code is 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["BAD_INPUT", "UsageError", "refusals_told"]


BAD_INPUT = 2
"""The exit code of a command that was used wrongly."""


class UsageError(Exception):
    """The message says what is wrong and what would do."""


@contextmanager
def refusals_told(command: str) -> Iterator[None]:
    """Nothing was written."""
    try:
        yield
    except UsageError as refusal:
        say(f"sms-consent {command}: {visible(str(refusal))}", err=True)
        raise typer.Exit(BAD_INPUT) from refusal
