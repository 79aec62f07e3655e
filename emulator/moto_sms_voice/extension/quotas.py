"""Throttling: requests a second, with a token bucket for each operation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction

from ..pinpointsmsvoicev2.exceptions import ThrottlingError
from ..pinpointsmsvoicev2.utils import e164

# https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html: one a second, except these.
DEFAULT_RATE = 1.0
RATE_TO_A_RECIPIENT = 1.0
DEFAULT_RATES: dict[str, float] = {"PutOptedOutNumber": 10.0, "DeleteOptedOutNumber": 10.0}


class Quotas:
    """The token buckets. Off by default, so that tests of other behaviour need not pace their calls.

    A bucket holds the calls of one second (at least one) and refills continuously. The service does not document
    its burst capacity; this is the smallest that allows the rate.
    """

    def __init__(self) -> None:
        self._rates: Mapping[str, float] | None = None
        self._buckets: dict[str, tuple[Fraction, datetime]] = {}

    def set(self, enabled: bool | Mapping[str, float]) -> None:
        """Set the rates. True: the documented rates. A mapping: rates for these operations, the documented ones for others."""
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
        """Take a token for one call. Raises ThrottlingError, without taking one, if there is none."""
        if self._rates is not None:
            self._take(operation, self._rates.get(operation, DEFAULT_RATE), now)

    def take_for_recipient(self, number: str, now: datetime) -> None:
        """Take a token for one message to a recipient: one a second, whatever the rate of the operation.

        Whether a refused message counts is not documented; here it does.
        """
        if self._rates is not None:
            self._take(f"to {e164(number)}", RATE_TO_A_RECIPIENT, now)

    def _take(self, bucket: str, rate: float, now: datetime) -> None:
        # Fractions: the rounding of floats would refuse a caller that keeps the rate exactly.
        capacity = Fraction(max(rate, 1.0))
        tokens, since = self._buckets.get(bucket, (capacity, now))
        waited = max(now - since, timedelta()) // timedelta(microseconds=1)
        tokens = min(capacity, tokens + Fraction(rate) * Fraction(waited, 1_000_000))
        if tokens < 1:
            self._buckets[bucket] = (tokens, now)
            raise ThrottlingError
        self._buckets[bucket] = (tokens - 1, now)
