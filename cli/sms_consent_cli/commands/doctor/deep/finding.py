"""Results of checks, with fixes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CheckStatus", "Fault", "Finding", "failed", "noted", "passed", "unknown"]


class CheckStatus(StrEnum):
    """The result of a check, best first. FAIL sets the exit code to 1."""

    PASS = "PASS"  # noqa: S105  not a password
    NOTE = "NOTE"  # works, and an operator should know
    UNKNOWN = "UNKNOWN"  # could not be checked
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check. ``check``, its name, is set by the runner. Messages contain no person's number."""

    status: CheckStatus
    message: str
    fix: str | None = None
    check: str = ""


class Fault(Exception):
    """A resource that several checks need is broken. Each of them fails with this message."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def passed(message: str) -> Finding:
    """Return a passed check."""
    return Finding(CheckStatus.PASS, message)


def noted(message: str, fix: str | None = None) -> Finding:
    """Return a passed check with a note for the operator."""
    return Finding(CheckStatus.NOTE, message, fix)


def unknown(message: str, fix: str | None = None) -> Finding:
    """Return a check that could not be made."""
    return Finding(CheckStatus.UNKNOWN, message, fix)


def failed(message: str, fix: str) -> Finding:
    """Return a failed check."""
    return Finding(CheckStatus.FAIL, message, fix)
