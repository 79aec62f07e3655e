"""Where a text goes that could not be read: the dead-letter queue, as it came, with its reason beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.errors import Rejected

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["REASON", "DeadLetters"]

REASON = "Reason"
"""The message attribute that says why. It never holds a number or a text; the body, which does, is encrypted at rest."""


class DeadLetters:
    """Puts aside what a person must look at."""

    def __init__(self, client: Callable[[], SQSClient], queue_url: str | None) -> None:
        """The client is asked for when it is needed, which is rarely: making one takes as long as hearing some texts."""
        self._client = client
        self._queue_url = queue_url

    def put(self, body: str, reason: str) -> None:
        """Raises TryAgain or Rejected if the queue did not take it: then it must not be dropped where it came from."""
        if self._queue_url is None:
            raise Rejected("there is no dead-letter queue")
        with translated():
            self._client().send_message(
                QueueUrl=self._queue_url,
                MessageBody=body,
                MessageAttributes={REASON: {"DataType": "String", "StringValue": reason}},
            )
