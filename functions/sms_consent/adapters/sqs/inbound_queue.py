"""Deletion of finished messages from the inbound queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef

__all__ = ["InboundQueue"]

MOST = 10
"""Messages that DeleteMessageBatch takes."""


class InboundQueue:
    """Deletes finished messages before the function returns."""

    def __init__(self, client: Callable[[], SQSClient], queue_url: str) -> None:
        """``client`` is called at first use, which is rare: creating a client takes longer than processing some texts."""
        self._client = client
        self._queue_url = queue_url

    def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages by their receipt handles. Raise TryAgain or Rejected unless every one was deleted."""
        for first in range(0, len(receipts), MOST):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(place), "ReceiptHandle": receipt}
                for place, receipt in enumerate(receipts[first : first + MOST])
            ]
            with translated():
                answer = self._client().delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
            if answer.get("Failed"):
                raise Unavailable("DeleteMessageBatch left messages in the queue")
