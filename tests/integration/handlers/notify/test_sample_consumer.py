"""The sample rule and consumer of the README, as they are shown there."""

from __future__ import annotations

import importlib.util
import json
import random
from typing import Any

import boto3
import pytest
from samtranslator.yaml_helper import yaml_parse
from support.notify_function import Notify, sample_rule
from support.template import REPOSITORY
from support.world import LIST, PERSON

from sms_consent.adapters import clients
from sms_consent.domain.decision import Asked

SAMPLE = REPOSITORY / "examples" / "consumer"


class Consumer:
    """The sample's handler, with the table that its template makes."""

    def __init__(self) -> None:
        template = yaml_parse((SAMPLE / "template.yaml").read_text())["Resources"]["Consents"]["Properties"]
        clients.dynamodb().create_table(TableName="consents", **template)
        specification = importlib.util.spec_from_file_location("sample_consumer", SAMPLE / "handler.py")
        assert specification is not None
        assert specification.loader is not None
        self._module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(self._module)
        sqs, events = clients.queues(), clients.events()
        self._queue = sqs.create_queue(QueueName="sample")["QueueUrl"]
        events.put_rule(Name="sample", EventPattern=json.dumps(sample_rule()))
        events.put_targets(Rule="sample", Targets=[{"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:123456789012:sample"}])

    def events(self) -> list[dict[str, Any]]:
        """What the rule lets through."""
        messages = clients.queues().receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def hear(self, event: dict[str, Any]) -> None:
        self._module.handler(event, None)

    def kept(self) -> dict[tuple[str, str], str]:
        items: list[dict[str, Any]] = boto3.resource("dynamodb").Table("consents").scan()["Items"]
        return {(item["number"], item["list"]): item["status"] for item in items}


@pytest.fixture
def consumer(notify: Notify, monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """Deployed beside the stack, which must be there first."""
    monkeypatch.setenv("TABLE", "consents")
    return Consumer()


@pytest.mark.slow
def test_it_keeps_the_newest_status_whatever_comes_again_and_in_any_order(notify: Notify, consumer: Consumer) -> None:
    """EventBridge delivers at least once and promises no order."""
    world = notify.inbound.world
    for _ in range(2):
        world.opt_out()
        world.pass_time(minutes=1)
        world.opt_in()
        world.pass_time(minutes=1)
    notify.run()
    events = consumer.events()
    assert [event["detail"]["status"] for event in events] == ["OPTED_OUT", "OPTED_IN", "OPTED_OUT", "OPT_IN_PENDING"]
    for seed in range(5):
        for event in random.Random(seed).sample(events * 2, k=len(events) * 2):
            consumer.hear(event)
        assert consumer.kept() == {(PERSON, LIST): "OPT_IN_PENDING"}


def test_its_rule_lets_through_what_changes_a_consent_and_nothing_else(notify: Notify, consumer: Consumer) -> None:
    """An unclear text is for people, not for a system that sends."""
    world = notify.inbound.world
    world.parts.help_and_clarification.note(world.decision(Asked.UNCLEAR, body="?"))
    world.opt_out()
    notify.run()
    assert len(notify.told()) == 2
    assert [event["detail-type"] for event in consumer.events()] == ["ConsentWithdrawn"]


def test_it_is_twenty_lines_long() -> None:
    """A sample is read before it is run."""
    assert len((SAMPLE / "handler.py").read_text().splitlines()) <= 20
