"""The dead-letter queue: unreadable texts, unchanged, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.errors import Rejected

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["REASON", "DeadLetters"]

REASON = "Reason"
"""The message attribute with the reason. It never contains a number or a text. The body does, and is encrypted at rest."""


class DeadLetters:
    """Sends records to the dead-letter queue."""

    def __init__(self, client: Callable[[], SQSClient], queue_url: str | None) -> None:
        """``client`` is called at first use, which is rare: creating a client takes as long as processing some texts."""
        self._client = client
        self._queue_url = queue_url

    def put(self, body: str, reason: str) -> None:
        """Send a record to the dead-letter queue. Raises TryAgain or Rejected if it was not accepted; the caller then
        keeps it."""
        if self._queue_url is None:
            raise Rejected("there is no dead-letter queue")
        with translated():
            self._client().send_message(
                QueueUrl=self._queue_url,
                MessageBody=body,
                MessageAttributes={REASON: {"DataType": "String", "StringValue": reason}},
            )
