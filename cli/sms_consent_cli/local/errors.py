"""What stops the local stack before it runs: something that the person who started it can mend."""

from __future__ import annotations

__all__ = ["LocalError"]


class LocalError(Exception):
    """The message says what is wrong and what to do; the command prints it and exits with 2."""
