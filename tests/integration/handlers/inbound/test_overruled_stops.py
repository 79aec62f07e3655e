"""A STOP overridden by an opt-in that the person did not text is logged, counted and raises an alarm."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from support.world import LIST, OURS, PERSON

from sms_consent.bootstrap.observability import logger
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.time import as_text
from sms_consent.recording.recorder import Recorder


def _late_stop(inbound: Any, at: Any) -> None:
    """A STOP with an earlier timestamp, delivered now."""
    payload = {
        "originationNumber": PERSON,
        "destinationNumber": OURS,
        "messageBody": "STOP",
        "inboundMessageId": "late",
    }
    notification = inbound.notification(payload) | {"Timestamp": as_text(at)}
    assert inbound.run(inbound.queued(json.dumps(notification))) == []


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What InboundFunction logs."""
    stream = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", stream)
    return stream


def _reports(logged: io.StringIO) -> list[dict[str, Any]]:
    lines = map(json.loads, logged.getvalue().splitlines())
    return [line for line in lines if "STOP is older" in str(line.get("message"))]


@pytest.mark.parametrize("author", [Author.AGENT, Author.IMPORT, Author.AWS])
def test_an_opt_in_by_another_author_that_overrules_a_stop_is_reported(
    inbound: Any, logged: io.StringIO, capsys: pytest.CaptureFixture[str], author: Author
) -> None:
    world = inbound.world
    sent = world.parts.clock.now()
    world.pass_time(minutes=3)
    decision = world.decision(Asked.OPT_IN, author=author, through="api")
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(decision, LIST)
    capsys.readouterr()
    _late_stop(inbound, sent)

    (line,) = _reports(logged)
    assert (line["level"], line["opted_in_by"], line["inbound_message_id"]) == ("ERROR", author.value, "late")
    assert '"StopsOverruled"' in capsys.readouterr().out
    assert PERSON not in logged.getvalue()


def test_a_stop_overtaken_by_the_persons_own_start_is_normal(
    inbound: Any, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = inbound.world.parts.clock.now()
    inbound.world.pass_time(minutes=3)
    inbound.hear("START")
    capsys.readouterr()
    _late_stop(inbound, sent)

    assert not _reports(logged)
    assert "StopsOverruled" not in capsys.readouterr().out


def test_a_stop_that_is_newer_than_the_agents_opt_in_is_not_reported(inbound: Any, logged: io.StringIO) -> None:
    world = inbound.world
    opt_in = world.decision(Asked.OPT_IN, author=Author.AGENT, through="api")
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(opt_in, LIST)
    world.pass_time(seconds=1)
    inbound.hear("STOP")
    assert not _reports(logged)
    assert world.listed()


def test_the_same_message_published_again_does_not_undo_a_stop(inbound: Any) -> None:
    """The publisher's retry has the same inboundMessageId and a later timestamp, also as RCS writes ids."""
    for message_id in ("inbound-a", "12679164820-2026-06-17T17:36:29.937+0000"):
        inbound.hear("START", inboundMessageId=message_id)
        inbound.world.pass_time(seconds=20)
        inbound.hear("STOP", inboundMessageId=f"{message_id}-stop")
        texts = len(inbound.world.texts())
        for elapsed in (timedelta(seconds=20), timedelta(hours=5), timedelta(days=12)):
            inbound.world.pass_time(seconds=elapsed.total_seconds())
            inbound.hear("START", inboundMessageId=message_id)
        assert inbound.world.listed()
        assert len(inbound.world.texts()) == texts
        inbound.world.pass_time(days=40)
