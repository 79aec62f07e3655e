"""Redelivered records, which may have crashed the process: they run one at a time; after three deliveries, last and alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.intercepted import Killed
from support.world import OURS

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.inbound.batch import run_in_sequence

PEOPLE = [f"+142555501{at:02}" for at in range(10)]


def _text(body: str, sender: str, **payload: Any) -> dict[str, Any]:
    return {"originationNumber": sender, "destinationNumber": OURS, "messageBody": body} | payload


class Deliveries:
    """The function, whose process ends at some texts."""

    def __init__(self, inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inbound = inbound
        self.tries = 0
        self.batch: Any = container().inbound_batch
        # Real threads might finish others' texts before the process ends. Here none does.
        monkeypatch.setattr(self.batch, "_run", run_in_sequence)
        self._monkeypatch = monkeypatch

    def kill_when_classifying(self, *bodies: str) -> None:
        classify = self.batch._inbound.rules.classify

        def kill(text: str, **named: Any) -> Any:
            if text in bodies:
                self.tries += 1
                raise Killed
            return classify(text, **named)

        self._monkeypatch.setattr(self.batch._inbound.rules, "classify", kill)

    def kill_when_called(self, operation: str, *people: str) -> Callable[[], None]:
        def kill(params: dict[str, Any], **_: Any) -> None:
            if any(person in str(params) for person in people):
                self.tries += 1
                raise Killed

        client: Any = clients.sms_voice() if operation.endswith("OptedOutNumber") else clients.dynamodb()
        client.meta.events.register(f"provide-client-params.*.{operation}", kill)
        return lambda: client.meta.events.unregister(f"provide-client-params.*.{operation}", kill)

    def deliver(self) -> bool:
        """Whether the process survived."""
        try:
            self.inbound.redeliver()
        except Killed:
            return False
        return True

    def recorded(self) -> set[str]:
        return {item["pk"]["S"] for item in self.inbound.world.items() if item["sk"]["S"].startswith("LIST#")}


@pytest.fixture
def deliveries(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> Deliveries:
    """Nothing is killed yet."""
    return Deliveries(inbound, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "body"), [(0, "STOP"), (4, "HELP"), (6, "START"), (9, "See you at noon")])
def test_other_peoples_texts_are_recorded_within_two_visibility_time_outs(
    inbound: Any, deliveries: Deliveries, place: int, body: str
) -> None:
    """Wherever the risky text stands, and although the first delivery gets nowhere."""
    texts = [_text("STOP", person) for person in PEOPLE]
    texts[place] |= {"messageBody": body + " KILL"}
    deliveries.kill_when_classifying(body + " KILL")
    for text in texts:
        inbound.send(text)
        inbound.world.pass_time(seconds=1)
    assert [deliveries.deliver() for _ in range(3)] == [False] * 3
    assert deliveries.recorded() == {*PEOPLE} - {PEOPLE[place]}
    assert [deliveries.deliver() for _ in range(2)] == [False] * 2
    assert deliveries.tries == 5
    assert inbound.queue_length() == 1


@pytest.mark.parametrize("operation", ["PutItem", "PutOptedOutNumber"])
def test_it_does_not_matter_where_the_process_ends(inbound: Any, deliveries: Deliveries, operation: str) -> None:
    """In a call to the ledger or to the list."""
    revive = deliveries.kill_when_called(operation, PEOPLE[3])
    try:
        inbound.send(*(_text("STOP", person) for person in PEOPLE))
        for _ in range(5):
            deliveries.deliver()
        assert deliveries.recorded() >= {*PEOPLE} - {PEOPLE[3]}
        assert inbound.queue_length() <= 1
    finally:
        revive()
    inbound.redeliver()
    inbound.world.pass_time(minutes=2)
    inbound.world.sweep()
    assert inbound.queue_length() == 0
    assert all(inbound.consent(person).settled for person in PEOPLE)


def test_a_stop_beside_a_risky_text_of_the_same_person_is_recorded(inbound: Any, deliveries: Deliveries) -> None:
    """Up to three deliveries classify them together; then each is alone, and the order changes."""
    deliveries.kill_when_classifying("KILL")
    inbound.send(_text("KILL", PEOPLE[0], inboundMessageId="a"))
    inbound.world.pass_time(seconds=1)
    inbound.send(_text("STOP", PEOPLE[0], inboundMessageId="b"))
    inbound.world.pass_time(seconds=1)
    inbound.send(_text("KILL", PEOPLE[0], inboundMessageId="c"))
    took = next(number for number in range(1, 30) if not deliveries.deliver() and deliveries.recorded())
    assert took <= 12


def test_two_risky_texts_stay_alone(inbound: Any, deliveries: Deliveries) -> None:
    """Neither keeps the other, or anybody else, from being tried."""
    deliveries.kill_when_classifying("KILL 1", "KILL 2")
    inbound.send(
        _text("KILL 1", PEOPLE[1]), *(_text("STOP", person) for person in PEOPLE[2:]), _text("KILL 2", PEOPLE[0])
    )
    for _ in range(8):
        deliveries.deliver()
    assert deliveries.recorded() == set(PEOPLE[2:])
    assert inbound.queue_length() == 2


def test_new_texts_are_never_held_up_by_a_risky_one(inbound: Any, deliveries: Deliveries) -> None:
    """They are finished and deleted before it is tried."""
    deliveries.kill_when_classifying("KILL")
    inbound.send(_text("KILL", PEOPLE[0]))
    for _ in range(4):
        deliveries.deliver()
    for person in PEOPLE[1:5]:
        inbound.send(_text("STOP", person))
        assert not deliveries.deliver()
        assert person in deliveries.recorded()
        assert inbound.queue_length() == 1


def test_what_was_received_often_in_an_outage_is_processed_in_one_delivery(
    inbound: Any, deliveries: Deliveries
) -> None:
    """All records look risky then. Each runs alone, and none stops the process."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(deliveries.batch._inbound._recorder._ledger._ledger, "_table", "no-such-table")
        inbound.send(*(_text("STOP", person) for person in PEOPLE))
        for _ in range(6):
            inbound.redeliver()
    assert inbound.queue_length() == 10
    inbound.redeliver()
    assert inbound.queue_length() == 0
    assert deliveries.recorded() == set(PEOPLE)


def test_a_text_that_stops_the_process_for_13_days_is_moved_without_another_try(
    inbound: Any, deliveries: Deliveries
) -> None:
    """Otherwise SQS would delete it on the 14th day."""
    deliveries.kill_when_classifying("KILL")
    inbound.send(_text("KILL", PEOPLE[0]))
    for _ in range(5):
        deliveries.deliver()
    inbound.world.pass_time(days=12.5)
    assert not deliveries.deliver()
    inbound.world.pass_time(days=0.5)
    assert deliveries.deliver()
    ((reason, _),) = inbound.dead_letters()
    assert reason == "not processed in 13 days"
    assert deliveries.tries == 6
    assert inbound.queue_length() == 0
