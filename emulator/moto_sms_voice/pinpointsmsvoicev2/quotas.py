"""Decides whether a call is throttled: requests a second, by a token bucket for each operation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction

from .exceptions import ThrottlingError

# https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html: one a second, but for these.
DEFAULT_RATE = 1.0
RATE_TO_A_RECIPIENT = 1.0
DEFAULT_RATES: dict[str, float] = {"PutOptedOutNumber": 10.0, "DeleteOptedOutNumber": 10.0}


class Quotas:
    """Off until switched on, so that tests of other things need not pace themselves.

    A bucket holds one second's worth of calls (at least one) and refills continuously. The service does not document
    its burst; this is the least generous reading that still gives the rate.
    """

    def __init__(self) -> None:
        self._rates: Mapping[str, float] | None = None
        self._buckets: dict[str, tuple[Fraction, datetime]] = {}

    def set(self, enabled: bool | Mapping[str, float]) -> None:
        """True: the documented rates; a mapping: these operations' rates and the documented ones for the rest."""
        if isinstance(enabled, Mapping):
            if not all(0 < rate < math.inf for rate in enabled.values()):
                raise ValueError("A rate must be a number above zero.")
            self._rates = {**DEFAULT_RATES, **enabled}
        elif not isinstance(enabled, bool):
            raise TypeError("Quotas are true, false, or a mapping of operations to rates.")
        else:
            self._rates = DEFAULT_RATES if enabled else None
        self._buckets.clear()

    def take(self, operation: str, now: datetime) -> None:
        """Count one call, or refuse it; a refused call costs nothing."""
        if self._rates is not None:
            self._take(operation, self._rates.get(operation, DEFAULT_RATE), now)

    def take_for_recipient(self, number: str, now: datetime) -> None:
        """Count one text to a recipient, who gets one a second however high the rate of SendTextMessage is raised."""
        if self._rates is not None:
            self._take(f"to {number}", RATE_TO_A_RECIPIENT, now)

    def _take(self, bucket: str, rate: float, now: datetime) -> None:
        # In fractions, since a float's rounding would refuse a caller that keeps the rate exactly.
        capacity = Fraction(max(rate, 1.0))
        tokens, since = self._buckets.get(bucket, (capacity, now))
        waited = max(now - since, timedelta()) // timedelta(microseconds=1)
        tokens = min(capacity, tokens + Fraction(rate) * Fraction(waited, 1_000_000))
        if tokens < 1:
            self._buckets[bucket] = (tokens, now)
            raise ThrottlingError
        self._buckets[bucket] = (tokens - 1, now)
