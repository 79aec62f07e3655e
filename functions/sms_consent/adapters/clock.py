"""The system clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sms_consent.domain.time import to_millisecond

__all__ = ["SystemClock"]


class SystemClock:
    """The machine's clock as the ``Clock`` port."""

    def now(self) -> datetime:
        """Return the UTC time to the millisecond."""
        return to_millisecond(datetime.now(UTC))

    def latest(self) -> datetime:
        """Return the same: AWS keeps the clocks of functions exact."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
