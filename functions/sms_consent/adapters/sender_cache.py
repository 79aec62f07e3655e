"""What our numbers stand for, read from the ledger and remembered for a minute, so that most texts cost no read of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sms_consent.domain.ports import Clock, ConsentLedger, Sender

__all__ = ["RememberedSenders"]

REMEMBERED_FOR = timedelta(minutes=1)
MOST = 10_000


class RememberedSenders:
    """Look-up of senders; a change takes effect within a minute everywhere."""

    def __init__(self, ledger: ConsentLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._known: dict[str, tuple[datetime, Sender | None]] = {}

    def __call__(self, identity: str) -> Sender | None:
        """The sender's settings, or None where there are none."""
        now = self._clock.now()
        known = self._known.get(identity)
        if (
            known is not None and timedelta() <= now - known[0] < REMEMBERED_FOR
        ):  # a clock that goes back prolongs nothing
            return known[1]
        if len(self._known) >= MOST:
            self._known.clear()
        sender = self._ledger.sender(identity)
        self._known[identity] = (now, sender)
        return sender
