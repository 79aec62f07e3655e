"""The local stack's patches of moto: transactions roll back, and finished work uses no memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.sns.models import sns_backends
from support.template import create_table

from sms_consent.adapters import clients
from sms_consent_cli.local import moto_ledger, moto_memory, moto_queue
from sms_consent_cli.local.stream_records import StreamRecords

REGION, ACCOUNT = "us-east-1", "123456789012"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A ledger with one consent, in a patched moto."""
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", value)
    moto_ledger.patch()
    moto_memory.patch()
    with mock_aws():
        client = clients.dynamodb.__wrapped__()
        create_table(client)
        client.update_table(
            TableName="ledger", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        )
        client.put_item(TableName="ledger", Item=_item("LIST#a", "1"))
        yield client


def _item(sk: str, revision: str) -> dict[str, Any]:
    return {"pk": {"S": "+1"}, "sk": {"S": sk}, "revision": {"N": revision}}


def _stored(dynamodb: Any) -> list[Any]:
    return list(dynamodb.scan(TableName="ledger")["Items"])


def _table() -> Table:
    tables: dict[str, Table] = dynamodb_backends[ACCOUNT][REGION].tables
    return tables["ledger"]


PUT_NEW = {"Put": {"TableName": "ledger", "Item": _item("DECISION#1", "1")}}
PUT_OVER = {"Put": {"TableName": "ledger", "Item": _item("LIST#a", "2")}}
UPDATE = {
    "Update": {
        "TableName": "ledger",
        "Key": {"pk": {"S": "+1"}, "sk": {"S": "LIST#a"}},
        "UpdateExpression": "SET revision = :two",
        "ExpressionAttributeValues": {":two": {"N": "2"}},
    }
}
DELETE = {"Delete": {"TableName": "ledger", "Key": {"pk": {"S": "+1"}, "sk": {"S": "LIST#a"}}}}
REFUSED = {"Put": {"TableName": "ledger", "Item": _item("X", "1"), "ConditionExpression": "attribute_exists(pk)"}}


@pytest.mark.parametrize("change", [PUT_NEW, PUT_OVER, UPDATE, DELETE], ids=["new", "over", "update", "delete"])
@pytest.mark.parametrize("trimmed", [False, True])
def test_a_cancelled_transaction_leaves_nothing(dynamodb: Any, change: dict[str, Any], trimmed: bool) -> None:
    """Neither in the table nor in its stream, also where old stream records were removed."""
    shard: Any = _table().stream_shard
    if trimmed:
        shard.items = StreamRecords(shard.items)
    before, records = _stored(dynamodb), len(shard.items)
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(TransactItems=[change, REFUSED])
    assert (_stored(dynamodb), len(shard.items)) == (before, records)
    assert _table().stream_shard is shard


@pytest.mark.parametrize("change", [PUT_NEW, PUT_OVER, UPDATE, DELETE], ids=["new", "over", "update", "delete"])
def test_a_transaction_that_succeeds_is_kept(dynamodb: Any, change: dict[str, Any]) -> None:
    """With its record in the stream."""
    before, records = _stored(dynamodb), len(_table().stream_shard.items)  # type: ignore[union-attr]
    dynamodb.transact_write_items(TransactItems=[change])
    assert _stored(dynamodb) != before
    assert len(_table().stream_shard.items) == records + 1  # type: ignore[union-attr]


@pytest.mark.slow
def test_repeated_writes_take_no_memory(dynamodb: Any) -> None:
    """moto would keep every item, and a copy of the table for each transaction."""
    for revision in range(20):
        put = {"Put": {"TableName": "ledger", "Item": _item("LIST#a", str(revision))}}
        dynamodb.transact_write_items(TransactItems=[put])
    gc.collect()
    tables = [each for each in gc.get_objects() if isinstance(each, Table) and each.name == "ledger"]
    assert tables == [_table()]
    assert Table.instances_tracked == []  # type: ignore[attr-defined]


def test_a_topic_does_not_keep_its_messages(dynamodb: Any) -> None:
    """They are delivered, and then forgotten."""
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="inbound")["TopicArn"]
    sns.publish(TopicArn=topic, Message="STOP")
    assert sns_backends[ACCOUNT][REGION].topics[topic].sent_notifications == []


class TestQueues:
    """The quicker queues behave as moto's own."""

    @pytest.fixture
    def sqs(self, dynamodb: Any, time_machine: Any) -> Any:  # noqa: ARG002  # the fixture starts moto
        """moto with the patches, at a moment that tests move."""
        time_machine.move_to(datetime(2026, 11, 3, 14, tzinfo=UTC), tick=False)
        moto_queue.patch()
        return boto3.client("sqs")

    @pytest.fixture
    def queue(self, sqs: Any) -> str:
        """With five messages."""
        url: str = sqs.create_queue(QueueName="inbound", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        for number in range(5):
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
        return url

    def _received(self, sqs: Any, queue: str) -> dict[str, str]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return {each["Body"]: each["ReceiptHandle"] for each in found}

    def test_a_deleted_message_is_the_only_one_that_is_gone(self, sqs: Any, queue: str, time_machine: Any) -> None:
        """Deleting it again is no error, and the others come back after the visibility timeout."""
        handles = self._received(sqs, queue)
        for _ in range(2):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=handles["2"])
        assert self._received(sqs, queue) == {}
        time_machine.shift(61)
        assert sorted(self._received(sqs, queue)) == ["0", "1", "3", "4"]

    def test_an_unknown_handle_is_refused(self, sqs: Any, queue: str) -> None:
        """As SQS does."""
        with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle="unknown")

    def test_a_delayed_message_comes_when_its_delay_is_over(self, sqs: Any, queue: str, time_machine: Any) -> None:
        """Not before."""
        sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=30)
        assert "later" not in self._received(sqs, queue)
        time_machine.shift(31)
        assert list(self._received(sqs, queue)) == ["later"]

    def test_attributes_count_the_messages(self, sqs: Any, queue: str) -> None:
        """Only sending does not count them."""
        self._received(sqs, queue)
        sqs.send_message(QueueUrl=queue, MessageBody="new")
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert found["ApproximateNumberOfMessages"] == "1"
        assert found["ApproximateNumberOfMessagesNotVisible"] == "5"

    def test_a_fifo_queue_still_drops_duplicates(self, sqs: Any) -> None:
        """Its attributes are read while a message is sent."""
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        url = sqs.create_queue(QueueName="inbound.fifo", Attributes=attributes)["QueueUrl"]
        for _ in range(2):
            sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="one")
        assert list(self._received(sqs, url)) == ["same"]
