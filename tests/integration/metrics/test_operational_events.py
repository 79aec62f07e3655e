"""Logs and metrics of a text, from its arrival to the list and the reply: each event once, with the text's id."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from support.inbound_function import Inbound
from support.reconcile_function import reconcile_beside
from support.sweep_function import sweep
from support.world import LIST, PERSON

from handlers.inbound import container
from handlers.sweep import container as sweep_container
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.decision import Asked, Author
from sms_consent.recording.recorder import Recorder


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What both functions log."""
    written = io.StringIO()
    for service in ("inbound", "sweep"):
        monkeypatch.setattr(logger(service).registered_handler, "stream", written)
    return written


def _lines(logged: io.StringIO, inbound_message_id: str) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in every if line.get("inbound_message_id") == inbound_message_id]


def _metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, list[float]]:
    """The values of each metric that were printed since the last look."""
    found: dict[str, list[float]] = {}
    for line in capsys.readouterr().out.splitlines():
        if '"_aws"' not in line:
            continue
        told = json.loads(line)
        for metric in told["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            values = told[metric["Name"]]
            found[metric["Name"]] = found.get(metric["Name"], []) + (values if isinstance(values, list) else [values])
    return found


def test_a_stop_is_followed_through_the_logs_by_its_id(inbound: Inbound, logged: io.StringIO) -> None:
    """From the text over the reply to the list, also where sweep does the rest."""
    inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("STOP", inboundMessageId="text-1")
    inbound.world.pass_time(minutes=1)
    sweep(inbound.world)
    told = [(line["service"], line["message"]) for line in _lines(logged, "text-1")]
    assert told == [
        ("inbound", "put off"),
        ("inbound", "a reply came to its end"),
        ("inbound", "a text was processed"),
        ("sweep", "on the list"),
    ]


def test_a_text_that_fails_is_found_by_its_id(
    inbound: Inbound, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks why somebody was not opted out has nothing else."""
    monkeypatch.setattr(container().inbound_batch._inbound._recorder._ledger._ledger, "_table", "no-such-table")
    inbound.hear("STOP", inboundMessageId="text-1")
    (line,) = _lines(logged, "text-1")
    assert (line["message"], line["record"]) == ("a text is delivered again", "record-0")


def test_the_time_to_the_list_and_to_the_confirmation_is_measured_from_the_text(
    inbound: Inbound, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever it is done; a text that waited in the queue counts from its own time."""
    inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    inbound.hear("STOP")
    assert "TimeToList" not in _metrics(capsys)
    inbound.world.pass_time(seconds=40)  # and a sweep begins with a second of rest
    sweep(inbound.world)
    found = _metrics(capsys)
    assert (found["TimeToList"], found["ConfirmationTime"], found["RepliesSent"]) == ([41.0], [41.0], [1.0])


def test_a_redelivered_text_counts_nothing_twice(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a text that came again, and nothing else."""
    inbound.hear("STOP", inboundMessageId="text-1")
    capsys.readouterr()
    inbound.hear("STOP", inboundMessageId="text-1")
    assert set(_metrics(capsys)) == {"TextsOptOut", "OptOutsByKeyword"}


def test_a_second_stop_does_not_put_the_number_again(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """It confirms what is so, and is counted as a text."""
    inbound.hear("STOP", inboundMessageId="text-1")
    inbound.world.pass_time(minutes=1)
    capsys.readouterr()
    inbound.hear("STOP", inboundMessageId="text-2")
    assert set(_metrics(capsys)) == {"TextsOptOut", "OptOutsByKeyword"}


def test_an_opt_in_within_the_30_days_is_counted_once(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """Foreseen by the ledger: the service is not asked."""
    for at, body in enumerate(("STOP", "START", "STOP")):
        inbound.hear(body, inboundMessageId=f"text-{at}")
        inbound.world.pass_time(minutes=1)
    capsys.readouterr()
    inbound.hear("START", inboundMessageId="again")
    inbound.world.pass_time(minutes=1)
    inbound.hear("START", inboundMessageId="again")
    found = _metrics(capsys)
    assert (found["OptInsDeferred"], "OptInsRefused" in found) == ([1.0], False)


def test_a_refusal_that_the_ledger_did_not_foresee_is_counted_each_time(
    inbound: Inbound, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is tried daily."""
    sms = inbound.world.aws
    sms.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    sms.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    inbound.hear("STOP", inboundMessageId="stop")
    inbound.world.pass_time(minutes=1)
    capsys.readouterr()
    inbound.hear("START", inboundMessageId="start")
    assert _metrics(capsys)["OptInsRefused"] == [1.0]
    inbound.world.pass_time(days=1, minutes=1)
    sweep(inbound.world)
    assert _metrics(capsys)["OptInsRefused"] == [1.0]


def test_an_import_is_no_text_that_came_late(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """It was asked for years ago, elsewhere: neither the time to the list nor the alarm on overdue opt-outs is about it."""
    world = inbound.world
    long_ago = world.parts.clock.now().replace(year=2023)
    decision = world.decision(Asked.OPT_OUT, long_ago, author=Author.IMPORT)
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(decision, LIST)
    world.pass_time(minutes=1)
    sweep(world)
    found = _metrics(capsys)
    assert world.listed()
    assert "TimeToList" not in found
    assert (found["OldestOptOutDue"], found["SweptImported"]) == ([0.0], [1.0])


def test_a_number_that_is_put_back_counts_from_when_it_was_found_missing(
    inbound: Inbound, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody took it off the list by hand; the person's own request may be years old, and was followed in time."""
    inbound.hear("STOP")
    inbound.world.pass_time(days=400)
    inbound.world.aws.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    with reconcile_beside(inbound.world, monkeypatch) as reconcile:
        reconcile.run()
    inbound.world.pass_time(minutes=2)
    _metrics(capsys)
    sweep(inbound.world)
    found = _metrics(capsys)
    assert inbound.world.listed()
    assert [each < 600 for each in (*found["OldestOptOutDue"], *found["TimeToList"])] == [True, True]


def test_what_is_left_due_is_counted_by_kind(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """After a sweep that the service lets do nothing."""
    inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1000)
    inbound.hear("STOP")
    inbound.world.pass_time(minutes=1)
    capsys.readouterr()
    sweep(inbound.world)
    inbound.world.pass_time(minutes=1)
    assert sweep_container().count_due() == {"OPT_OUT": 1, "REPLY": 0, "IMPORTED": 0, "OPT_IN": 0}
    sweep_container.cache_clear()
    assert _metrics(capsys)["OldestOptOutDue"][0] >= 60


def test_no_metric_and_no_line_holds_a_number(
    inbound: Inbound, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both go where more people may look than into the ledger."""
    for body in ("STOP", "START", "HELP", "Stop. Thanks"):
        inbound.hear(body, inboundMessageId=body)
        inbound.world.pass_time(minutes=1)
    sweep(inbound.world)
    shown = logged.getvalue() + capsys.readouterr().out
    assert PERSON not in shown
    assert PERSON[1:] not in shown
    assert "Thanks" not in shown


def test_metrics_cost_one_line_at_the_end(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """And no call: CloudWatch reads them from the log."""
    inbound.hear("STOP")
    lines = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert len(lines) == 1
