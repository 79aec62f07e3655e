"""Texts past their retention are deleted from decisions; the request, its rule and its result are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError, ReadTimeoutError
from support.inbound_function import Inbound
from support.notify_function import Notify
from support.reconcile_function import emitted
from support.refusals import refusal, refuses
from support.retention_function import retention_function
from support.world import PERSON

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb import message_bodies as bodies
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.adapters.dynamodb.evidence_queries import DynamoEvidence
from sms_consent.bootstrap.settings import SettingsError
from sms_consent.domain.decision import Asked, Outcome
from sms_consent.domain.errors import TryAgain


@pytest.fixture
def inbound(notify: Notify) -> Inbound:
    """Beside the function that reads the stream."""
    return notify.inbound


def decisions(inbound: Inbound) -> list[dict[str, str]]:
    """Oldest first."""
    found = [{name: value["S"] for name, value in item.items() if "S" in value} for item in inbound.world.history()]
    return sorted(found, key=lambda item: item["at"])


@pytest.fixture
def two_texts(inbound: Inbound) -> None:
    """One of 40 days ago, one of 10."""
    inbound.hear("Stop. Thanks", inboundMessageId="old")
    inbound.world.pass_time(days=30)
    inbound.hear("Please stop", inboundMessageId="new")
    inbound.world.pass_time(days=10)


@pytest.mark.usefixtures("two_texts")
def test_only_texts_past_their_retention_are_deleted(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked, the rule, the words that decided and the outcome are evidence, and stay."""
    before, younger = decisions(inbound)
    with retention_function(monkeypatch) as run:
        assert run() == 1
    after, untouched = decisions(inbound)
    assert {**after, "body": "Stop. Thanks", "salt": before["salt"]} == before
    assert not {"body", "salt"} & after.keys()
    assert DynamoEvidence(clients.dynamodb(), inbound.world.table).person(PERSON).chain.is_intact
    assert untouched == younger
    assert inbound.world.listed()


@pytest.mark.usefixtures("two_texts")
def test_deleting_a_text_publishes_no_event(inbound: Inbound, notify: Notify, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes no consent."""
    notify.run()
    notify.told()
    with retention_function(monkeypatch) as run:
        run()
    assert (notify.run(), notify.told(), notify.put_aside()) == ([], [], [])


def test_an_expired_item_publishes_no_event(inbound: Inbound, notify: Notify) -> None:
    """The rest of an erased opt-in goes by its expiry: a removal in the stream, by DynamoDB."""
    inbound.hear("STOP", inboundMessageId="a")
    inbound.world.pass_time(minutes=1)
    inbound.hear("START", inboundMessageId="b")
    notify.run()
    notify.told()
    (key,) = [
        {"pk": item["pk"], "sk": item["sk"]}
        for item in clients.dynamodb().scan(TableName=inbound.world.table)["Items"]
        if item["sk"]["S"].startswith("LIST#")
    ]
    clients.dynamodb().delete_item(TableName=inbound.world.table, Key=key)
    service = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    records = [record | service for record in notify.records()]
    assert [record["eventName"] for record in records] == ["REMOVE"]
    assert (notify.run(records), notify.told(), notify.put_aside()) == ([], [], [])


def test_a_redelivered_text_does_not_bring_its_words_back(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its decision exists, without the text."""
    inbound.hear("Stop. Thanks", inboundMessageId="old")
    late = inbound.queued({"originationNumber": PERSON, "destinationNumber": "+12125550101", "messageBody": "Stop. Thanks",
                           "inboundMessageId": "old"})  # fmt: skip
    inbound.world.pass_time(days=40)
    with retention_function(monkeypatch) as run:
        run()
    inbound.run(late)
    assert all("body" not in decision for decision in decisions(inbound))


def test_the_copy_in_a_consent_goes_too(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker was lost before it was in the history."""
    consent = inbound.world.opt_out(body="Stop. Thanks")
    copied = replace(consent, outbox=replace(inbound.world.decided[-1]), revision=consent.revision + 1)
    inbound.world.parts.ledger.save(copied, replacing=consent)
    inbound.world.pass_time(days=40)
    with retention_function(monkeypatch) as run:
        assert run() == 2
    standing = inbound.world.consent()
    assert standing.outbox is not None
    assert (standing.outbox.body, standing.status, standing.revision) == (None, copied.status, copied.revision)


def test_a_pass_goes_on_where_the_last_one_was_and_begins_once_a_day(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a ledger of any length, and any number of invocations."""
    for number in range(6):
        inbound.world.parts.ledger.append(
            inbound.world.decision(Asked.HELP, body="HELP", number=f"+1425555010{number}"), Outcome.ANSWERED,
            inbound.world.parts.clock.now(),
        )  # fmt: skip
    inbound.world.pass_time(days=40)
    monkeypatch.setattr(bodies, "PAGE", 2)
    original = bodies.DynamoMessageBodies.older_than

    def slow(self: bodies.DynamoMessageBodies, moment: object, place: str | None) -> object:
        inbound.world.pass_time(seconds=100)
        return original(self, moment, place)  # type: ignore[arg-type]

    monkeypatch.setattr(bodies.DynamoMessageBodies, "older_than", slow)
    with retention_function(monkeypatch) as run:
        taken = [run(milliseconds=200_000) for _ in range(4)]
        assert sum(taken) == 6
        assert max(taken) < 6
        inbound.world.pass_time(hours=1)
        late = inbound.world.decision(
            Asked.HELP, body="HELP", at=inbound.world.decision(Asked.HELP).at.replace(year=2025)
        )
        clients.dynamodb().put_item(
            TableName=inbound.world.table,
            Item=encode(late, {"outcome": Outcome.ANSWERED, "recorded_at": late.at}),
        )
        assert run() == 0
        inbound.world.pass_time(days=1)
        assert run() == 1


@pytest.mark.parametrize("days", ["", "0", "-1", "x", "1.5"])
def test_without_a_number_of_days_no_text_is_deleted(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    """A setting that cannot be read must not cost evidence."""
    inbound.hear("Stop. Thanks")
    inbound.world.pass_time(days=4000)
    with retention_function(monkeypatch, days) as run, pytest.raises(SettingsError):
        run()
    assert decisions(inbound)[0]["body"] == "Stop. Thanks"


FAILURES = {
    "timed out": ReadTimeoutError(endpoint_url="https://example.invalid"),
    "no connection": EndpointConnectionError(endpoint_url="https://example.invalid"),
    "an invalid parameter": ParamValidationError(report=PERSON),
    "a server error": refusal("InternalServerError", 500),
    "a defect of ours": ZeroDivisionError(PERSON),
}


@pytest.mark.usefixtures("two_texts")
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_text_that_cannot_be_deleted_does_not_stop_others(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failure: Any
) -> None:
    """It is counted, and tried again the next day."""
    inbound.world.pass_time(days=30)
    capsys.readouterr()
    with retention_function(monkeypatch) as run:
        with refuses("UpdateItem", lambda asked: failure if "old" in asked["Key"]["sk"]["S"] else None):
            assert run() == 1
        told = emitted(capsys.readouterr().out)
        assert (told["ItemsFailed"], told["BodiesForgotten"]) == (1, 1)
        assert ["body" in each for each in decisions(inbound)] == [True, False]
        inbound.world.pass_time(days=1)
        assert run() == 1


@pytest.mark.usefixtures("two_texts")
def test_what_was_done_before_the_ledger_failed_is_counted(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function fails, and emits its metrics all the same."""
    inbound.world.pass_time(days=30)
    capsys.readouterr()
    outage = refusal("InternalServerError", 500)
    with retention_function(monkeypatch) as run, refuses("PutItem", lambda _: outage), pytest.raises(TryAgain):
        run()
    assert emitted(capsys.readouterr().out)["BodiesForgotten"] == 2
