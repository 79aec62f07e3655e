"""An SQS queue as event source of a function, as in Lambda's event source mapping.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: processed messages are deleted. Failed ones
become visible again after their visibility timeout, until the queue's redrive policy applies.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sms_consent_cli.local.aws_environment import REGION
from sms_consent_cli.local.function import Function, FunctionFailed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

__all__ = ["REPORTS", "QueueSource"]

MOST_AT_ONCE = 10  # the maximum of ReceiveMessage
REPORTS = "ReportBatchItemFailures"

logger = logging.getLogger(__name__)


class QueueSource:
    """One queue and the function that processes it."""

    def __init__(self, sqs: SQSClient, function: Function, values: Mapping[str, Any]) -> None:
        """``values`` are the mapping's properties as resolved by CloudFormation."""
        self._sqs = sqs
        self._function = function
        self._arn: str = values["EventSourceArn"]
        self._batch_size = int(values.get("BatchSize", 10))
        self._reports_failures = REPORTS in values.get("FunctionResponseTypes", [])
        self.queue_url: str = sqs.get_queue_url(QueueName=self._arn.rpartition(":")[2])["QueueUrl"]

    def run(self) -> int:
        """Pass the visible messages to the function in batches. Return the number of messages passed."""
        handed_over = 0
        while batch := self._receive():
            handed_over += len(batch)
            for message in self._succeeded(batch):
                self._sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return handed_over

    def in_flight(self) -> int:
        """Return the number of failed messages that wait for their visibility timeout."""
        return self._attribute("ApproximateNumberOfMessagesNotVisible")

    def next_try(self, now: datetime) -> datetime:
        """Return when a failed message is visible again at the latest: just after the whole timeout."""
        return now + timedelta(seconds=self._attribute("VisibilityTimeout") + 1)

    def _attribute(self, name: Any) -> int:
        return int(self._sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=[name])["Attributes"][name])

    def _receive(self) -> list[MessageTypeDef]:
        batch: list[MessageTypeDef] = []
        while len(batch) < self._batch_size:
            received = self._sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(self._batch_size - len(batch), MOST_AT_ONCE),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            ).get("Messages", [])
            if not received:
                break
            batch += received
        return batch

    def _succeeded(self, batch: list[MessageTypeDef]) -> list[MessageTypeDef]:
        try:
            answer = self._function.invoke({"Records": [self._record(message) for message in batch]})
        except FunctionFailed:
            return []  # logged by the function; the whole batch is retried
        failed = self._failed(answer, {message["MessageId"] for message in batch})
        return [message for message in batch if message["MessageId"] not in failed]

    def _failed(self, answer: Any, ids: set[str]) -> set[str]:
        """Return the failures by the documented rules: a response of an unexpected form fails the whole batch."""
        if not self._reports_failures or answer is None:
            return set()
        try:
            failures = answer.get("batchItemFailures") or []
            failed = {failure["itemIdentifier"] for failure in failures}
        except (AttributeError, KeyError, TypeError):
            failed = {None}
        if failed <= ids:
            return failed
        logger.error("%s returned no partial batch response: the whole batch is retried", self._function.name)
        return ids

    def _record(self, message: MessageTypeDef) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message.get("Attributes", {})),
            "messageAttributes": {
                name: {
                    "stringValue": value.get("StringValue"),
                    "stringListValues": [],
                    "binaryListValues": [],
                    "dataType": value["DataType"],
                }
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": REGION,
        }
