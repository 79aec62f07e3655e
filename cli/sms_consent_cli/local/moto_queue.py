"""A patch of moto's SQS: for the retention period, moto computes every attribute of the queue for each message."""

from __future__ import annotations

from typing import Any

from moto.core.utils import unix_time
from moto.sqs.models import SQSBackend

__all__ = ["patch"]


def patch() -> None:
    """Patch moto. Further calls have no effect."""
    # The type checker forbids assignments to methods.
    setattr(SQSBackend, "is_message_valid_based_on_retention_period", _is_kept)  # noqa: B010


def _is_kept(self: Any, queue_name: str, message: Any) -> bool:
    kept_until: float = self.get_queue(queue_name).message_retention_period + message.sent_timestamp / 1000
    return kept_until > unix_time()
