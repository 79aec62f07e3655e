"""YES, and other ordinary answers that carriers treat as START, opt in only a person who opted out before."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from support.inbound_function import Inbound
from support.world import LIST, OURS, PERSON

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import to_attributes
from sms_consent.adapters.dynamodb.known_lists import known_lists_item
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.propagation import KnownList


def _hear(inbound: Inbound, body: str, text_id: str, **payload: Any) -> None:
    assert inbound.hear(body, inboundMessageId=text_id, **payload) == []
    inbound.world.pass_time(seconds=5)


def _status(inbound: Inbound, list_name: str = LIST) -> Status | None:
    consent = inbound.consent(PERSON, list_name)
    return consent.status if consent is not None else None


@pytest.mark.parametrize("word", ["YES", "Yes!", "GO", "join", "RESUME", "Volver", "VOLTAR", "resume please"])
def test_from_a_person_without_consent_it_is_an_ordinary_answer(inbound: Inbound, word: str) -> None:
    """Nothing is recorded, and nothing is sent."""
    _hear(inbound, word, "a")
    assert inbound.world.items() == []
    assert inbound.world.texts() == []
    assert inbound.world.calls() == []


@pytest.mark.parametrize("word", ["YES", "go", "Join", "resume", "RECIBIR", "VOLTAR", "devam et"])
def test_from_a_person_who_opted_out_before_it_opts_in(inbound: Inbound, word: str) -> None:
    """As the carriers have it."""
    _hear(inbound, "STOP", "a")
    _hear(inbound, word, "b")
    assert _status(inbound) is Status.OPTED_IN
    assert not inbound.world.listed()
    assert len(inbound.world.texts()) == 2
    assert len(inbound.world.history()) == 2


def test_from_a_person_who_is_opted_in_it_is_an_ordinary_answer(inbound: Inbound) -> None:
    """Also while the opt-in waits for the 30 days."""
    for at, body in enumerate(("STOP", "START", "STOP", "START")):
        _hear(inbound, body, f"text-{at}")
        before, sent = inbound.world.items(), inbound.world.texts()
        if body == "START":
            _hear(inbound, "YES", f"yes-{at}")
            assert inbound.world.items() == before
            assert inbound.world.texts() == sent
    assert _status(inbound) is Status.OPT_IN_PENDING


def test_an_opt_out_by_an_agent_or_an_import_is_reversed_too(inbound: Inbound) -> None:
    """The newest decision counts, whether a person or an agent made it."""
    inbound.world.opt_out(author=Author.AGENT)
    inbound.world.pass_time(seconds=5)
    _hear(inbound, "YES", "a")
    assert _status(inbound) is Status.OPTED_IN


def test_an_opt_out_of_the_same_time_or_newer_is_kept(inbound: Inbound) -> None:
    """At equal times opting out wins; an answer that arrives late reverses nothing, and is not recorded as late either."""
    assert inbound.hear("STOP", inboundMessageId="a") == []
    assert inbound.hear("YES", inboundMessageId="b") == []
    inbound.world.pass_time(seconds=30)
    late = inbound.queued({"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "YES"})
    inbound.world.pass_time(seconds=30)
    _hear(inbound, "STOP", "c")
    assert inbound.run(late) == []
    assert _status(inbound) is Status.OPTED_OUT
    assert {item["asked"]["S"] for item in inbound.world.history()} == {"OPT_OUT"}


def test_an_answer_that_arrives_before_an_older_stop_leaves_the_person_opted_out(inbound: Inbound) -> None:
    """The order of arrival may change the result towards opted out only."""
    stop = inbound.queued({"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "STOP"})
    inbound.world.pass_time(seconds=5)
    _hear(inbound, "YES", "b")
    assert inbound.run(stop) == []
    assert _status(inbound) is Status.OPTED_OUT


def test_in_one_batch_it_comes_after_the_newest_request(inbound: Inbound) -> None:
    """A STOP and the YES that takes it back are delivered together, in either order."""
    for first, second in (("a", "b"), ("d", "c")):
        texts = {}
        for body, text_id in (("STOP", min(first, second)), ("YES", max(first, second))):
            payload = {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": body}
            texts[text_id] = json.dumps(inbound.notification(payload | {"inboundMessageId": text_id}))
            inbound.world.pass_time(seconds=5)
        assert inbound.run(inbound.queued(texts[first], texts[second])) == []
        consent = inbound.consent()
        assert consent is not None
        assert consent.status is not Status.OPTED_OUT
        assert consent.decided_by == max(first, second)


def test_a_redelivered_answer_changes_nothing_again(inbound: Inbound) -> None:
    """Neither after it counted, nor after a newer STOP."""
    _hear(inbound, "STOP", "a")
    yes = inbound.queued(
        {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "YES", "inboundMessageId": "b"}
    )
    inbound.run(yes)
    inbound.world.pass_time(seconds=5)
    before = inbound.world.items()
    inbound.run(yes)
    assert inbound.world.items() == before
    _hear(inbound, "STOP", "c")
    before = inbound.world.items()
    inbound.run(yes)
    assert inbound.world.items() == before
    assert _status(inbound) is Status.OPTED_OUT


@contextmanager
def _between_read_and_write(inbound: Inbound, what: Any) -> Iterator[None]:
    """Run something once, right before the next write."""
    waiting = [what]

    def meanwhile(**_: Any) -> None:
        if waiting:
            waiting.pop()()

    events = clients.dynamodb().meta.events
    events.register("before-call.dynamodb.PutItem", meanwhile)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.PutItem", meanwhile)


@pytest.mark.parametrize(("newer", "status"), [("opt_out", Status.OPTED_OUT), ("opt_in", Status.OPTED_IN)])
def test_the_condition_holds_at_the_time_of_writing(inbound: Inbound, newer: str, status: Status) -> None:
    """Somebody else decides between the read and the write: the answer is looked at again, and is an ordinary one."""
    _hear(inbound, "STOP", "a")
    later = inbound.world.parts.clock.now() + timedelta(seconds=3)
    with _between_read_and_write(
        inbound, lambda: getattr(inbound.world, newer)(later, author=Author.AGENT, id="other")
    ):
        _hear(inbound, "YES", "b")
    consent = inbound.consent()
    assert consent is not None
    assert (consent.status, consent.decided_by) == (status, "other")
    assert "b" not in {item["sk"]["S"].partition("#")[2].partition("#")[2] for item in inbound.world.history()}


def test_it_counts_for_those_lists_only_where_the_person_opted_out(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the scope of an opt-in is."""
    monkeypatch.setenv("OPT_IN_SCOPE", "ALL")
    container.cache_clear()
    for name in ("Club", "News"):
        inbound.world.aws.create_opt_out_list(OptOutListName=name)
    known = known_lists_item([KnownList(name="Club"), KnownList(name="News")], 1)
    clients.dynamodb().put_item(TableName=inbound.world.table, Item=to_attributes(known))
    recorder, world = inbound.world.parts.recorder, inbound.world
    recorder.record(world.decision(Asked.OPT_OUT, author=Author.IMPORT), "Club", reply_from=None)
    world.pass_time(seconds=5)
    _hear(inbound, "YES", "a")
    assert [_status(inbound, name) for name in (LIST, "Club", "News")] == [None, Status.OPTED_IN, None]
    assert world.texts() == []  # the sender's own list has not changed


def test_from_a_short_code_it_is_an_ordinary_answer(inbound: Inbound) -> None:
    """It is put aside for nobody to look at."""
    _hear(inbound, "YES", "a", originationNumber="24273")
    assert inbound.dead_letters() == []


def test_it_is_logged_and_counted_as_a_text_that_asks_for_nothing(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the rule that would have opted in."""
    written = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", written)
    _hear(inbound, "YES", "a")
    (line,) = (
        line for line in map(json.loads, written.getvalue().splitlines()) if line["message"] == "a text was processed"
    )
    assert (line["intent"], line["rule"], line.get("outcome")) == ("NONE", "keyword:twilio/YES", None)
    assert '"TextsNone":[1.0]' in capsys.readouterr().out


def test_a_deployment_may_say_that_the_word_opts_in(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a deployment that asks people to text JOIN, it is not an ordinary answer."""
    monkeypatch.setenv("EXTRA_OPT_IN_KEYWORDS", "Join")
    container.cache_clear()
    _hear(inbound, "JOIN", "a")
    assert _status(inbound) is Status.OPTED_IN
