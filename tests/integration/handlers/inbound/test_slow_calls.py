"""Slow calls: the newest request is recorded first, and nothing is running when the function returns."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from support.inbound_function import TIMEOUT
from support.lambda_context import Context
from support.world import OURS, PERSON

from handlers.inbound import container, handler
from sms_consent.adapters import clients
from sms_consent.adapters.clock import MARGIN
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Outcome
from sms_consent.domain.errors import OutOfTime
from sms_consent.domain.ports import Sender
from sms_consent.inbound.batch import run_in_sequence

LISTING = ("PutOptedOutNumber", "DeleteOptedOutNumber", "DescribeOptedOutNumbers")


class CutOff(BaseException):
    """Lambda stopped the function in the middle of a call."""


class Slow:
    """Every call takes some time, or runs into its time-outs."""

    def __init__(self, inbound: Any, seconds: dict[str, float], *, hangs: frozenset[str] = frozenset()) -> None:
        self.inbound = inbound
        self.seconds = seconds
        self.hangs = hangs
        self.calls: list[str] = []
        self.deadline: datetime | None = None

    def __call__(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        seconds = self.seconds.get(model.name, self.seconds[model.service_model.service_name])
        now = datetime.now(UTC)
        if self.deadline is not None and now + timedelta(seconds=seconds) > self.deadline:
            raise CutOff(model.name)
        self.inbound.world.pass_time(seconds=seconds)
        if model.name in self.hangs or model.service_model.service_name in self.hangs:
            raise ReadTimeoutError(endpoint_url="https://aws.example")


@contextmanager
def _slow(inbound: Any, ledger: float, service: float = 0.0, *, hangs: tuple[str, ...] = ()) -> Iterator[Slow]:
    seconds = {"dynamodb": ledger, "pinpoint-sms-voice-v2": service, "sqs": 0.0, "DeleteMessageBatch": ledger}
    slow = Slow(inbound, seconds, hangs=frozenset(hangs))
    made = [clients.dynamodb(), clients.sms_voice(), clients.queues()]
    for client in made:
        client.meta.events.register("before-call", slow)
    try:
        yield slow
    finally:
        for client in made:
            client.meta.events.unregister("before-call", slow)


def _deliver(slow: Slow) -> None:
    """One delivery in the function's real time-out."""
    slow.inbound.world.pass_time(seconds=600)
    slow.deadline = datetime.now(UTC) + TIMEOUT
    slow.inbound.deliver()
    slow.deadline = None


def _send(inbound: Any, *bodies: str, sender: str = PERSON, **payload: Any) -> None:
    for at, body in enumerate(bodies):
        text = {
            "originationNumber": sender,
            "destinationNumber": OURS,
            "messageBody": body,
            "inboundMessageId": f"m{at}",
        }
        inbound.send(text | payload)
        inbound.world.pass_time(milliseconds=1)


def _outcomes(inbound: Any) -> dict[str, str]:
    return {item["id"]["S"]: item["outcome"]["S"] for item in inbound.world.history()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("latency", "last"), [(0.0, "STOP"), (0.3, "START"), (1.0, "STOP"), (2.5, "STOP"), (2.5, "START"), (2.9, "STOP")]
)
def test_the_newest_request_is_recorded_by_the_first_delivery_however_slow_the_ledger(
    inbound: Any, latency: float, last: str
) -> None:
    """Ten texts of one person in one batch; the queue delivers what was not started again, and all end in the history."""
    others = ["START", "STOP"] if last == "STOP" else ["STOP", "START"]
    _send(inbound, *[others[at % 2] for at in range(9)], last)
    with _slow(inbound, latency, min(1.0, latency)) as slow:
        _deliver(slow)
        consent = inbound.consent()
        assert consent.decided_by == "m9"
        assert consent.status is (Status.OPTED_OUT if last == "STOP" else Status.OPTED_IN)
        for _ in range(9):
            left = inbound.queue_length()
            if not left:
                break
            _deliver(slow)
            assert inbound.queue_length() < left
    assert inbound.queue_length() == 0
    outcomes = _outcomes(inbound)
    assert len(outcomes) == 10
    assert [text for text, outcome in outcomes.items() if outcome == Outcome.CHANGED] == ["m9"]
    inbound.world.pass_time(minutes=2)
    inbound.world.sweep()
    assert inbound.world.listed() is (last == "STOP")


@pytest.mark.parametrize("latency", [1.0, 2.9])
def test_help_and_questions_wait_for_the_request(inbound: Any, latency: float) -> None:
    """They were sent later, and are answered later."""
    _send(inbound, "HELP", "STOP", "HELP", "who is this", "HELP")
    with _slow(inbound, latency, latency) as slow:
        _deliver(slow)
        assert inbound.consent().status is Status.OPTED_OUT
        assert "Help" not in str(inbound.world.texts()[:1])
        while inbound.queue_length():
            _deliver(slow)
    assert _outcomes(inbound)["m1"] == Outcome.CHANGED


def test_each_number_of_ours_has_its_own_newest_request(inbound: Any) -> None:
    """An old STOP to one line does not wait for nine texts to another."""
    _send(inbound, "STOP", destinationNumber="+12125550199")
    inbound.world.pass_time(seconds=1)
    for at in range(9):
        _send(inbound, ("START", "STOP")[at % 2], inboundMessageId=f"n{at}")
    inbound.configure(Sender(identity="+12125550199", list_name="Other"))
    with _slow(inbound, 2.5, 1.0) as slow:
        _deliver(slow)
    assert inbound.consent(list_name="Other").status is Status.OPTED_OUT
    assert inbound.consent().decided_by == "n8"


@pytest.mark.parametrize("hangs", ["dynamodb", "pinpoint-sms-voice-v2", "PutOptedOutNumber", "SendTextMessage"])
@pytest.mark.parametrize("bodies", [("STOP",), ("HELP", "STOP", "START")])
def test_a_service_that_does_not_answer_holds_no_call_beyond_the_deadline(
    inbound: Any, hangs: str, bodies: tuple[str, ...]
) -> None:
    """Every call runs into its time-outs. Afterwards everything is made good."""
    _send(inbound, *bodies)
    with _slow(inbound, clients.LEDGER_CALL, clients.SMS_CALL, hangs=(hangs,)) as slow:
        for _ in range(3):
            _deliver(slow)
    for _ in range(4):
        inbound.redeliver()
        inbound.world.pass_time(minutes=5)
        inbound.world.sweep()
    assert inbound.queue_length() == 0
    newest = next(body for body in reversed(bodies) if body != "HELP")
    assert inbound.consent().settled
    assert inbound.world.listed() is (newest == "STOP")


@pytest.mark.slow
def test_no_latencies_keep_a_call_running_beyond_the_deadline(inbound: Any) -> None:
    """Random batches of several people, whose calls take anything up to their longest."""
    chance = random.Random(13)
    with _slow(inbound, 0.0) as slow:
        for case in range(8):
            longest = chance.choice([0.2, 1.0, 4.0, 9.0])
            names = ("GetItem", "PutItem", "TransactWriteItems", "SendTextMessage", *LISTING)
            slow.seconds |= {
                name: chance.uniform(0, min(longest, clients.SMS_CALL if name in (*LISTING, "SendTextMessage") else 9))
                for name in names
            }
            for at in range(chance.randint(1, 10)):
                word = chance.choice(["STOP", "START", "HELP", "ok"])
                _send(inbound, word, sender=f"+1425555018{chance.randint(0, 3)}", inboundMessageId=f"{case}-{at}")
            _deliver(slow)
            # What time was too short for is not what this is about: it would fill the next batches.
            clients.queues().purge_queue(QueueUrl=inbound.source)


def test_a_change_recorded_late_is_left_to_sweep_at_once(inbound: Any) -> None:
    """No lease is taken that nobody could use: sweep need not wait for its end."""
    event = inbound.queued({"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "STOP"})
    context = Context(datetime.now(UTC) + timedelta(seconds=29))
    with _slow(inbound, 8.0) as slow:
        slow.deadline = context.deadline
        handler(event, context)  # type: ignore[arg-type]  # the two members that the handler uses
        assert [call for call in slow.calls if call in (*LISTING, "SendTextMessage")] == []
    consent = inbound.consent()
    assert (consent.lease, consent.settled, consent.due is not None) == (None, False, True)
    assert consent.attempts == 0
    inbound.world.sweep()
    assert inbound.world.listed()
    assert len(inbound.world.texts()) == 1


def test_no_text_is_started_that_might_not_be_recorded_in_time(inbound: Any) -> None:
    """It stays in the queue untouched; an ordinary text needs no call, hence no time."""
    event = inbound.queued(
        {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "STOP"},
        {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "see you at noon"},
    )
    late = Context(datetime.now(UTC) + timedelta(seconds=clients.RECORDING))
    with _slow(inbound, 0.0) as slow:
        response = handler(event, late)  # type: ignore[arg-type]  # the two members that the handler uses
        assert slow.calls == []
    assert [failure["itemIdentifier"] for failure in response["batchItemFailures"]] == ["record-0"]


@pytest.mark.parametrize(
    ("client", "call", "seconds"),
    [
        ("dynamodb", "list_tables", 9),
        ("queues", "list_queues", 9),
        ("sms_voice", "describe_opt_out_lists", 6 + 9),
    ],
)
def test_no_call_is_started_that_could_outlast_the_invocation(
    inbound: Any, monkeypatch: pytest.MonkeyPatch, client: str, call: str, seconds: int
) -> None:
    """Two attempts of four seconds and a second in between; for the list, one of six, and its mark in the ledger."""
    assert inbound.world is not None
    call_it = getattr(getattr(clients, client)(), call)
    enough = int((seconds + MARGIN) * 1000)
    monkeypatch.setattr(clients.deadline, "remaining_ms", lambda: enough)
    call_it()
    monkeypatch.setattr(clients.deadline, "remaining_ms", lambda: enough - 1)
    with pytest.raises(OutOfTime):
        call_it()


def test_the_deadline_of_one_invocation_does_not_bind_what_follows(inbound: Any) -> None:
    """The clients live on, and so do other functions in the local stack's process."""
    over = Context(datetime.now(UTC))
    handler(inbound.queued("5"), over)  # type: ignore[arg-type]  # the two members that the handler uses
    assert clients.deadline.allows(3600)
    assert inbound.hear("STOP") == []


def test_nothing_is_running_when_the_function_returns(inbound: Any) -> None:
    """A thread that Lambda freezes would go on in a later invocation, perhaps inside a deletion."""
    running: list[str] = []
    ended: list[str] = []

    def begin(model: Any, **_: Any) -> None:
        running.append(model.name)

    def end(model: Any, **_: Any) -> None:
        ended.append(model.name)

    made = (clients.dynamodb(), clients.sms_voice())
    for client in made:
        client.meta.events.register("before-call", begin)
        client.meta.events.register("after-call", end)
    try:
        for at in range(6):
            _send(inbound, "STOP", "HELP", "START", sender=f"+1425555018{at}", inboundMessageId=f"{at}")
        assert inbound.deliver() == 10
        assert sorted(running) == sorted(ended) != []
        assert container().inbound_batch._run is not run_in_sequence
    finally:
        for client in made:
            client.meta.events.unregister("before-call", begin)
            client.meta.events.unregister("after-call", end)


def test_copies_of_one_text_in_a_batch_count_from_the_earliest_time(inbound: Any) -> None:
    """A text that was published again must not move behind what the person asked for in between."""
    stop = {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "STOP", "inboundMessageId": "stop"}
    first = json.dumps(inbound.notification(stop))
    inbound.world.pass_time(seconds=1)
    start = inbound.notification(stop | {"messageBody": "START", "inboundMessageId": "start"})
    inbound.world.pass_time(seconds=1)
    again = json.dumps(inbound.notification(stop))
    inbound.send(again, json.dumps(start), first)
    inbound.deliver()
    assert inbound.consent().status is Status.OPTED_IN
    assert _outcomes(inbound) == {"start": Outcome.CHANGED, "stop": Outcome.STALE}
