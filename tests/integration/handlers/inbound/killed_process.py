"""Feeds InboundFunction from a queue, as Lambda does: each delivery in its own process, killed at one person's first write.

``python killed_process.py QUEUE_URL PERSON DELIVERIES`` writes one JSON line for each delivery to standard error.
AWS is what AWS_ENDPOINT_URL names.
A visibility time-out takes no time here: what was not finished is visible again at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.session import get_session

from handlers.inbound import handler
from sms_consent.adapters import clients

TIMEOUT = timedelta(seconds=45)


class Context:
    """What Lambda passes beside the event."""

    aws_request_id = "request"

    def __init__(self) -> None:
        self._deadline = datetime.now(UTC) + TIMEOUT

    def get_remaining_time_in_millis(self) -> int:
        """Count down."""
        return int((self._deadline - datetime.now(UTC)).total_seconds() * 1000)


def main(queue_url: str, person: str, deliveries: int) -> None:
    """Deliver so many times."""
    sqs, dynamodb = get_session().create_client("sqs"), get_session().create_client("dynamodb")
    for _ in range(deliveries):
        messages: list[Any] = []
        while not messages:  # a message is visible the millisecond after it was given back
            received = sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], VisibilityTimeout=600
            )
            messages = received.get("Messages", [])
        failed = _in_a_process_of_its_own(messages, person)
        for each in messages:
            if failed is not None and each["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
        left = [
            {"Id": str(place), "ReceiptHandle": each["ReceiptHandle"], "VisibilityTimeout": 0}
            for place, each in enumerate(messages)
            if failed is None or each["MessageId"] in failed
        ]
        if left:  # what the function deleted itself is reported as failed here
            sqs.change_message_visibility_batch(QueueUrl=queue_url, Entries=left)
        items = dynamodb.scan(TableName="ledger")["Items"]
        recorded = sorted(item["pk"]["S"] for item in items if item["sk"]["S"].startswith("LIST#"))
        line = json.dumps({"received": len(messages), "killed": failed is None, "recorded": recorded})
        sys.stderr.write(line + "\n")


def _in_a_process_of_its_own(messages: list[Any], person: str) -> list[str] | None:
    """The records that failed, None if the process was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        clients.dynamodb().meta.events.register("before-call.dynamodb.PutItem", _killing(person))
        records = [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
            }
            for each in messages
        ]
        response = handler({"Records": records}, Context())  # type: ignore[arg-type]  # the two members that the handler uses
        os.write(writing, json.dumps([each["itemIdentifier"] for each in response["batchItemFailures"]]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        written = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(written) if os.waitstatus_to_exitcode(status) == 0 else None


def _killing(person: str) -> Any:
    def kill(params: dict[str, Any], **_: Any) -> None:
        if person in json.dumps(params["body"].decode() if isinstance(params["body"], bytes) else params["body"]):
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
