"""A DynamoDB stream as event source of a function, as in Lambda's event source mapping.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html: a batch succeeds up to the first failed record in
the response. From there on it is retried until it succeeds or reaches its maximum age or attempts.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from sms_consent.domain.time import as_text
from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.event_filter import EventFilter
from sms_consent_cli.local.function import Function, FunctionFailed
from sms_consent_cli.local.local_time import LocalTime
from sms_consent_cli.local.queue_source import REPORTS
from sms_consent_cli.local.stream_records import StreamRecords

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["StreamSource"]

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)
"""The wait before the first retry, doubled each time. Lambda's waits are not documented."""

Record = dict[str, Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Batch:
    """Records that pass the filter, and their indexes among the ``length`` next records of the stream."""

    records: list[Record]
    places: list[int]
    length: int


class StreamSource:
    """One stream and the function that processes it. moto's tables have one shard, so records are in order."""

    def __init__(self, sqs: SQSClient, time: LocalTime, function: Function, values: Mapping[str, Any]) -> None:
        """``values`` are the mapping's properties as resolved by CloudFormation."""
        self._sqs = sqs
        self._time = time
        self._function = function
        self._arn: str = values["EventSourceArn"]
        # Read from moto directly: each read by the API creates an iterator that moto never removes.
        tables: Any = dynamodb_backends[ACCOUNT][REGION].tables
        self._shard = tables[self._arn.partition(":table/")[2].partition("/")[0]].stream_shard
        self._shard.items = self._records = StreamRecords(self._shard.items)
        self._filter = EventFilter(values.get("FilterCriteria"))
        self._batch_size = int(values.get("BatchSize", 100))
        self._reports_failures = REPORTS in values.get("FunctionResponseTypes", [])
        self._bisects = bool(values.get("BisectBatchOnFunctionError", False))
        self._most_attempts = int(values.get("MaximumRetryAttempts", -1))
        self._most_seconds = int(values.get("MaximumRecordAgeInSeconds", -1))
        self._given_up_to: str | None = values.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        self._done = len(self._records) if values.get("StartingPosition") == "LATEST" else 0
        self._at_once = self._batch_size
        self._attempts = 0
        self._again_at: datetime | None = None

    def run(self) -> int:
        """Pass the records to the function, unless a failed batch waits. Return the number of records that are done."""
        before = self._done
        while self._ready() and (batch := self._batch()).length:
            if batch.records:
                self._process(batch)
            else:
                self._go_on(batch.length)
        return self._done - before

    def in_flight(self) -> int:
        """Return the number of records from the failed one on."""
        return len(self._records) - self._done

    def next_try(self, now: datetime) -> datetime:
        """Return the time of the retry."""
        return self._again_at if self._again_at is not None else now

    def _ready(self) -> bool:
        return self._again_at is None or self._again_at <= self._time.now()

    def _batch(self) -> _Batch:
        """Return the next batch. Records that the filter drops are done with it."""
        records: list[Record] = []
        places: list[int] = []
        waiting = len(self._records) - self._done
        for place in range(waiting):
            record = self._lambda_record(self._records[self._done + place : self._done + place + 1][0].to_json())
            if not self._filter.passes(record):
                continue
            if len(records) == self._at_once:
                return _Batch(records, places, place)
            records.append(record)
            places.append(place)
        return _Batch(records, places, waiting)

    def _process(self, batch: _Batch) -> None:
        records = batch.records
        try:
            first_failed = self._first_failed(self._function.invoke({"Records": records}), records)
        except FunctionFailed:  # logged by the function
            if self._bisects and len(records) > 1:
                self._at_once = len(records) // 2  # not an attempt, see the module's docstring
                return
            first_failed = 0
        done = batch.places[first_failed] if first_failed < len(records) else batch.length
        if first_failed:
            self._go_on(done)
        if first_failed < len(records):
            self._failed(records[first_failed:], batch.length - done if first_failed else batch.length)

    def _go_on(self, records: int) -> None:
        self._done += records
        self._records.forget_before(self._done)
        self._at_once = self._batch_size
        self._attempts = 0
        self._again_at = None

    def _failed(self, batch: list[Record], length: int) -> None:
        self._attempts += 1
        age = self._time.now().timestamp() - batch[0]["dynamodb"]["ApproximateCreationDateTime"]
        too_often = 0 <= self._most_attempts < self._attempts
        too_old = 0 <= self._most_seconds < age
        if not too_often and not too_old:
            self._again_at = self._time.now() + min(FIRST_WAIT * 2 ** min(self._attempts - 1, 20), LONGEST_WAIT)
            return
        self._give_up(batch, "RetryAttemptsExhausted" if too_often else "RecordAgeExceeded")
        self._go_on(length)

    def _give_up(self, batch: list[Record], condition: str) -> None:
        """Send the batch's position, without the records, to the on-failure destination."""
        logger.error("%s gave up on %d records of the stream: %s", self._function.name, len(batch), condition)
        if self._given_up_to is None:
            return
        url = self._sqs.get_queue_url(QueueName=self._given_up_to.rpartition(":")[2])["QueueUrl"]
        first, last = batch[0]["dynamodb"], batch[-1]["dynamodb"]
        message = {
            "requestContext": {"functionArn": self._function.name, "condition": condition,
                               "approximateInvokeCount": self._attempts},
            "version": "1.0",
            "timestamp": as_text(self._time.now()),
            "DDBStreamBatchInfo": {
                "shardId": self._shard.id,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "batchSize": len(batch),
                "streamArn": self._arn,
            },
        }  # fmt: skip
        self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))

    def _first_failed(self, answer: Any, batch: list[Record]) -> int:
        """Return the failures by the documented rules: a response of an unexpected form fails the whole batch."""
        if not self._reports_failures or answer is None:
            return len(batch)
        try:
            failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or []}
        except (AttributeError, KeyError, TypeError):
            failed = {None}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        if not failed:
            return len(batch)
        if failed <= set(numbers):
            return min(numbers.index(number) for number in failed)
        logger.error("%s returned no partial batch response: the whole batch is retried", self._function.name)
        return 0

    def _lambda_record(self, record: Record) -> Record:
        """Return the record in Lambda's form: times as seconds (moto: naive UTC) and bytes as base64."""
        change = record["dynamodb"]
        seconds = change["ApproximateCreationDateTime"].replace(tzinfo=UTC).timestamp()
        sent = record | {
            "eventSourceARN": self._arn,
            "dynamodb": change | {"ApproximateCreationDateTime": int(seconds)},
        }
        as_json: Record = json.loads(json.dumps(sent, default=lambda octets: b64encode(octets).decode()))
        return as_json
