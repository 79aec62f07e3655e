"""Fixtures: the command, and the function whose dead letters it handles, with queues in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import Result
from support.inbound_function import Inbound, inbound_function
from typer.testing import CliRunner

from sms_consent.adapters import clients
from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import Deployment


@dataclass
class Operator:
    """A queue, its dead-letter queue, the function, and the command."""

    inbound: Inbound
    queue: str

    @property
    def dead_letters(self) -> str:
        return self.inbound.queue

    # --- what is there

    def put_aside(self, body: str, reason: str) -> None:
        """Dead-letter a text as the function does."""
        DeadLetters(clients.queues, self.dead_letters).put(body, reason)

    def give_up(self, body: str) -> None:
        """Dead-letter a text as SQS does, without a reason."""
        clients.queues().send_message(QueueUrl=self.dead_letters, MessageBody=body)

    def text(self, body: str, **payload: Any) -> str:
        """Return a text as the queue has it."""
        from support.world import OURS, PERSON

        text = {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": body}
        return json.dumps(self.inbound.notification(text | payload))

    def waiting(self, queue: str | None = None) -> list[Any]:
        """Return the messages in a queue, and leave them there."""
        self.moment()
        sqs, url = clients.queues(), queue or self.dead_letters
        found = []
        while received := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=30
        ).get("Messages"):
            found += received
        for each in found:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0)
        return found

    def bodies(self, queue: str | None = None) -> list[str]:
        return sorted(each["Body"] for each in self.waiting(queue))

    def process(self) -> None:
        """Have the function process the queue."""
        sqs = clients.queues()
        while received := sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            records = [
                {"messageId": each["MessageId"], "body": each["Body"], "attributes": each["Attributes"]}
                for each in received
            ]
            assert self.inbound.run({"Records": records}) == []
            for each in received:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])

    def moment(self) -> None:
        """Wait until a returned message is visible."""
        self.inbound.world.pass_time(seconds=1)

    # --- the command

    def run(self, *arguments: str, **environment: str) -> Result:
        """Run `sms-consent dead-letters …` with the queues' URLs."""
        self.moment()
        queues = {"DEAD_LETTER_QUEUE_URL": self.dead_letters, "INBOUND_QUEUE_URL": self.queue}
        return CliRunner().invoke(app, ["dead-letters", *arguments], env=queues | environment)

    def listed(self) -> list[dict[str, Any]]:
        result = self.run("list", "--json")
        assert result.exit_code == 0, result.output
        letters: list[dict[str, Any]] = json.loads(result.stdout)
        return letters


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """Time stands still here, so a receive must not wait for it. One client for all: making one takes longer than a test."""
    monkeypatch.setattr("sms_consent_cli.commands.dead_letters.queue.WAIT", 0)
    monkeypatch.setattr(Deployment, "sqs", lambda _: clients.queues())
    monkeypatch.setenv("COLUMNS", "80")
    with inbound_function(monkeypatch) as inbound:
        yield Operator(inbound, clients.queues().create_queue(QueueName="inbound")["QueueUrl"])
