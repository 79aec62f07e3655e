"""End to end in the local stack: a text, the ledger's stream, the bus, the sample rule, the sample consumer."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from integration.local.served import Served, served
from samtranslator.yaml_helper import yaml_parse
from support.event_schemas import fits
from support.notify_function import sample_rule
from support.template import REPOSITORY

pytestmark = pytest.mark.slow

SAMPLE = REPOSITORY / "examples" / "consumer"
BUS = "company"


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """Served, with events on a bus of the company's own."""
    with served("--parameter", f"EventBusName={BUS}") as running:
        yield running


class Listener:
    """A queue behind a rule."""

    def __init__(self, stack: Served, name: str, pattern: dict[str, Any]) -> None:
        self._sqs, events = stack.client("sqs"), stack.client("events")
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{stack.about['region']}:123456789012:{name}"
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])

    def events(self) -> list[dict[str, Any]]:
        """What has come since the last time, each as its schema says."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        assert all(fits(event) for event in found)
        return found


@pytest.fixture
def consumer(stack: Served, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The sample's handler, on a table in the stack."""
    template = yaml_parse((SAMPLE / "template.yaml").read_text())["Resources"]["Consents"]["Properties"]
    stack.client("dynamodb").create_table(TableName="consents", **template)
    environment = {
        "TABLE": "consents",
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_DEFAULT_REGION": stack.about["region"],
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    specification = importlib.util.spec_from_file_location("sample_consumer", SAMPLE / "handler.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_sample_consumer_receives_each_change(stack: Served, consumer: ModuleType) -> None:
    """And ends with what the ledger says, of everybody."""
    sample = Listener(stack, "sample", sample_rule())
    out, back, waiting = stack.person(), stack.person(), stack.person()
    for person, words in ((out, ("STOP",)), (back, ("STOP", "START")), (waiting, ("STOP", "START", "stop", "start"))):
        for word in words:
            stack.publish(person, word)
            stack.drain()
    events = sample.events()
    assert [(event["detail"]["number"], event["detail-type"]) for event in events] == [
        (out, "ConsentWithdrawn"),
        (back, "ConsentWithdrawn"),
        (back, "ConsentRestored"),
        (waiting, "ConsentWithdrawn"),
        (waiting, "ConsentRestored"),
        (waiting, "ConsentWithdrawn"),
        (waiting, "OptInDeferred"),
    ]
    stack.advance(31 * 86_400)
    released = sample.events()
    assert [(event["detail"]["number"], event["detail-type"]) for event in released] == [(waiting, "ConsentRestored")]
    for event in (*events, *released):
        consumer.handler(event, None)
    kept = {
        item["number"]["S"]: item["status"]["S"]
        for item in stack.client("dynamodb").scan(TableName="consents")["Items"]
    }
    assert kept == {person: stack.consent(person)["status"] for person in (out, back, waiting)}


def test_an_unclear_text_is_delivered_to_its_subscribers(stack: Served) -> None:
    """By the type of event, as a rule tells them apart."""
    unclear = Listener(stack, "unclear", {"source": ["sms-consent"], "detail-type": ["WithdrawalUnclear"]})
    person = stack.person()
    text = stack.publish(person, "enough")
    stack.drain()
    (event,) = unclear.events()
    assert (event["detail"]["number"], event["detail"]["decided_by"]) == (person, text)


def test_a_stop_is_honoured_without_a_bus_and_published_when_it_is_back(stack: Served) -> None:
    """Events wait in the stream."""
    events = stack.client("events")
    for rule in events.list_rules(EventBusName=BUS)["Rules"]:
        targets = [
            target["Id"] for target in events.list_targets_by_rule(Rule=rule["Name"], EventBusName=BUS)["Targets"]
        ]
        events.remove_targets(Rule=rule["Name"], EventBusName=BUS, Ids=targets)
        events.delete_rule(Name=rule["Name"], EventBusName=BUS)
    events.delete_event_bus(Name=BUS)
    person = stack.person()
    stack.publish(person, "STOP")
    assert stack.drain()["in_flight"] > 0
    assert stack.listed(person)
    events.create_event_bus(Name=BUS)
    late = Listener(stack, "late", {"source": ["sms-consent"]})
    stack.advance(60)
    assert [event["detail"]["number"] for event in late.events()] == [person]
    assert stack.drain()["in_flight"] == 0


def test_an_unreadable_item_is_dead_lettered_and_delays_no_other(stack: Served) -> None:
    """Somebody wrote to the table by hand."""
    everything = Listener(stack, "everything", {"source": ["sms-consent"]})
    person = stack.person()
    bad = {"pk": {"S": person}, "sk": {"S": "LIST#Other"}, "status": {"S": "PERHAPS"}}
    stack.client("dynamodb").put_item(TableName=stack.about["table"], Item=bad)
    stack.publish(person, "STOP")
    stack.drain()
    assert [event["detail"]["list"] for event in everything.events()] == [stack.about["opt_out_list"]]
    (deployment,) = stack.client("cloudformation").describe_stacks()["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in deployment["Outputs"]}
    name = outputs["NotifyDeadLetterQueueUrl"].rpartition("/")[2]
    sqs = stack.client("sqs")
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"]["Reason"]["StringValue"].startswith("a record that this version cannot read")
    assert json.loads(message["Body"])["dynamodb"]["NewImage"] == bad
