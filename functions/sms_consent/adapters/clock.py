"""The system clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """The machine's clock as the ``Clock`` port."""

    def now(self) -> datetime:
        """Return the UTC time to the millisecond."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def latest(self) -> datetime:
        """Return the same: AWS keeps the clocks of functions exact."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
