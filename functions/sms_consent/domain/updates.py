"""Updates of stored records: read, change, conditionally write, and repeat if somebody else wrote meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Moved, Unavailable

if TYPE_CHECKING:
    from sms_consent.domain.consent import Consent

__all__ = ["flush_outbox", "update"]

ATTEMPTS = 12
"""Conditional writes lost in a row before the caller has to try again."""

T = TypeVar("T")


def update(
    stored: T | None,
    change: Callable[[T | None], T | None],
    save: Callable[[T, T | None], None],
    *,
    attempts: int = ATTEMPTS,
) -> T | None:
    """Change a stored record and return it as it is stored then.

    Args:
        stored: The record as it was last read. It may be out of date, and None saves the read of a record that is probably new.
        change: Returns the changed record; None, or the same record, if nothing is to be written. It is called again with what
            is stored if the write was refused.
        save: Writes a record in place of another (None: of nothing). Raises Moved with what is stored instead, but not if that
            is the same record: then a repeated write had succeeded before.
        attempts: How many writes to try.

    Raises:
        Unavailable: Others wrote the record before every attempt.
    """
    for _ in range(attempts):
        changed = change(stored)
        if changed is None or changed == stored:
            return stored
        try:
            save(changed, stored)
        except Moved as moved:
            stored = cast("T | None", moved.current)
            continue
        return changed
    raise Unavailable("the record was changed by others before every attempt to write it")


def flush_outbox(
    append: Callable[[Decision, Outcome, datetime], object], stored: Consent | None, changed: Consent, now: datetime
) -> None:
    """Write a consent's outbox to the history before a write that drops it. Raises TryAgain or Rejected."""
    outbox = stored.outbox if stored is not None else None
    if outbox is not None and (changed.outbox is None or changed.outbox.id != outbox.id):
        append(outbox, Outcome.CHANGED, now)
