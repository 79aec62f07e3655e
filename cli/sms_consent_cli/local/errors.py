"""Errors of the local stack that its user can correct."""

from __future__ import annotations

__all__ = ["LocalError"]


class LocalError(Exception):
    """An error whose message states the cause and the fix. The command prints it and exits with 2."""
