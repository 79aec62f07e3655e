"""Inbound message ids of every form: one decision for each text, and no phone number in the logs."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from support.world import OURS, PERSON

from handlers.inbound import container
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.consent import Status
from sms_consent.domain.phone_number import mask_id
from sms_consent.inbound.message import read_notification

RCS_ID = "14255550182-2026-06-17T17:36:29.937+0000"
UUID = "cae173d2-66b9-564c-8309-21f858e9fb84"


def _history(inbound: Any) -> list[dict[str, str]]:
    return [
        {name: item[name]["S"] for name in ("id", "sk", "outcome")}
        for item in inbound.world.history()
        if item["pk"]["S"] == PERSON
    ]


@pytest.mark.parametrize("message_id", [RCS_ID, UUID, "a/b=c~!", "x" * 200])
def test_an_id_of_printable_ascii_is_the_decisions_id(inbound: Any, message_id: str) -> None:
    """RCS ids contain a number, colons and a plus; SMS ids are UUIDs."""
    assert inbound.hear("STOP", inboundMessageId=message_id, originationNumber=PERSON.removeprefix("+")) == []
    (decision,) = _history(inbound)
    assert decision["id"] == message_id
    assert decision["sk"] == f"DECISION#2026-11-03T14:00:00.000Z#{message_id}"
    assert inbound.consent().decided_by == message_id
    assert inbound.consent().answer.state == "SENT"


@pytest.mark.parametrize("message_id", ["a#b", "with space", "é", "x" * 201, "a\nb", "\ud800"])
def test_an_id_of_another_form_is_replaced_by_its_digest(inbound: Any, message_id: str) -> None:
    """So two copies of one text have the same id, even if SNS published them as two notifications."""
    for notification_id in ("first", "second"):
        notification = inbound.notification(
            {
                "originationNumber": PERSON,
                "destinationNumber": OURS,
                "messageBody": "STOP",
                "inboundMessageId": message_id,
            }
        )
        assert inbound.run(inbound.queued(json.dumps(notification | {"MessageId": notification_id}))) == []
    (decision,) = _history(inbound)
    assert decision["id"] == hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@pytest.mark.parametrize("message_id", [None, "", "  ", 17, ["a"]])
def test_without_an_id_the_notifications_id_counts(message_id: Any) -> None:
    """The field may be missing or of another type."""
    payload = {"originationNumber": PERSON, "destinationNumber": OURS, "messageBody": "STOP"}
    payload |= {"inboundMessageId": message_id} if message_id is not None else {}
    text = read_notification(
        {
            "Type": "Notification",
            "MessageId": UUID,
            "Message": json.dumps(payload),
            "Timestamp": "2026-11-03T14:00:00.000Z",
        }
    )
    assert text.id == UUID


@pytest.mark.parametrize("body", ["STOP", "HELP", "see you at noon"])
def test_logs_name_an_id_that_contains_a_number_by_its_digest(
    inbound: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    """In every line about the text, so that one search finds them all."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    inbound.hear(body, inboundMessageId=RCS_ID)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert {line["inbound_message_id"] for line in lines} == {mask_id(RCS_ID)}
    assert PERSON.removeprefix("+") not in logged.getvalue() + "".join(capsys.readouterr())


def test_a_failed_or_unreadable_text_is_logged_by_the_same_form(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """These are the lines that operators search for."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    inbound.hear("STOP", inboundMessageId=RCS_ID, originationNumber="ExampleCo")
    monkeypatch.setattr(container().inbound_batch._inbound._recorder._ledger._ledger, "_table", "no-such-table")
    inbound.hear("STOP", inboundMessageId=RCS_ID)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line["inbound_message_id"] for line in lines] == [mask_id(RCS_ID)] * 2


@pytest.mark.parametrize(
    ("message_id", "logged"),
    [
        (UUID, UUID),
        ("8f3c2a51-0000-5000-8000-000000000001", "8f3c2a51-0000-5000-8000-000000000001"),
        ("connect-" + "0123456789abcdef" * 2, "connect-" + "0123456789abcdef" * 2),
        ("text-17", "text-17"),
        (RCS_ID, "sha256-" + hashlib.sha256(RCS_ID.encode()).hexdigest()[:32]),
        ("+1 (425) 555-0182", "sha256-" + hashlib.sha256(b"+1 (425) 555-0182").hexdigest()[:32]),
        ("rcs:4420:7946:0958", "sha256-" + hashlib.sha256(b"rcs:4420:7946:0958").hexdigest()[:32]),
    ],
)
def test_only_ids_that_may_contain_a_number_are_digested(message_id: str, logged: str) -> None:
    """A UUID stays as CloudWatch and AWS's own logs have it."""
    assert mask_id(message_id) == logged


def test_a_stop_and_a_start_by_rcs_are_two_decisions(inbound: Any) -> None:
    """The ids differ in their time only."""
    inbound.hear("STOP", inboundMessageId=RCS_ID)
    inbound.world.pass_time(seconds=5)
    inbound.hear("START", inboundMessageId=RCS_ID.replace("29.937", "34.937"))
    assert inbound.consent().status is Status.OPTED_IN
    assert len(_history(inbound)) == 2
