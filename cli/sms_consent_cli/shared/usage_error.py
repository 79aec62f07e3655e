"""Errors that the caller of a command can correct. The exit code is 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["BAD_INPUT", "UsageError", "report_usage_errors"]


BAD_INPUT = 2
"""The exit code of a command that was used wrongly."""


class UsageError(Exception):
    """The command was used wrongly. The message says what is wrong and what to do."""


@contextmanager
def report_usage_errors(command: str) -> Iterator[None]:
    """Print a UsageError and end the command with exit code 2. Nothing was written."""
    try:
        yield
    except UsageError as error:
        say(f"sms-consent {command}: {visible(str(error))}", err=True)
        raise typer.Exit(BAD_INPUT) from error
