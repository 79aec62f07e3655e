"""Texts of one batch: those of different people concurrently, those of one person in order, under any interleaving."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.crew import Invocation
from simulation.reporting import NoDeadLetters, quiet_logger, quiet_metrics
from support.fake_clock import NOON, FakeClock
from support.memory_ledger import MemoryLedger
from support.memory_service import MemoryService
from support.workers import environment

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Outcome
from sms_consent.domain.ports import Call, Sender
from sms_consent.domain.time import as_text
from sms_consent.inbound.batch import Batch, ThreadedRunner

OURS, LIST = "+12125550101", "Default"
PEOPLE = ("+14255550101", "+14255550102", "+14255550103")
PLENTY = dict.fromkeys(Call, 100.0)


def _stops(inbound: Any, people: int) -> dict[str, Any]:
    payload = {"destinationNumber": OURS, "messageBody": "STOP"}
    event: dict[str, Any] = inbound.queued(
        *(payload | {"originationNumber": f"+142555501{at:02}", "inboundMessageId": str(at)} for at in range(people))
    )
    return event


def test_ten_peoples_texts_are_under_way_at_once(inbound: Any) -> None:
    """Each waits for the other nine in its first call: one after the other, none would ever come back."""
    meeting = threading.Barrier(10)

    def meet(**_: Any) -> None:
        if getattr(here, "first", True):
            here.first = False
            meeting.wait(timeout=60)

    here = threading.local()
    events = clients.dynamodb().meta.events
    events.register("before-call.dynamodb.PutItem", meet)
    try:
        assert inbound.run(_stops(inbound, 10)) == []
    finally:
        events.unregister("before-call.dynamodb.PutItem", meet)
    assert all(inbound.consent(f"+142555501{at:02}").settled for at in range(10))
    assert len(inbound.world.texts()) == 10


@pytest.mark.slow
def test_a_batch_greater_than_the_threads_is_done_whole(inbound: Any) -> None:
    """They take the next person's texts as they are done."""
    assert inbound.run(_stops(inbound, 40)) == []
    assert all(inbound.consent(f"+142555501{at:02}").status is Status.OPTED_OUT for at in range(40))


def test_failures_are_reported_for_their_own_records(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads end in any order; the queue gets back what failed, and nothing else."""
    ledger = container().inbound_batch._inbound._recorder._ledger
    save = ledger.save

    def failing(consent: Any, replacing: Any) -> None:
        if consent.number[-1] in "37":
            raise ZeroDivisionError
        save(consent, replacing)

    monkeypatch.setattr(ledger, "save", failing)
    assert inbound.run(_stops(inbound, 10)) == ["record-3", "record-7"]
    assert inbound.consent("+14255550104").settled


def test_the_newest_request_of_one_person_decides_and_the_older_ones_are_history(inbound: Any) -> None:
    """In whatever order the queue delivers them."""
    payload = {"originationNumber": PEOPLE[0], "destinationNumber": OURS}
    bodies = []
    for at, word in enumerate(("STOP", "START", "STOP")):
        bodies.append(json.dumps(inbound.notification(payload | {"messageBody": word, "inboundMessageId": str(at)})))
        inbound.world.pass_time(seconds=1)
    inbound.run(inbound.queued(*reversed(bodies)))
    outcomes = {item["id"]["S"]: item["outcome"]["S"] for item in inbound.world.history()}
    assert outcomes == {"2": Outcome.CHANGED, "1": Outcome.STALE, "0": Outcome.STALE}
    assert inbound.consent(PEOPLE[0]).status is Status.OPTED_OUT
    assert len(inbound.world.texts()) == 1


def test_work_that_raises_takes_none_of_the_rest_with_it() -> None:
    """What escapes is a fault of ours; the others' texts are heard all the same."""
    done: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ThreadedRunner(2)([fail, *(lambda at=at: done.append(at) for at in range(9))])
    assert sorted(done) == list(range(9))


class _Stops:
    """A port whose every call waits for its turn."""

    def __init__(self, inner: object, taking_turns: Callable[[], None]) -> None:
        self._inner = inner
        self._taking_turns = taking_turns

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._taking_turns()
            return method(*arguments, **named)

        return call


class _InTurns:
    """Threads of one function that take turns at each call, in an order that is drawn."""

    def __init__(self, order: Sequence[int]) -> None:
        self._order = order
        self._crew: dict[str, Invocation] = {}

    def __call__(self, works: Sequence[Callable[[], None]]) -> None:
        self._crew = {f"thread-{at}": Invocation(f"thread-{at}", NOON, frozenset()) for at in range(len(works))}
        for each, work in zip(self._crew.values(), works, strict=True):
            each.start(work)
        turns = count()
        while live := [each for each in self._crew.values() if not each.finished]:
            turn = next(turns)
            live[self._order[turn % len(self._order)] % len(live)].go_on(1, None)

    def stop(self) -> None:
        self._crew[threading.current_thread().name].next_ending()


def _record(at: int, person: int, word: str) -> dict[str, Any]:
    text = {"originationNumber": PEOPLE[person], "destinationNumber": OURS, "messageBody": word}
    message = json.dumps(text | {"inboundMessageId": f"text-{at}"})
    sent = as_text(NOON.replace(second=at))
    notification = {"Type": "Notification", "MessageId": f"n-{at}", "Message": message, "Timestamp": sent}
    return {"messageId": f"record-{at}", "body": json.dumps(notification), "attributes": {}}


@given(
    texts=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["STOP", "START", "HELP"])), min_size=2, max_size=8),
    shuffled=st.randoms(use_true_random=False),
    order=st.lists(st.integers(0, 5), min_size=1, max_size=30),
)
@settings(max_examples=60)
@pytest.mark.slow
def test_any_interleaving_ends_as_each_persons_newest_text_says(
    texts: list[tuple[int, str]], shuffled: Any, order: list[int]
) -> None:
    """One ledger, one list, one memory of refusals and senders between all threads."""
    clock, in_turns, tokens = FakeClock(NOON.replace(minute=1)), _InTurns(order), count()
    ledger = MemoryLedger((Sender(identity=OURS, list_name=LIST),))
    service = MemoryService(clock, {OURS: LIST})
    made = environment(
        ledger=_Stops(ledger, in_turns.stop),  # type: ignore[arg-type]  # whatever it is, with a stop before
        opt_out_list=_Stops(service, in_turns.stop),  # type: ignore[arg-type]
        texting=_Stops(service, in_turns.stop),  # type: ignore[arg-type]
        clock=clock,
        new_token=lambda: f"token-{next(tokens)}",
        own_list=LIST,
        paced=False,
        at_once=PLENTY,
    )
    batch = Batch(
        inbound=made.inbound,
        dead_letters=NoDeadLetters(),
        queue=None,
        clock=clock,
        logger=quiet_logger(),
        metrics=quiet_metrics(),
        run=in_turns,
    )
    records = [_record(at, person, word) for at, (person, word) in enumerate(texts)]
    shuffled.shuffle(records)
    assert batch.handle({"Records": records}) == {"batchItemFailures": []}
    quiet_metrics().clear_metrics()
    for person, number in enumerate(PEOPLE):
        said = [word for each, word in texts if each == person and word != "HELP"]
        consent = ledger.consents.get((number, LIST))
        if not said:
            assert consent is None
            continue
        assert consent is not None
        assert (consent.status is Status.OPTED_OUT) is (said[-1] == "STOP")
        assert service.is_listed(number, LIST) is (consent.status is not Status.OPTED_IN)
    assert {entry.decision.id for entry in ledger.decisions()} == {f"text-{at}" for at in range(len(texts))}
    stale = {entry.decision.id for entry in ledger.decisions() if entry.outcome is Outcome.STALE}
    newest = {person: f"text-{at}" for at, (person, word) in enumerate(texts) if word != "HELP"}
    assert stale.isdisjoint(newest.values())
    references = [text.reference for text in service.texts]
    assert len(references) == len(set(references))
