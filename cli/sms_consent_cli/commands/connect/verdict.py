"""Results of checks, and whether they block a switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError

__all__ = ["Check", "Verdict", "bad", "good", "note", "unsure", "unsure_if_denied"]

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"})


class Verdict(StrEnum):
    """The verdict of a check, best first. The last two block a switch."""

    GOOD = "GOOD"
    NOTE = "NOTE"  # no STOP is lost, but the operator should know
    UNSURE = "UNSURE"  # could not be checked; can be accepted by name
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check. ``name`` is what --accept takes."""

    name: str
    verdict: Verdict
    message: str

    def blocks(self, accepted: frozenset[str]) -> bool:
        """Return whether the check forbids changes."""
        return self.verdict is Verdict.BAD or (self.verdict is Verdict.UNSURE and self.name not in accepted)


def good(name: str, message: str) -> Check:
    """Return a passed check."""
    return Check(name, Verdict.GOOD, message)


def note(name: str, message: str) -> Check:
    """Return a passed check with a note for the operator."""
    return Check(name, Verdict.NOTE, message)


def unsure(name: str, message: str) -> Check:
    """Return a check that could not be made."""
    return Check(name, Verdict.UNSURE, message)


def bad(name: str, message: str) -> Check:
    """Return a failed check: a STOP could be lost."""
    return Check(name, Verdict.BAD, message)


def unsure_if_denied(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Yield checks, or an unsure one if the caller lacks a permission."""
    try:
        yield from look()
    except ClientError as error:
        if error.response["Error"].get("Code") not in _DENIED:
            raise
        yield unsure(name, f"this check needs the permission to call {error.operation_name}")
