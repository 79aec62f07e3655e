"""Which texts are no longer kept: those of decisions older than a deployment chose, once a day, in as many goes as it takes.

The text is a decision's evidence, and also what a person wrote. DynamoDB's own expiry takes whole items, and a decision must
stay; a text in an item of its own would cost every inbound text one more write. So it is looked for, long afterwards, when
nobody waits. The words that decided, the rule and the time stay.
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
    """Where a text stands: with its decision, or in the copy that a lost worker left in a consent."""

    pk: str
    sk: str
    decision_id: str | None  # None: the decision itself


@dataclass(frozen=True, slots=True)
class Pass:
    """One look through the ledger; ``place`` is where it goes on, None once it is over."""

    begun_at: datetime
    place: str | None = None
    over: bool = False
    preserved: Preserved | None = field(default=None, compare=False, repr=False)


class MessageBodies(Protocol):
    """The texts of the whole ledger. Every method raises TryAgain or Rejected."""

    def newest(self) -> Pass | None:
        """Open or over."""

    def save(self, current: Pass) -> None:
        """Where the next invocation goes on; passing over something twice does no harm."""

    def until(self, moment: datetime, place: str | None) -> tuple[Sequence[KeptBody], str | None]:
        """Texts as old as that from some part of the ledger, and the place of the next part; None after the last."""

    def forget(self, kept: KeptBody) -> None:
        """Take the text out. It may be gone already."""


@dataclass(slots=True)
class Forgotten:
    """What one invocation did."""

    texts: int = 0
    over: bool = True


class Retention:
    """Takes texts out of decisions whose time is over."""

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
        """Until all is looked through, or the time is up; a place is saved only once everything before it is done.

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
        """Report a text that was skipped. Raises TryAgain or Rejected if the ledger fails for every item."""
        if self._failed is not None:
            self._failed(error)
        # Saving the place once more tells a ledger that is down from an item that fails.
        self._bodies.save(current)
