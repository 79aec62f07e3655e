"""A text that crashes the process at each delivery: the other texts are recorded, and it is retried."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from moto.moto_api._internal import moto_api_backend
from moto.server import ThreadedMotoServer
from support.template import REPOSITORY, create_table

import moto_sms_voice

OURS, LIST = "+12125550101", "Default"
pytestmark = pytest.mark.slow

PEOPLE = [f"+142555501{at:02}" for at in range(10)]
KILLER = PEOPLE[6]


@pytest.fixture
def endpoint() -> Iterator[str]:
    """AWS in memory, for other processes."""
    moto_sms_voice.install()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request helps nobody
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    assert server._server is not None
    server._server.server_close()  # moto leaves the socket to the garbage collector, which warns of it
    moto_api_backend.reset()


class Aws:
    """What the deployment has."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.dynamodb, self.sqs = self._client("dynamodb"), self._client("sqs")
        create_table(self.dynamodb)
        self.queue: str = self.sqs.create_queue(QueueName="inbound")["QueueUrl"]
        self.dead_letters: str = self.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]

    def _client(self, service: str) -> Any:
        return get_session().create_client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def text(self, person: str, body: str, second: int) -> None:
        """Put one into the queue."""
        payload = {"originationNumber": person, "destinationNumber": OURS, "messageBody": body}
        notification = {
            "Type": "Notification",
            "MessageId": f"{person[1:]}-{second}",
            "Message": json.dumps(payload),
            "Timestamp": f"2026-11-03T14:00:{second:02}.000Z",
        }
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(notification))

    def deliver(self, times: int) -> list[dict[str, Any]]:
        """Let the function have what is in the queue, and kill it at the killer's first write."""
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "LEDGER_TABLE": "ledger",
            "OPT_OUT_LIST": LIST,
            "BRAND": "Example",
            "SUPPORT_CONTACT": "help.example.com",
            "DEAD_LETTER_QUEUE_URL": self.dead_letters,
            "INBOUND_QUEUE_URL": self.queue,
            "PYTHONPATH": str(REPOSITORY / "functions"),
        }
        driver = Path(__file__).with_name("killed_process.py")
        done = subprocess.run(  # noqa: S603  our own code
            [sys.executable, str(driver), self.queue, KILLER, str(times)],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stderr.splitlines()]

    def left(self) -> int:
        """Messages in the queue, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


def test_texts_beside_one_that_kills_the_process_are_recorded_within_two_visibility_time_outs(endpoint: str) -> None:
    """At the third delivery at the latest. After the fourth they are gone from the queue, and only the risky one is left."""
    aws = Aws(endpoint)
    for second, person in enumerate(PEOPLE):
        aws.text(person, "STOP", second)
    deliveries = aws.deliver(5)
    others = sorted(set(PEOPLE) - {KILLER})
    assert [each["killed"] for each in deliveries] == [True] * 5
    assert [each["recorded"] for each in deliveries[2:]] == [others] * 3
    assert [each["received"] for each in deliveries[:4]] == [10] * 4
    assert aws.left() == 1
