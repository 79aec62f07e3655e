"""Texts during an outage of a dependency: nothing is lost, and no operator action is needed."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from support.inbound_function import VISIBILITY
from support.world import OURS, PERSON

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.bootstrap.observability import logger
from sms_consent.bootstrap.settings import SettingsError
from sms_consent.domain.consent import Status
from sms_consent.domain.errors import Unavailable

OTHER = "+14255550183"


def _text(body: str, sender: str = PERSON, **payload: Any) -> dict[str, Any]:
    return {"originationNumber": sender, "destinationNumber": OURS, "messageBody": body} | payload


class Ledger:
    """A table that is there or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ledger = container().inbound_batch._inbound._recorder._ledger._ledger  # type: ignore[attr-defined]  # the function's own
        self._monkeypatch = monkeypatch

    def breaks(self) -> None:
        self._monkeypatch.setattr(self._ledger, "_table", "no-such-table")

    def works(self) -> None:
        self._monkeypatch.setattr(self._ledger, "_table", "ledger")


@pytest.fixture
def ledger(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """That of the function, which is warm."""
    assert inbound.world is not None
    return Ledger(monkeypatch)


def _old_text_in_an_outage(inbound: Any, ledger: Ledger, *texts: Any, days: float) -> None:
    ledger.breaks()
    inbound.send(*texts)
    assert inbound.deliver() == len(texts)
    inbound.world.pass_time(days=days)


@pytest.mark.parametrize("hours", [1, 60, 12 * 24 - 1])
def test_a_stop_is_processed_after_an_outage_however_long(inbound: Any, ledger: Ledger, hours: int) -> None:
    """60 hours are more than 1,000 receives of three minutes. Nobody has to put the text back."""
    ledger.breaks()
    inbound.send(_text("STOP"))
    texted = inbound.world.parts.clock.now()
    for _ in range(8):
        inbound.redeliver()
        assert (inbound.queue_length(), inbound.dead_letters()) == (1, [])
    inbound.world.pass_time(hours=hours)
    inbound.redeliver()
    ledger.works()
    inbound.redeliver()
    assert inbound.queue_length() == 0
    consent = inbound.consent()
    assert (consent.status, consent.decided_at) == (Status.OPTED_OUT, texted)
    assert inbound.world.listed()


@pytest.mark.parametrize(("refusals", "left"), [(1, 0), (2, 1)])
def test_a_throttled_ledger_is_asked_once_more_in_the_same_delivery(inbound: Any, refusals: int, left: int) -> None:
    """A short burst delays no confirmation by a visibility time-out. After that, the queue delivers the text again."""
    refused = iter(range(refusals))

    def refuse(**_: Any) -> tuple[Any, dict[str, Any]] | None:
        if next(refused, None) is None:
            return None
        error = {"Code": "ProvisionedThroughputExceededException", "Message": ""}
        return AWSResponse("", 400, {}, None), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}

    events = clients.dynamodb().meta.events
    events.register("before-call.dynamodb.PutItem", refuse)
    try:
        inbound.send(_text("STOP"))
        inbound.deliver()
        assert inbound.queue_length() == left
    finally:
        events.unregister("before-call.dynamodb.PutItem", refuse)
    inbound.redeliver()
    assert inbound.world.listed()
    assert len(inbound.world.texts()) == 1


def test_a_record_that_fails_after_twelve_days_is_moved_with_its_reason(inbound: Any, ledger: Ledger) -> None:
    """SQS would delete it two days later without a word. The dead letter is a new message, kept for another 14 days."""
    _old_text_in_an_outage(inbound, ledger, _text("STOP"), days=12.1)
    inbound.redeliver()
    ((reason, body),) = inbound.dead_letters()
    assert reason == "still failing after 12 days: Rejected, caused by ResourceNotFoundException"
    assert json.loads(json.loads(body)["Message"])["messageBody"] == "STOP"
    assert inbound.queue_length() == 0


def test_a_record_of_twelve_days_is_tried_before_it_is_moved(inbound: Any, ledger: Ledger) -> None:
    """The outage may be over."""
    _old_text_in_an_outage(inbound, ledger, _text("STOP"), days=12.1)
    ledger.works()
    inbound.redeliver()
    assert inbound.dead_letters() == []
    assert inbound.consent().status is Status.OPTED_OUT


def test_a_dead_letter_that_was_put_back_has_another_twelve_days(inbound: Any, ledger: Ledger) -> None:
    """Its text is old, but its message is new: SQS counts from the latter."""
    texted = inbound.notification(_text("STOP"))
    inbound.world.pass_time(days=20)
    ledger.breaks()
    inbound.send(json.dumps(texted))
    inbound.deliver()
    inbound.redeliver()
    assert (inbound.queue_length(), inbound.dead_letters()) == (1, [])


@pytest.mark.parametrize("broken", ["unreadable", "old"])
def test_a_record_that_cannot_be_moved_stays_in_the_queue(
    inbound: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """It would be lost otherwise. The next delivery moves it."""
    if broken == "old":
        _old_text_in_an_outage(inbound, ledger, _text("STOP"), days=12.1)
    else:
        inbound.send("5")
    with monkeypatch.context() as denied:
        denied.setattr(container().inbound_batch._dead_letters, "_queue_url", inbound.queue + "-missing")
        inbound.redeliver()
    assert inbound.queue_length() == 1
    inbound.redeliver()
    assert inbound.queue_length() == 0
    assert len(inbound.dead_letters()) == 1


def test_a_record_that_cannot_be_moved_holds_up_no_other(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong when it is moved, also what nobody foresaw."""
    put = container().inbound_batch._dead_letters.put
    failures = {"5": Unavailable("no answer"), "6": ZeroDivisionError()}

    def fail(body: str, reason: str) -> None:
        if body in failures:
            raise failures[body]
        put(body, reason)

    monkeypatch.setattr(container().inbound_batch._dead_letters, "put", fail)
    inbound.send("5", _text("STOP"), "6", "7", _text("STOP", OTHER))
    assert inbound.deliver() == 5
    assert inbound.queue_length() == 2
    assert [body for _, body in inbound.dead_letters()] == ["7"]
    assert {inbound.consent(number).status for number in (PERSON, OTHER)} == {Status.OPTED_OUT}


def test_a_bare_payload_keeps_its_time_when_it_is_moved(inbound: Any, ledger: Ledger) -> None:
    """Raw delivery leaves it no time but the message's: a new message would make an old START the newest request."""
    sent = inbound.world.parts.clock.now()
    _old_text_in_an_outage(inbound, ledger, json.dumps(_text("START", inboundMessageId="raw")), days=12.1)
    inbound.redeliver()
    ((_, body),) = inbound.dead_letters()
    ledger.works()
    inbound.hear("STOP", inboundMessageId="later")
    inbound.world.pass_time(days=1)
    inbound.send(body)
    inbound.deliver()
    assert inbound.consent().status is Status.OPTED_OUT
    times = {item["id"]["S"]: item["at"]["S"] for item in inbound.world.history()}
    assert times["raw"] == f"{sent:%Y-%m-%dT%H:%M:%S}.000Z"


def test_without_the_messages_time_the_texts_own_counts(inbound: Any, ledger: Ledger) -> None:
    """A queue's record may lack the attribute."""
    event = inbound.queued(_text("STOP"))
    del event["Records"][0]["attributes"]
    ledger.breaks()
    assert inbound.run(event) == ["record-0"]
    inbound.world.pass_time(days=12.1)
    assert inbound.run(event) == []
    assert len(inbound.dead_letters()) == 1


@pytest.mark.parametrize("setting", ["LEDGER_TABLE", "OPT_OUT_LIST"])
def test_texts_wait_in_the_queue_while_the_settings_cannot_be_used(
    inbound: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """The invocation fails, so that Lambda's own metrics show it; with usable settings the text is processed."""
    inbound.send(_text("STOP"))
    with monkeypatch.context() as broken:
        broken.setenv(setting, "")
        container.cache_clear()
        for _ in range(6):
            with pytest.raises(SettingsError):
                inbound.redeliver()
    container.cache_clear()
    assert (inbound.queue_length(), inbound.dead_letters()) == (1, [])
    inbound.redeliver()
    assert inbound.queue_length() == 0
    assert inbound.consent().status is Status.OPTED_OUT


def test_records_of_twelve_days_are_moved_even_if_the_settings_cannot_be_used(
    inbound: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Younger ones stay; one that is unreadable is moved at once."""
    inbound.send(_text("STOP"))
    inbound.world.pass_time(days=12.1)
    inbound.send(_text("STOP", OTHER), "5")
    monkeypatch.setenv("LEDGER_TABLE", "")
    container.cache_clear()
    assert inbound.deliver() == 3
    assert inbound.queue_length() == 1
    assert sorted(reason for reason, _ in inbound.dead_letters()) == [
        "still failing after 12 days: SettingsError",
        "the queue's record is JSON, but no object",
    ]


def test_a_text_that_fails_says_how_often_it_was_received(
    inbound: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And why, in the log line that the runbook names."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    ledger.breaks()
    inbound.send(_text("STOP", inboundMessageId="a"))
    for _ in range(4):
        inbound.redeliver()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [(line["inbound_message_id"], line["received"], line["error"]) for line in lines] == [
        ("a", receives, "Rejected") for receives in range(1, 5)
    ]


def test_a_queue_that_deletes_nothing_does_not_stop_texts(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished records are deleted before a risky one is started; if that fails, the risky one waits for the next delivery."""
    with monkeypatch.context() as broken:
        broken.setattr(container().inbound_batch._inbound, "classify", lambda _: 1 / 0)
        inbound.send(_text("STOP"))
        for _ in range(3):
            inbound.redeliver()
    monkeypatch.setattr(container().inbound_batch._queue, "_queue_url", inbound.source + "-missing")
    inbound.send(_text("STOP", OTHER))
    inbound.redeliver()
    assert inbound.consent(OTHER).status is Status.OPTED_OUT
    assert (inbound.consent(), inbound.queue_length()) == (None, 1)
    inbound.redeliver()
    assert inbound.consent().status is Status.OPTED_OUT


def test_the_function_still_repeats_what_comes_from_sns_directly(inbound: Any, ledger: Ledger) -> None:
    """There is no queue behind it, whatever the text's age."""
    event = inbound.event("stop.json")
    inbound.world.pass_time(days=13)
    clients.queues().purge_queue(QueueUrl=inbound.queue)
    ledger.breaks()
    with pytest.raises(RuntimeError, match="delivers it again"):
        inbound.run({"Records": [event["Records"][0] | {"Sns": inbound.notification(_text("STOP"))}]})
    assert timedelta(minutes=3) < VISIBILITY < timedelta(minutes=5)
