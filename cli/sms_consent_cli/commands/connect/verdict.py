"""What a check found, and whether a number may be switched over in spite of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError

__all__ = ["Check", "Verdict", "bad", "good", "note", "unsure", "unsure_where_denied"]

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"})


class Verdict(StrEnum):
    """Best first. The latter two hold a number where it is."""

    GOOD = "GOOD"
    NOTE = "NOTE"  # no STOP is lost by it, but somebody should know
    UNSURE = "UNSURE"  # this command cannot tell: whoever can may accept it by name
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``name`` is by which it can be accepted."""

    name: str
    verdict: Verdict
    message: str

    def blocks(self, accepted: frozenset[str]) -> bool:
        """Whether nothing may be changed."""
        return self.verdict is Verdict.BAD or (self.verdict is Verdict.UNSURE and self.name not in accepted)


def good(name: str, message: str) -> Check:
    """As it should be."""
    return Check(name, Verdict.GOOD, message)


def note(name: str, message: str) -> Check:
    """Good enough."""
    return Check(name, Verdict.NOTE, message)


def unsure(name: str, message: str) -> Check:
    """Not to be told from here."""
    return Check(name, Verdict.UNSURE, message)


def bad(name: str, message: str) -> Check:
    """A STOP could be lost."""
    return Check(name, Verdict.BAD, message)


def unsure_where_denied(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """What the caller may not look at is no reason to say that it is wrong, or right."""
    try:
        yield from look()
    except ClientError as error:
        if error.response["Error"].get("Code") not in _DENIED:
            raise
        yield unsure(name, f"you are not allowed to call {error.operation_name}, by which this is checked")
