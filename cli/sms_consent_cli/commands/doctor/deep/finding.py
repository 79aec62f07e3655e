"""What a check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fault", "Finding", "Status", "failed", "noted", "passed", "unknown"]


class Status(StrEnum):
    """Best first. Only FAIL makes the command end with exit code 1."""

    PASS = "PASS"  # noqa: S105  no password
    NOTE = "NOTE"  # works, and an operator should know
    UNKNOWN = "UNKNOWN"  # could not be checked
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result. ``check`` is filled in by the runner. Neither text holds the number of a person."""

    status: Status
    message: str
    fix: str | None = None
    check: str = ""


class Fault(Exception):
    """Something that several checks need is broken: each of them fails with this."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def passed(message: str) -> Finding:
    """Return a finding for what is as it should be."""
    return Finding(Status.PASS, message)


def noted(message: str, fix: str | None = None) -> Finding:
    """Return a finding for what works, and what an operator should know."""
    return Finding(Status.NOTE, message, fix)


def unknown(message: str, fix: str | None = None) -> Finding:
    """Return a finding for what could not be checked."""
    return Finding(Status.UNKNOWN, message, fix)


def failed(message: str, fix: str) -> Finding:
    """Return a finding for what must be changed."""
    return Finding(Status.FAIL, message, fix)
