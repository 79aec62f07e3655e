"""The number of AWS calls for each kind of text, which determines cost and duration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from support.world import OURS, PERSON

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Outcome

REPLY = "SendTextMessage"


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Every request that a client makes, as it is about to leave."""
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    made = [clients.dynamodb(), clients.sms_voice(), clients.queues()]
    for client in made:
        client.meta.events.register("before-call", count)
    try:
        yield calls
    finally:
        for client in made:
            client.meta.events.unregister("before-call", count)


def _hear(inbound: Any, body: str, text_id: str, **payload: Any) -> Counter[str]:
    """A text of its own second, to an environment that knows its senders."""
    inbound.world.pass_time(seconds=1)
    with _counted() as calls:
        assert inbound.hear(body, inboundMessageId=text_id, **payload) == []
    return calls


@pytest.fixture(autouse=True)
def warm(inbound: Any) -> None:
    """The settings of the number that is texted are read once a minute, for all texts to it."""
    with _counted() as calls:
        inbound.hear("STOP", originationNumber="+14255550100", inboundMessageId="warm")
    assert calls["GetItem"] == 1


def test_an_ordinary_text_costs_no_call(inbound: Any) -> None:
    """It is most of the traffic."""
    assert _hear(inbound, "See you at noon", "a").total() == 0


def test_yes_costs_one_read_where_it_is_an_ordinary_answer(inbound: Any) -> None:
    """Whether the person opted out before; where they did, it costs what START costs, and the same read."""
    assert _hear(inbound, "YES", "a") == {"GetItem": 1}
    assert _hear(inbound, "YES", "a") == {"GetItem": 1}
    _hear(inbound, "STOP", "b")
    reversal = {"GetItem": 1, "Query": 1, "PutItem": 1, "TransactWriteItems": 2, "DeleteOptedOutNumber": 1, REPLY: 1}
    assert _hear(inbound, "YES", "c") == reversal
    assert _hear(inbound, "YES", "d") == {"GetItem": 1}


def test_a_first_stop_costs_three_calls_and_its_reply(inbound: Any) -> None:
    """Recorded, put on the list, marked with its evidence; no read: that nothing stands yet is guessed."""
    calls = _hear(inbound, "STOP", "a")
    assert calls == {"PutItem": 1, "TransactWriteItems": 1, "PutOptedOutNumber": 1, REPLY: 1}


def test_a_first_stop_after_help_costs_one_call_more_in_another_environment(inbound: Any) -> None:
    """The chain of evidence is guessed to begin. The refused transaction returns its newest entry."""
    _hear(inbound, "HELP", "a")
    container.cache_clear()
    calls = _hear(inbound, "STOP", "b")
    assert calls == {"GetItem": 1, "PutItem": 1, "TransactWriteItems": 2, "PutOptedOutNumber": 1, REPLY: 1}


def test_help_costs_three_calls_and_its_reply(inbound: Any) -> None:
    """The reply is claimed, marked, and the request recorded."""
    assert _hear(inbound, "HELP", "a") == {"PutItem": 1, "TransactWriteItems": 2, REPLY: 1}


def test_a_repeated_stop_costs_two_calls(inbound: Any) -> None:
    """The guess that brings what stands, and one write of both the consent and the decision."""
    _hear(inbound, "STOP", "a")
    assert _hear(inbound, "STOP", "b") == {"PutItem": 1, "TransactWriteItems": 1}
    assert _hear(inbound, "stop please", "c") == {"PutItem": 1, "TransactWriteItems": 1}
    assert inbound.consent().decided_by == "c"
    outcomes = [item["outcome"]["S"] for item in inbound.world.history() if item["pk"]["S"] == inbound.consent().number]
    assert sorted(outcomes) == [Outcome.CHANGED, Outcome.CONFIRMED, Outcome.CONFIRMED]


@pytest.mark.parametrize("body", ["STOP", "START"])
def test_a_duplicate_delivery_costs_two_calls(inbound: Any, body: str) -> None:
    """The guess, and the look whether its decision stands in the history."""
    event = inbound.queued({"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": body})
    inbound.run(event)
    with _counted() as calls:
        assert inbound.run(event) == []
    assert calls == {"PutItem": 1, "TransactWriteItems": 1}
    assert len(inbound.world.history()) == 2


def test_a_start_after_a_stop_costs_six_calls_and_its_reply(inbound: Any) -> None:
    """It reverses a consent, so the history is searched for an earlier copy of it. The reply is sent, and marked, last."""
    _hear(inbound, "STOP", "a")
    calls = _hear(inbound, "START", "b")
    assert calls == {"PutItem": 2, "TransactWriteItems": 2, "Query": 1, "DeleteOptedOutNumber": 1, REPLY: 1}


def test_a_cold_start_reads_one_item(inbound: Any) -> None:
    """Whose number was texted; all further texts of a minute go without."""
    inbound.world.pass_time(minutes=2)
    assert _hear(inbound, "STOP", "a")["GetItem"] == 1
    assert _hear(inbound, "STOP", "b", originationNumber="+14255550183")["GetItem"] == 0


def test_a_consent_that_moved_under_the_transaction_is_decided_anew(
    inbound: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both writes are refused, and what stands comes with the refusal."""
    _hear(inbound, "STOP", "a")
    inbound.world.pass_time(seconds=5)

    def meanwhile(params: dict[str, Any], **_: Any) -> None:
        if inbound.consent().revision < 100:
            item = clients.dynamodb().get_item(
                TableName="ledger",
                Key={"pk": params["TransactItems"][0]["Put"]["Item"]["pk"], "sk": {"S": "LIST#Default"}},
            )["Item"]
            clients.dynamodb().put_item(TableName="ledger", Item=item | {"revision": {"N": "100"}})

    events = clients.dynamodb().meta.events
    events.register("provide-client-params.dynamodb.TransactWriteItems", meanwhile)
    try:
        inbound.hear("STOP", inboundMessageId="b")
    finally:
        events.unregister("provide-client-params.dynamodb.TransactWriteItems", meanwhile)
    assert (inbound.consent().decided_by, inbound.consent().revision) == ("b", 101)


def test_a_write_that_meets_a_transaction_is_made_again(inbound: Any) -> None:
    """DynamoDB refuses what would change an item that a transaction is changing; botocore does not repeat that."""
    _hear(inbound, "STOP", "a")
    refusals = iter([True])

    def conflict(**_: Any) -> tuple[Any, dict[str, Any]] | None:
        if next(refusals, False):
            error = {"Code": "TransactionConflictException", "Message": ""}
            return AWSResponse("", 400, {}, None), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return None

    events = clients.dynamodb().meta.events
    events.register("before-call.dynamodb.PutItem", conflict)
    try:
        assert _hear(inbound, "START", "b")["GetItem"] == 1
    finally:
        events.unregister("before-call.dynamodb.PutItem", conflict)
    assert inbound.consent().status is Status.OPTED_IN


def test_a_cancelled_transaction_has_the_text_delivered_again(inbound: Any) -> None:
    """Another transaction was at the same item: nothing is written, and nothing is lost."""
    _hear(inbound, "STOP", "a")

    def cancelled(**_: Any) -> tuple[Any, dict[str, Any]]:
        reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
        error = {"Code": "TransactionCanceledException", "Message": ""}
        parsed = {"Error": error, "CancellationReasons": reasons, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return AWSResponse("", 400, {}, None), parsed

    events = clients.dynamodb().meta.events
    events.register("before-call.dynamodb.TransactWriteItems", cancelled)
    try:
        inbound.world.pass_time(seconds=1)
        assert inbound.hear("STOP", inboundMessageId="b") == ["record-0"]
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", cancelled)
    assert inbound.hear("STOP", inboundMessageId="b") == []
    assert inbound.consent().decided_by == "b"
