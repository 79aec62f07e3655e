"""The local stack passes stream records to a function as Lambda's event source mapping is documented to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import time_machine
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from sms_consent_cli.local.function import Function
from sms_consent_cli.local.local_time import LocalTime
from sms_consent_cli.local.stream_records import KEPT
from sms_consent_cli.local.stream_source import StreamSource

HANDLER = """
import json, pathlib

HERE = pathlib.Path(__file__).parent

def handler(event, context):
    numbers = [record["dynamodb"]["NewImage"]["n"]["N"] for record in event["Records"]]
    with (HERE / "batches.jsonl").open("a") as file:
        file.write(json.dumps(numbers) + "\\n")
    (HERE / "event.json").write_text(json.dumps(event))
    says = json.loads((HERE / "says.json").read_text())
    if says["crashes_on"] in numbers:
        raise RuntimeError("not this one")
    if says["answer"] is not None:
        return says["answer"]
    failed = [record for record in event["Records"] if record["dynamodb"]["NewImage"]["n"]["N"] == says["fails_from"]]
    return {"batchItemFailures": [{"itemIdentifier": each["dynamodb"]["SequenceNumber"]} for each in failed]}
"""
_NAMES = count()


class _Time(LocalTime):
    """Stands still but for its steps, and ends with its test."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller


@dataclass
class Fed:
    """A table with a stream, a function at its end, and what the function saw."""

    folder: Path
    time: _Time
    queue: str

    def says(self, *, crashes_on: str = "", fails_from: str = "", answer: object = None) -> None:
        says = {"crashes_on": crashes_on, "fails_from": fails_from, "answer": answer}
        (self.folder / "says.json").write_text(json.dumps(says))

    def source(self, **settings: Any) -> StreamSource:
        (self.folder / "batches.jsonl").unlink(missing_ok=True)
        stream = boto3.client("dynamodb").describe_table(TableName="table")["Table"]["LatestStreamArn"]
        values = {
            "EventSourceArn": stream,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:given-up"}},
        }
        function = Function(
            "Fed",
            {"Handler": f"{self.folder.name}.handler", "Variables": {}, "Timeout": 3, "MemorySize": 128},
            self.folder.parent,
        )
        return StreamSource(boto3.client("sqs"), self.time, function, values | settings)

    def write(self, *numbers: int) -> None:
        for number in numbers:
            boto3.client("dynamodb").put_item(
                TableName="table", Item={"pk": {"S": str(number)}, "n": {"N": str(number)}}
            )

    @property
    def shard(self) -> Any:
        return dynamodb_backends["123456789012"]["us-east-1"].tables["table"].stream_shard

    def batches(self) -> list[str]:
        """The batches since the last time, each as its numbers in a row."""
        file = self.folder / "batches.jsonl"
        found = ["".join(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return found

    def event(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "event.json").read_text())
        return loaded

    def given_up(self) -> list[dict[str, Any]]:
        messages = boto3.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    """Nothing is written yet, and the function takes everything."""
    folder = tmp_path / f"fed{next(_NAMES)}{os.getpid()}"
    folder.mkdir()
    (folder / "__init__.py").write_text(HANDLER)
    credentials = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
    travel = time_machine.travel(datetime(2026, 11, 3, 14, tzinfo=UTC), tick=False)
    with patch.dict(os.environ, credentials), mock_aws(), travel as traveller:
        boto3.client("dynamodb").create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        made = Fed(folder, _Time(traveller), boto3.client("sqs").create_queue(QueueName="given-up")["QueueUrl"])
        made.says()
        yield made


def test_records_come_in_order_and_in_batches(fed: Fed) -> None:
    """Of the size that the mapping names."""
    source = fed.source(BatchSize=2)
    fed.write(1, 2, 3)
    assert source.run() == 3
    assert fed.batches() == ["12", "3"]
    assert source.in_flight() == 0


def test_what_was_written_before_comes_only_from_the_trim_horizon(fed: Fed) -> None:
    """LATEST begins with what comes after."""
    fed.write(1)
    assert fed.source(StartingPosition="TRIM_HORIZON").run() == 1
    assert fed.source(StartingPosition="LATEST").run() == 0


def test_a_record_is_as_lambda_sends_it(fed: Fed) -> None:
    """Images, keys, a sequence number, the stream's ARN, and the time in seconds."""
    source = fed.source()
    fed.write(1, 1)
    source.run()
    _, record = fed.event()["Records"]
    assert record["eventName"] == "MODIFY"
    assert record["eventSourceARN"].startswith("arn:aws:dynamodb:us-east-1:123456789012:table/table/stream/")
    change = record["dynamodb"]
    assert change["Keys"] == {"pk": {"S": "1"}}
    assert change["OldImage"] == change["NewImage"] == {"pk": {"S": "1"}, "n": {"N": "1"}}
    assert abs(change["ApproximateCreationDateTime"] - fed.time.now().timestamp()) < 5
    assert change["SequenceNumber"].isdecimal()


def test_from_a_record_that_failed_on_all_comes_again_after_a_while(fed: Fed) -> None:
    """What was before it does not."""
    source = fed.source()
    fed.write(1, 2, 3)
    fed.says(fails_from="2")
    assert source.run() == 1
    assert source.in_flight() == 2
    assert source.run() == 0
    assert fed.batches() == ["123"]
    fed.says()
    fed.time.advance(source.next_try(fed.time.now()) - fed.time.now())
    assert source.run() == 2
    assert fed.batches() == ["23"]


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "1"}]},
        {"batchItemFailures": [{"itemIdentifier": "somebody else's"}]},
        ["nothing"],
    ],
)
def test_an_answer_that_names_no_record_of_the_batch_fails_it_all(fed: Fed, answer: object) -> None:
    """As Lambda has it."""
    source = fed.source()
    fed.write(1, 2)
    fed.says(answer=answer)
    assert source.run() == 0
    assert source.in_flight() == 2


def test_a_batch_that_makes_the_function_fail_is_halved_down_to_the_record(fed: Fed) -> None:
    """So that the others are done."""
    source = fed.source(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    fed.write(1, 2, 3, 4)
    fed.says(crashes_on="3")
    assert source.run() == 4
    assert fed.batches() == ["1234", "12", "34", "3", "4"]
    (message,) = fed.given_up()
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_record_is_given_up_for_its_age(fed: Fed) -> None:
    """With its place in the stream in the destination; what comes after it goes on."""
    source = fed.source(MaximumRecordAgeInSeconds=3600, MaximumRetryAttempts=-1)
    fed.write(1)
    fed.says(fails_from="1")
    assert source.run() == 0
    assert fed.given_up() == []
    fed.time.advance(timedelta(hours=1, seconds=2))
    assert source.run() == 1
    (message,) = fed.given_up()
    info = message["DDBStreamBatchInfo"]
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    fed.says()
    fed.write(2)
    assert source.run() == 1


def test_waits_grow_while_the_function_fails(fed: Fed) -> None:
    """And are short again once something is done."""
    source = fed.source()
    fed.write(1)
    fed.says(fails_from="1")
    waits = []
    for _ in range(3):
        source.run()
        wait = source.next_try(fed.time.now()) - fed.time.now()
        waits.append(round(wait.total_seconds()))
        fed.time.advance(wait)
    assert waits == [1, 2, 4]


def test_what_was_handed_over_long_ago_is_forgotten(fed: Fed) -> None:
    """Else a service that runs for long holds every version of every item; places and sequence numbers go on."""
    source = fed.source()
    for number in range(3 * KEPT):
        fed.shard.add(None, _item(number))
    assert source.run() == 3 * KEPT
    assert len(list(fed.shard.items)) < 2 * KEPT
    fed.write(7)
    assert source.run() == 1
    (record,) = fed.event()["Records"]
    assert int(record["dynamodb"]["SequenceNumber"]) - fed.shard.starting_sequence_number == 3 * KEPT


def test_what_is_not_handed_over_is_never_forgotten(fed: Fed) -> None:
    """However much it is."""
    source = fed.source()
    fed.says(fails_from="0")
    for number in range(3 * KEPT):
        fed.shard.add(None, _item(number))
    assert source.run() == 0
    assert source.in_flight() == 3 * KEPT
    fed.says()
    fed.time.advance(timedelta(minutes=1))
    assert source.run() == 3 * KEPT


def _item(number: int) -> Item:
    key = DynamoType({"S": str(number)})
    return Item(key, None, {"pk": {"S": str(number)}, "n": {"N": str(number)}})


def test_bytes_come_as_lambda_sends_them(fed: Fed) -> None:
    """In base64: an event is JSON."""
    source = fed.source()
    item = {"pk": {"S": "1"}, "n": {"N": "1"}, "packed": {"B": b"\x00\xff"}}
    boto3.client("dynamodb").put_item(TableName="table", Item=item)
    assert source.run() == 1
    (record,) = fed.event()["Records"]
    assert record["dynamodb"]["NewImage"]["packed"] == {"B": "AP8="}


ODD = {"Filters": [{"Pattern": json.dumps({"dynamodb": {"NewImage": {"n": {"N": ["1", "3", "5"]}}}})}]}


def test_records_that_the_filter_drops_are_done(fed: Fed) -> None:
    """They are in no batch, hold nothing up, and start no function where nothing else is there."""
    source = fed.source(FilterCriteria=ODD)
    fed.write(2, 4)
    assert source.run() == 2
    fed.write(1, 2, 3, 4)
    assert source.run() == 4
    assert source.in_flight() == 0
    assert fed.batches() == ["13"]


def test_a_failed_record_behind_dropped_ones_comes_again_alone(fed: Fed) -> None:
    """What was before it is done, dropped or not; what is behind it waits."""
    fed.says(fails_from="3")
    source = fed.source(FilterCriteria=ODD)
    fed.write(2, 1, 4, 3, 2, 5, 4)
    assert source.run() == 3
    assert fed.batches() == ["135"]
    fed.says()
    fed.time.advance(timedelta(minutes=2))
    assert source.run() == 4
    assert fed.batches() == ["35"]


def test_a_batch_is_as_large_as_the_mapping_says_without_the_dropped_records(fed: Fed) -> None:
    """Lambda filters first."""
    source = fed.source(FilterCriteria=ODD, BatchSize=2)
    fed.write(1, 2, 3, 4, 5, 2)
    assert source.run() == 6
    assert fed.batches() == ["13", "5"]


def test_what_is_given_up_takes_the_dropped_records_behind_it_along(fed: Fed) -> None:
    """The stream goes on behind them."""
    fed.says(fails_from="1")
    source = fed.source(FilterCriteria=ODD, MaximumRetryAttempts=0)
    fed.write(2, 1, 4)
    assert source.run() == 3
    assert len(fed.given_up()) == 1
    assert source.in_flight() == 0
