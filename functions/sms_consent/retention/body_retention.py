"""Body retention: removes the bodies of decisions older than the deployment's setting, once a day, over as many invocations
as needed.

The body is a decision's evidence, and also what a person wrote. DynamoDB's TTL deletes whole items, and a decision must stay;
a separate item for the body would cost every inbound text one more write. So this scans the ledger for bodies. The matched
words, the rule and the time stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sms_consent.domain.ports import Clock
from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["EVERY", "Forgotten", "KeptBody", "MessageBodies", "Pass", "Retention"]

EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptBody:
    """Where a body is stored: in its decision, or in the outbox of a consent whose worker was lost."""

    pk: str
    sk: str
    decision_id: str | None  # None: the decision itself


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass through the ledger. ``place`` is where it continues; ``over`` says whether it is complete."""

    begun_at: datetime
    place: str | None = None
    over: bool = False
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


class MessageBodies(Protocol):
    """The bodies in the ledger. Every method raises TryAgain or Rejected."""

    def newest(self) -> Pass | None:
        """Return the newest pass, open or complete."""

    def save(self, current: Pass) -> None:
        """Save where the next invocation continues. Reading a part twice is harmless."""

    def until(self, moment: datetime, place: str | None) -> tuple[Sequence[KeptBody], str | None]:
        """Return the bodies of that age in a part of the ledger, and the place of the next part; None after the last."""

    def forget(self, kept: KeptBody) -> None:
        """Remove a body. It may be gone already."""


@dataclass(slots=True)
class Forgotten:
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
        """``failed`` is called for each text that could not be removed; the next day's run tries again."""
        self._bodies = bodies
        self._clock = clock
        self._keep = keep
        self._failed = failed

    def run(self, until: datetime, forgotten: Forgotten | None = None) -> Forgotten:
        """Work until the ledger is read completely or the time is up. A place is saved once everything before it is done.

        ``forgotten`` is counted up while it runs, for a caller that needs the count after an exception too.
        """
        forgotten = forgotten or Forgotten()
        current = self._bodies.newest()
        now = self._clock.now()
        if current is None or (current.over and now - current.begun_at >= EVERY):
            current = Pass(now, None, preserved=current.preserved if current is not None else None)
        if current.over:
            return forgotten
        while self._clock.now() < until:
            found, place = self._bodies.until(current.begun_at - self._keep, current.place)
            for kept in found:
                try:
                    self._bodies.forget(kept)
                    forgotten.texts += 1
                except Exception as error:  # noqa: BLE001  one text must not stop the others
                    self._skip(error, current)
            current = replace(current, place=place, over=place is None)
            self._bodies.save(current)
            if current.over:
                return forgotten
        forgotten.over = False
        return forgotten

    def _skip(self, error: Exception, current: Pass) -> None:
        """Report a body that was skipped. Raises TryAgain or Rejected if the ledger fails for every item."""
        if self._failed is not None:
            self._failed(error)
        # Saving the place once more tells a ledger that is down from an item that fails.
        self._bodies.save(current)
