"""What Lambda passes to a handler beside the event."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["Context"]


class Context:
    """The members that handlers use. The time left is constant, or ends at ``deadline``."""

    aws_request_id = "request"

    def __init__(self, deadline: datetime | None = None, *, milliseconds: int = 30_000) -> None:
        self.deadline = deadline
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        if self.deadline is None:
            return self._milliseconds
        return max(0, int((self.deadline - datetime.now(UTC)).total_seconds() * 1000))
