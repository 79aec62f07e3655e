"""`sms-consent dead-letters` with the whole local stack, knowing only the address of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from integration.local.served import Served, run, served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """One for the module."""
    with served() as running:
        yield running


def test_the_queues_are_found_by_the_stacks_outputs_and_a_stop_is_honoured_in_the_end(stack: Served) -> None:
    """From the dead-letter queue to the opt-out list; what still cannot be read is a dead letter again."""
    person = stack.person()
    message = {"originationNumber": person, "destinationNumber": "+12125550101", "messageBody": "STOP"}
    envelope = {"Type": "Notification", "Message": json.dumps(message), "Timestamp": "2026-11-20T02:03:04.000Z"}
    sqs, url = stack.client("sqs"), stack.about["dead_letter_queue_url"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(envelope))
    stack.publish("72345", "STOP")
    stack.drain()
    local = {"AWS_ENDPOINT_URL": stack.endpoint}
    letters = json.loads(run("dead-letters", "list", "--json", **local).stdout)
    assert [letter["intent"] for letter in letters] == ["OPT_OUT", "OPT_OUT"]
    done = run("dead-letters", "redrive", **local)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 dead letters put back into the queue.")
    stack.drain()
    assert stack.listed(person) is not None
    (reason,) = stack.put_aside()
    assert "no phone number" in reason
