"""Body retention: remove message bodies that are older than the deployment's setting, daily, in as many invocations as
needed.

A scan removes the body attribute and keeps the decision with its matched words, rule and time. DynamoDB's TTL is no option, as
it deletes whole items, and a separate item for each body would cost every inbound text one more write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sms_consent.domain.ports import Clock
from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["EVERY", "KeptBody", "MessageBodies", "Pass", "RemovalCounts", "Retention"]

EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptBody:
    """Where a body is stored: in its decision, or in the outbox of a consent whose worker was lost."""

    pk: str
    sk: str
    decision_id: str | None  # None: the decision itself


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass through the ledger. ``place`` is the position at which it continues; ``over`` is whether it is complete."""

    begun_at: datetime
    place: str | None = None
    over: bool = False
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


class MessageBodies(Protocol):
    """The bodies in the ledger. Every method raises TryAgain or Rejected."""

    def newest(self) -> Pass | None:
        """Return the newest pass, open or complete."""

    def save(self, current: Pass) -> None:
        """Save the position at which the next invocation continues. Reading a page twice is harmless."""

    def older_than(self, moment: datetime, place: str | None) -> tuple[Sequence[KeptBody], str | None]:
        """Return one page of bodies from before ``moment``, and the position of the next page; None after the last."""

    def remove(self, kept: KeptBody) -> None:
        """Remove a body. Does nothing if it was removed before."""


@dataclass(slots=True)
class RemovalCounts:
    """The counts of one invocation."""

    texts: int = 0
    over: bool = True


class Retention:
    """Removes bodies whose retention time is over."""

    def __init__(
        self,
        bodies: MessageBodies,
        clock: Clock,
        keep: timedelta,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Set up the removal.

        Args:
            keep: How long bodies are kept.
            failed: Called with the error of each body that could not be removed. The next day's run retries it.
        """
        self._bodies = bodies
        self._clock = clock
        self._keep = keep
        self._failed = failed

    def run(self, until: datetime, removed: RemovalCounts | None = None) -> RemovalCounts:
        """Remove bodies until the whole ledger is read or ``until`` is reached. Resumes at the last saved position.

        Args:
            until: When to stop.
            removed: Counts to add to, for a caller that needs them even after an exception.
        """
        removed = removed or RemovalCounts()
        current = self._bodies.newest()
        now = self._clock.now()
        if current is None or (current.over and now - current.begun_at >= EVERY):
            current = Pass(now, None, preserved=current.preserved if current is not None else None)
        if current.over:
            return removed
        while self._clock.now() < until:
            found, place = self._bodies.older_than(current.begun_at - self._keep, current.place)
            for kept in found:
                try:
                    self._bodies.remove(kept)
                    removed.texts += 1
                except Exception as error:  # noqa: BLE001  one text must not stop the others
                    self._skip(error, current)
            current = replace(current, place=place, over=place is None)
            self._bodies.save(current)
            if current.over:
                return removed
        removed.over = False
        return removed

    def _skip(self, error: Exception, current: Pass) -> None:
        """Report a body that could not be removed. Raises TryAgain or Rejected if the ledger fails for every item."""
        if self._failed is not None:
            self._failed(error)
        # Saving the place once more tells a ledger that is down from an item that fails.
        self._bodies.save(current)
