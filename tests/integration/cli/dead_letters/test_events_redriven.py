"""`sms-consent dead-letters --events`: changes that could not be published, and publishing them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from support.notify_function import Notify, notify_function
from support.world import PERSON
from typer.testing import CliRunner

from sms_consent.adapters import clients
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import Deployment


@dataclass
class Trimmed:
    """A stream whose records are over a day old."""

    streams: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.streams, name)

    def get_records(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetRecords")


@dataclass
class Operator:
    """The function, its dead letters, and the command."""

    notify: Notify

    def run(self, *arguments: str) -> Result:
        self.notify.inbound.world.pass_time(seconds=1)
        environment = {"DEAD_LETTER_QUEUE_URL": self.notify.dead_letter_queue, "EVENT_BUS_NAME": "default"}
        return CliRunner().invoke(app, ["dead-letters", *arguments, "--events"], env=environment)

    def listed(self) -> list[dict[str, Any]]:
        result = self.run("list", "--json")
        assert result.exit_code == 0, result.output
        messages: list[dict[str, Any]] = json.loads(result.stdout)
        return messages

    def put_aside(self, *asked: str) -> None:
        """Dead-letter changes that the bus rejects, as the function does."""
        self.notify.refuses = lambda _: "MalformedDetail"
        for each in asked:
            self.notify.inbound.hear(each, inboundMessageId=f"{each}-{len(self.notify.requests)}")
            self.notify.inbound.world.pass_time(minutes=1)
            assert self.notify.run() == []
        self.notify.refuses = lambda _: None

    def failed_whole(self, *, last: str | None = None) -> None:
        """What Lambda leaves when the function fails as a whole: the records' place in the stream."""
        records = self.notify.records()
        stream = records[0]["eventSourceARN"]
        (shard,) = self.notify.streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
        place = {
            "shardId": shard["ShardId"],
            "startSequenceNumber": records[0]["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last or records[-1]["dynamodb"]["SequenceNumber"],
            "batchSize": len(records),
            "streamArn": stream,
        }
        body = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": place}
        clients.queues().send_message(QueueUrl=self.notify.dead_letter_queue, MessageBody=json.dumps(body))


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """Time stands still here, so a receive must not wait for it."""
    monkeypatch.setattr("sms_consent_cli.commands.dead_letters.queue.WAIT", 0)
    monkeypatch.setattr(Deployment, "sqs", lambda _: clients.queues())
    monkeypatch.setattr(Deployment, "events", lambda _: clients.events())
    monkeypatch.setenv("COLUMNS", "100")
    with notify_function(monkeypatch) as notify:
        monkeypatch.setattr(Deployment, "streams", lambda _: notify.streams)
        yield Operator(notify)


def test_a_change_is_listed_with_its_event_reason_and_masked_number(operator: Operator) -> None:
    """The number is not needed to fix a fault."""
    operator.put_aside("STOP")
    (message,) = operator.listed()
    assert (message["event"], message["number"], message["canBeTold"]) == ("ConsentWithdrawn", "+1425•••0182", True)
    assert "MalformedDetail" in message["reason"]
    shown = operator.run("list").stdout
    assert "ConsentWithdrawn" in shown
    assert PERSON.removeprefix("+") not in shown


def test_it_is_shown_as_it_came_only_when_asked(operator: Operator) -> None:
    """The record holds the number and the text."""
    operator.put_aside("STOP")
    (message,) = operator.listed()
    assert PERSON not in operator.run("show", message["id"]).stdout
    assert PERSON in operator.run("show", message["id"][:8], "--reveal").stdout
    assert json.loads(operator.run("show", message["id"], "--json").stdout)["event"] == "ConsentWithdrawn"


def test_redriven_events_are_published_in_order_and_leave_the_queue(operator: Operator) -> None:
    """Two changes of one number: the older first."""
    operator.put_aside("STOP", "START")
    result = operator.run("redrive")
    assert (result.exit_code, result.stdout) == (0, "2 messages published.\n")
    assert [event["detail-type"] for event in operator.notify.told()] == ["ConsentWithdrawn", "ConsentRestored"]
    assert operator.listed() == []
    assert operator.run("list").stdout == "There are no dead-lettered events.\n"
    assert operator.run("redrive").stdout == "There are no dead-lettered events.\n"


def test_a_dry_run_publishes_nothing(operator: Operator) -> None:
    """And leaves everything."""
    operator.put_aside("STOP")
    assert operator.run("redrive", "--dry-run").stdout == "1 message would be published.\n"
    assert operator.notify.told() == []
    assert len(operator.listed()) == 1


def test_after_a_failed_change_no_later_change_of_its_number_is_published(operator: Operator) -> None:
    """It would be told in the wrong order; others are not held up."""
    operator.put_aside("STOP", "START")
    operator.notify.inbound.hear("STOP", originationNumber="+14255550183", inboundMessageId="other")
    operator.notify.refuses = lambda _: "MalformedDetail"
    operator.notify.run()
    operator.notify.refuses = lambda entry: "MalformedDetail" if PERSON in entry["Detail"] else None
    told = json.loads(operator.run("redrive", "--json").stdout)
    assert len(told["told"]) == 1
    assert sorted(told["leftHere"].values()) == [
        "an earlier change of the same number could not be published",
        "the event bus never takes it: MalformedDetail",
    ]
    assert [event["detail"]["number"] for event in operator.notify.told()] == ["+14255550183"]
    assert len(operator.listed()) == 2


def test_one_of_them_can_be_chosen(operator: Operator) -> None:
    """By the beginning of its id."""
    operator.put_aside("STOP", "START")
    chosen = next(each["id"] for each in operator.listed() if each["event"] == "ConsentRestored")
    assert operator.run("redrive", "--id", chosen[:8]).exit_code == 0
    assert [each["event"] for each in operator.listed()] == ["ConsentWithdrawn"]


def test_where_the_function_failed_as_a_whole_the_records_are_read_from_the_stream(operator: Operator) -> None:
    """Lambda's message only says where they stand."""
    operator.notify.inbound.hear("STOP")
    operator.failed_whole()
    (message,) = operator.listed()
    assert message["reason"] == "the function failed as a whole: see its logs"
    assert message["records"] >= 1
    assert "records of the stream" in operator.run("list").stdout
    assert operator.run("redrive").stdout == "1 message published.\n"
    assert [event["detail-type"] for event in operator.notify.told()] == ["ConsentWithdrawn"]
    assert operator.listed() == []


def test_records_that_the_stream_has_forgotten_are_said_to_be_gone(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream keeps them for a day; the message stays for the operator."""
    operator.notify.inbound.hear("STOP")
    operator.failed_whole()
    monkeypatch.setattr(Deployment, "streams", lambda _: Trimmed(operator.notify.streams))
    result = operator.run("redrive")
    assert "no longer in the stream" in result.stdout, result.output
    assert len(operator.listed()) == 1


def test_a_message_of_which_only_a_part_is_left_in_the_stream_stays(operator: Operator) -> None:
    """A partly published message must not count as done."""
    operator.notify.inbound.hear("STOP")
    operator.failed_whole(last="9" * 40)
    assert "no longer in the stream" in operator.run("redrive").stdout
    assert operator.notify.told() == []
    assert len(operator.listed()) == 1


@pytest.mark.parametrize("body", ["not JSON", "[]", '{"dynamodb": {"Keys": {}}}'])
def test_what_cannot_be_read_stays_and_says_so(operator: Operator, body: str) -> None:
    """Nothing in it is quoted."""
    clients.queues().send_message(QueueUrl=operator.notify.dead_letter_queue, MessageBody=body)
    (message,) = operator.listed()
    assert message["canBeTold"] is False
    assert "unreadable" in operator.run("list").stdout
    told = json.loads(operator.run("redrive", "--json").stdout)
    assert (told["told"], len(told["leftHere"])) == ([], 1)


def test_the_queue_is_that_of_the_stacks_outputs(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless another is named."""
    outputs = {"NotifyDeadLetterQueueUrl": operator.notify.dead_letter_queue, "EventBus": "arn:x:event-bus/default"}
    monkeypatch.setattr(Deployment, "_outputs", outputs)
    operator.put_aside("STOP")
    operator.notify.inbound.world.pass_time(seconds=1)
    for name in ("DEAD_LETTER_QUEUE_URL", "EVENT_BUS_NAME"):
        monkeypatch.delenv(name)
    result = CliRunner().invoke(app, ["dead-letters", "redrive", "--events"])
    assert result.stdout == "1 message published.\n", result.output
