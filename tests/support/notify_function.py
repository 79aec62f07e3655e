"""NotifyFunction behind its real handler: fed from the ledger's stream, heard by a queue behind the sample rule."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from botocore.config import Config
from botocore.session import get_session
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend
from samtranslator.yaml_helper import yaml_parse

from handlers.notify import handler
from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.bootstrap.ledger_only import event_batch
from support.event_schemas import fits
from support.inbound_function import Inbound, inbound_function
from support.lambda_context import Context
from support.template import REPOSITORY, template

__all__ = ["Notify", "Refusal", "notify_beside", "notify_function", "sample_rule"]

TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/ledger"
Refusal = Callable[[dict[str, Any]], str | None]
"""Says of an entry of PutEvents with which code it fails, None if it does not."""


def sample_rule() -> dict[str, Any]:
    """The event pattern of the sample consumer."""
    document: dict[str, Any] = yaml_parse((REPOSITORY / "examples/consumer/template.yaml").read_text())
    pattern: dict[str, Any] = document["Resources"]["Consumer"]["Properties"]["Events"]["ConsentChanged"]["Properties"][
        "Pattern"
    ]
    return pattern


@dataclass
class Notify:
    """The function, what feeds it, and what it reaches."""

    inbound: Inbound
    dead_letter_queue: str
    heard: str  # the queue behind a rule for every event
    streams: Any
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    """The entries of each PutEvents request, as the bus got them."""
    refuses: Refusal = lambda _: None
    invalidates: Callable[[dict[str, Any]], bool] = lambda _: False
    """Says of an entry whether the whole request is refused for it."""
    _read: int = 0

    def records(self) -> list[dict[str, Any]]:
        """What has come into the stream since the last time, as Lambda hands it over."""
        stream = clients.dynamodb().describe_table(TableName="ledger")["Table"]["LatestStreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
        start = self.streams.get_shard_iterator(
            StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found = self.streams.get_records(ShardIterator=start)["Records"]
        new, self._read = found[self._read :], len(found)
        return [_lambda_record(record, stream) for record in new]

    def run(self, records: list[dict[str, Any]] | None = None, *, milliseconds: int = 60_000) -> list[str]:
        """The sequence numbers from which the stream is to go on: none, or one."""
        event = {"Records": self.records() if records is None else records}
        response = handler(event, Context(milliseconds=milliseconds))  # type: ignore[arg-type]  # the members that the handler uses
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def told(self) -> list[dict[str, Any]]:
        """The events that have come through the bus since the last time, each as its schema says."""
        events = [json.loads(body) for _, body in _drained(self.heard)]
        assert all(fits(event) for event in events)
        return events

    def put_aside(self) -> list[tuple[str, str]]:
        """Reasons and bodies in the dead-letter queue, which is emptied."""
        return [
            (each["MessageAttributes"]["Reason"]["StringValue"], body)
            for each, body in _drained(self.dead_letter_queue)
        ]


@cache
def _streams() -> Any:
    """The same client for every test. moto does not know the endpoints that have the account's id in them."""
    return get_session().create_client("dynamodbstreams", config=Config(account_id_endpoint_mode="disabled"))


def _drained(queue: str) -> Iterator[tuple[Any, str]]:
    sqs = clients.queues()
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield message, message["Body"]


def _lambda_record(record: dict[str, Any], stream: str) -> dict[str, Any]:
    change = record["dynamodb"]
    change["ApproximateCreationDateTime"] = int(change["ApproximateCreationDateTime"].timestamp())
    # Bytes are base64 in an event.
    text = json.dumps(record | {"eventSourceARN": stream}, default=lambda octets: b64encode(octets).decode())
    as_json: dict[str, Any] = json.loads(text)
    return as_json


@contextmanager
def notify_beside(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """The function at its first batch, in the deployment of another."""
    specification = template()["Resources"]["LedgerTable"]["Properties"]["StreamSpecification"]
    clients.dynamodb().update_table(TableName="ledger", StreamSpecification={"StreamEnabled": True} | specification)
    sqs, events = clients.queues(), clients.events()
    queue = sqs.create_queue(QueueName="events-dead-letters")["QueueUrl"]
    heard = sqs.create_queue(QueueName="heard")["QueueUrl"]
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["sms-consent"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "heard", "Arn": "arn:aws:sqs:us-east-1:123456789012:heard"}])
    monkeypatch.setenv("EVENT_BUS_NAME", "default")
    notify = Notify(inbound, queue, heard, _streams())
    put_events = EventsBackend.put_events

    def some_fail(backend: EventsBackend, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        notify.requests.append(entries)
        if any(notify.invalidates(entry) for entry in entries):
            raise ValidationException("…")
        answers = []
        for entry in entries:
            code = notify.refuses(entry)
            answers.append({"ErrorCode": code, "ErrorMessage": "…"} if code else put_events(backend, [entry])[0])
        return answers

    event_batch.cache_clear()
    with monkeypatch.context() as environment:  # the other function has this variable too
        environment.setenv("DEAD_LETTER_QUEUE_URL", queue)
        event_batch()
    waited = inbound.world.time.shift
    with (
        patch.object(EventsBackend, "put_events", some_fail),
        patch.object(SystemClock, "sleep", lambda _, seconds: waited(timedelta(seconds=seconds))),
    ):
        yield notify
    event_batch.cache_clear()


@contextmanager
def notify_function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """A deployment of its own, with the function that hears texts beside it."""
    with inbound_function(monkeypatch) as inbound, notify_beside(inbound, monkeypatch) as notify:
        yield notify
