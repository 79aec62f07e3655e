"""A cache whose entries expire after a minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sms_consent.domain.ports import Clock, ConsentLedger, Sender

__all__ = ["SenderCache", "TimedCache"]

REMEMBERED_FOR = timedelta(minutes=1)
MOST = 10_000
"""Entries kept at once."""

K = TypeVar("K")
V = TypeVar("V")


class TimedCache(Generic[K, V]):
    """Reads a value when it is first needed, and again after a minute.

    Our own, since cachetools' TTLCache would keep an entry for longer when the clock is set back, and drops the expired value
    that the access keys fall back on. Threads may share it; two may then read the same value at once.
    """

    def __init__(self, read: Callable[[K], V], clock: Clock) -> None:
        """``read`` may raise; its error reaches the caller, and nothing is cached."""
        self._read = read
        self._clock = clock
        self._known: dict[K, tuple[datetime, V]] = {}

    def __call__(self, key: K) -> V:
        """Return the value, read at most a minute ago."""
        now = self._clock.now()
        known = self._known.get(key)
        if known is not None and timedelta() <= now - known[0] < REMEMBERED_FOR:
            return known[1]
        value = self._read(key)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = now, value
        return value

    def expired(self, key: K, within: timedelta) -> V | None:
        """Return the value that was read last if that was less than ``within`` ago."""
        known = self._known.get(key)
        return known[1] if known is not None and self._clock.now() - known[0] < within else None


class SenderCache(TimedCache[str, Sender | None]):
    """The settings of senders by identity, None for a sender without settings. A change takes effect within a minute."""

    def __init__(self, ledger: ConsentLedger, clock: Clock) -> None:
        super().__init__(ledger.sender, clock)
