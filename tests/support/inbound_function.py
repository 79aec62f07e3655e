"""InboundFunction behind its real handler, on AWS in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.inbound import container, handler
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.domain.consent import Consent
from sms_consent.domain.ports import Sender
from support.lambda_context import Context
from support.template import REPOSITORY, resources
from support.world import LIST, OURS, PERSON, World, deployed

TIMEOUT = timedelta(seconds=resources("AWS::Serverless::Function")["InboundFunction"]["Properties"]["Timeout"])
QUEUE = resources("AWS::SQS::Queue")["InboundQueue"]["Properties"]
VISIBILITY = timedelta(seconds=QUEUE["VisibilityTimeout"])


@dataclass
class Inbound:
    """The function, and what it can reach."""

    world: World
    queue: str  # of dead letters
    source: str  # the queue that feeds the function

    def event(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((REPOSITORY / "events" / name).read_text())
        return loaded

    def run(self, event: dict[str, Any]) -> list[str]:
        """The records that are to be delivered again."""
        response = handler(event, Context())  # type: ignore[arg-type]  # the two members that the handler uses
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def send(self, *texts: dict[str, Any] | str) -> None:
        """Put texts into the queue that feeds the function; a text is a payload, or a message's whole body."""
        for text in texts:
            body = text if isinstance(text, str) else json.dumps(self.notification(text))
            clients.queues().send_message(QueueUrl=self.source, MessageBody=body)

    def deliver(self) -> int:
        """Invoke the function with what is visible in the queue, as Lambda's event source mapping does; how much that was."""
        received = clients.queues().receive_message(
            QueueUrl=self.source,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
        )
        messages = received.get("Messages", [])
        if not messages:
            return 0
        records = [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": dict(each["Attributes"]),
                "eventSource": "aws:sqs",
            }
            for each in messages
        ]
        context = Context(datetime.now(UTC) + TIMEOUT)
        response = handler({"Records": records}, context)  # type: ignore[arg-type]  # the two members that the handler uses
        failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        for each in messages:
            if each["MessageId"] not in failed:
                clients.queues().delete_message(QueueUrl=self.source, ReceiptHandle=each["ReceiptHandle"])
        return len(messages)

    def redeliver(self) -> int:
        """Let the visibility time-out pass, and deliver."""
        self.world.pass_time(seconds=VISIBILITY.total_seconds() + 1)
        return self.deliver()

    def queue_length(self) -> int:
        """Messages in the queue that feeds the function, visible or not."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = clients.queues().get_queue_attributes(QueueUrl=self.source, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def queued(self, *texts: dict[str, Any] | str) -> dict[str, Any]:
        """An SQS event of one batch; a text is a payload, or a record's whole body."""
        bodies = [text if isinstance(text, str) else json.dumps(self.notification(text)) for text in texts]
        attributes = {"SentTimestamp": "1793714400000"}
        records = [
            {"messageId": f"record-{at}", "body": body, "attributes": attributes, "eventSource": "aws:sqs"}
            for at, body in enumerate(bodies)
        ]
        return {"Records": records}

    def notification(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {
            "Type": "Notification",
            "MessageId": "8f3c2a51-0000-5000-8000-000000000001",
            "Message": json.dumps(payload),
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    def hear(self, body: str, **payload: Any) -> list[str]:
        text = {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": body}
        return self.run(self.queued(text | payload))

    def consent(self, number: str = PERSON, list_name: str = LIST) -> Consent | None:
        return self.world.parts.ledger.consent(number, list_name)

    def dead_letters(self) -> list[tuple[str, str]]:
        found = clients.queues().receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            (each["MessageAttributes"]["Reason"]["StringValue"], each["Body"]) for each in found.get("Messages", [])
        ]

    def configure(self, sender: Sender) -> None:
        item = encode(sender)
        clients.dynamodb().put_item(TableName=self.world.table, Item=item)


@contextmanager
def inbound_function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbound]:
    """The function at its first event."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LEDGER_TABLE": "ledger",
        "OPT_OUT_LIST": LIST,
        "ACCOUNT_ID": "123456789012",
        "BRAND": "Example",
        "SUPPORT_CONTACT": "help.example.com",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with deployed() as world:
        queue = clients.queues().create_queue(QueueName="dead-letters")["QueueUrl"]
        attributes = {name: str(QUEUE[name]) for name in ("VisibilityTimeout", "MessageRetentionPeriod")}
        source = clients.queues().create_queue(QueueName="inbound", Attributes=attributes)["QueueUrl"]
        monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", queue)
        monkeypatch.setenv("INBOUND_QUEUE_URL", source)
        container.cache_clear()
        yield Inbound(world, queue, source)
    container.cache_clear()
