"""The published events, through the real handlers, the ledger's stream and a rule on the bus."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.notify_function import TABLE_ARN, Notify
from support.world import LIST, OURS, PERSON, START_OF_TEST

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import decode, encode, from_attributes, key_of
from sms_consent.domain.consent import Drift, DriftKind, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.ports import Sender
from sms_consent.domain.time import as_text


def _told(notify: Notify) -> list[dict[str, Any]]:
    assert notify.run() == []
    return notify.told()


def _types(notify: Notify) -> list[str]:
    return [event["detail-type"] for event in _told(notify)]


def test_a_stop_withdraws_consent(notify: Notify) -> None:
    """With whose consent it is, for which list, by which decision and why."""
    notify.inbound.hear("STOP", inboundMessageId="stop")
    (event,) = _told(notify)
    assert event["detail-type"] == "ConsentWithdrawn"
    detail = event["detail"]
    evidence = detail.pop("decision")
    assert {name: detail[name] for name in detail.keys() - {"id", "version"}} == {
        "number": PERSON,
        "list": LIST,
        "status": "OPTED_OUT",
        "EndUserOptedOut": True,
        "decided_at": as_text(START_OF_TEST),
        "decided_by": "stop",
        "first_asked_out_at": as_text(START_OF_TEST),
        "asked_out_count": 1,
    }
    assert (evidence["author"], evidence["through"]) == ("END_USER", OURS)
    assert evidence["rule"]
    assert evidence["rules_version"]


def test_a_start_restores_it(notify: Notify) -> None:
    """The person may be texted again."""
    notify.inbound.hear("STOP", inboundMessageId="stop")
    notify.inbound.world.pass_time(minutes=1)
    notify.inbound.hear("START", inboundMessageId="start")
    withdrawn, restored = _told(notify)
    assert restored["detail-type"] == "ConsentRestored"
    assert (restored["detail"]["previous_status"], restored["detail"]["status"]) == ("OPTED_OUT", "OPTED_IN")
    assert restored["detail"]["EndUserOptedOut"] is False
    assert restored["detail"]["version"] > withdrawn["detail"]["version"]


def test_a_start_within_thirty_days_is_published_as_deferred_and_again_when_done(notify: Notify) -> None:
    """The release is a change of its own, long after its decision."""
    world = notify.inbound.world
    for word, message in (("STOP", "a"), ("START", "b"), ("STOP", "c"), ("START", "d")):
        notify.inbound.hear(word, inboundMessageId=message)
        world.pass_time(minutes=1)
    deferred = _told(notify)[-1]
    assert deferred["detail-type"] == "OptInDeferred"
    release = START_OF_TEST + timedelta(minutes=1, days=30)
    assert deferred["detail"]["held_until"] == as_text(release)
    world.pass_time(days=30)
    world.sweep()
    (restored,) = _told(notify)
    assert restored["detail-type"] == "ConsentRestored"
    assert restored["detail"]["decided_by"] == "d"
    assert restored["detail"]["version"] > deferred["detail"]["version"]
    assert restored["time"].startswith("2026-12-03")


def test_an_opt_in_that_aws_refuses_is_published_as_deferred_each_time(notify: Notify) -> None:
    """Whoever heard that consent was restored must hear that it is not, yet, and until when: it is tried again daily."""
    world = notify.inbound.world
    notify.inbound.hear("STOP", inboundMessageId="a")
    world.aws.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    world.pass_time(minutes=1)
    notify.inbound.hear("START", inboundMessageId="b")
    withdrawn, restored, deferred = _told(notify)
    assert [each["detail-type"] for each in (withdrawn, restored)] == ["ConsentWithdrawn", "ConsentRestored"]
    assert deferred["detail-type"] == "OptInDeferred"
    world.pass_time(days=1, minutes=1)
    world.sweep()
    (again,) = _told(notify)
    assert again["detail-type"] == "OptInDeferred"
    assert again["detail"]["held_until"] > deferred["detail"]["held_until"]


def test_an_unclear_text_is_published_and_changes_no_consent(notify: Notify) -> None:
    """Somebody should look at it."""
    unclear = notify.inbound.world.decision(Asked.UNCLEAR, id="what", rule="unclear:x", body="stop it or not?")
    notify.inbound.world.parts.help_and_clarification.note(unclear)
    (event,) = _told(notify)
    assert event["detail-type"] == "WithdrawalUnclear"
    assert (event["detail"]["number"], event["detail"]["decided_by"]) == (PERSON, "what")
    assert event["detail"]["decision"]["rule"] == "unclear:x"


@pytest.mark.parametrize(
    ("status", "listing"),
    [
        (Status.OPTED_OUT, None),
        (None, Listing(at=START_OF_TEST, end_user_opted_out=False)),
        (Status.OPTED_IN, Listing(at=None, end_user_opted_out=None)),
    ],
)
def test_drift_is_published_with_what_was_found(notify: Notify, status: Status | None, listing: Listing | None) -> None:
    """As reconcile writes it down."""
    drift = Drift(
        number=PERSON,
        list_name=LIST,
        kind=DriftKind.NOT_LISTED,
        found_at=START_OF_TEST,
        status=status,
        listing=listing,
    )
    item = encode(drift)
    assert decode(Drift, from_attributes(item)) == drift
    clients.dynamodb().put_item(TableName="ledger", Item=item)
    (event,) = _told(notify)
    assert event["detail-type"] == "ListDrifted"
    assert (event["detail"]["number"], event["detail"]["list"]) == (PERSON, LIST)
    assert (event["detail"]["kind"], event["detail"]["found_at"]) == ("NOT_LISTED", as_text(START_OF_TEST))
    assert event["detail"].get("status") == status
    assert ("listing" in event["detail"]) is (listing is not None)


def test_an_agents_opt_out_names_its_reference_and_not_the_agent(notify: Notify) -> None:
    """A system knows its own request again; who works there is nobody else's business."""
    notify.inbound.world.opt_out(author=Author.AGENT, through="api/phone", reference="T-17", actor="somebody")
    (event,) = _told(notify)
    assert event["detail"]["decision"] == {"author": "AGENT", "through": "api/phone", "reference": "T-17"}
    assert event["detail"]["EndUserOptedOut"] is False


def test_the_persons_own_stop_after_an_agents_is_published(notify: Notify) -> None:
    """EndUserOptedOut is another since, and it is for this that one asks the ledger."""
    world = notify.inbound.world
    world.opt_out(author=Author.AGENT, through="api")
    world.pass_time(minutes=1)
    world.opt_out()
    first, second = _told(notify)
    assert (first["detail"]["EndUserOptedOut"], second["detail"]["EndUserOptedOut"]) == (False, True)
    assert second["detail"]["version"] > first["detail"]["version"]
    assert second["detail"]["previous_status"] == second["detail"]["status"] == "OPTED_OUT"


def test_a_late_stop_is_published_only_for_what_it_changes(notify: Notify) -> None:
    """A START stood already: nothing that anybody acts on is another."""
    world = notify.inbound.world
    early = world.parts.clock.now()
    world.pass_time(minutes=5)
    world.opt_in()
    world.opt_out(at=early)
    assert _types(notify) == ["ConsentRestored"]


def test_a_repeated_stop_is_published_once(notify: Notify) -> None:
    """It confirms what was; the history has it."""
    notify.inbound.hear("STOP", inboundMessageId="a")
    notify.inbound.world.pass_time(minutes=1)
    notify.inbound.hear("STOP", inboundMessageId="b")
    assert _types(notify) == ["ConsentWithdrawn"]


def test_marks_leases_and_replies_are_not_published(notify: Notify) -> None:
    """The list was throttled, sweep took over, a reply was claimed and sent: many writes, one change."""
    world = notify.inbound.world
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 2)
    notify.inbound.hear("STOP")
    world.pass_time(minutes=1)
    world.sweep()
    world.pass_time(minutes=1)
    world.sweep()
    assert world.listed()
    records = notify.records()
    assert len(records) > 5
    assert notify.run(records) == []
    assert [event["detail-type"] for event in notify.told()] == ["ConsentWithdrawn"]


def test_help_senders_and_erasures_are_not_published(notify: Notify) -> None:
    """None of it changes whom one may text."""
    dynamodb = clients.dynamodb()
    notify.inbound.hear("HELP", inboundMessageId="a")
    notify.inbound.configure(Sender(identity=OURS, list_name="Other", brand="Brand"))
    unclear = notify.inbound.world.decision(Asked.UNCLEAR, id="b", body="?")
    notify.inbound.world.parts.help_and_clarification.note(unclear)
    notify.run()
    notify.told()
    for item in dynamodb.scan(TableName="ledger")["Items"]:
        if item["sk"]["S"].startswith("DECISION#"):
            dynamodb.put_item(TableName="ledger", Item={name: item[name] for name in item.keys() - {"body"}})
    dynamodb.delete_item(TableName="ledger", Key=key_of(Decision, number=unclear.number, at=unclear.at, id=unclear.id))
    records = notify.records()
    assert [record["eventName"] for record in records] == ["MODIFY", "MODIFY", "REMOVE"]
    assert notify.run(records) == []
    assert notify.told() == []


def test_no_event_holds_what_a_person_wrote(notify: Notify) -> None:
    """Neither the text nor the words in it that counted: a bus has many readers."""
    body = "Please stop texting me, Zanzibar"
    notify.inbound.hear(body, inboundMessageId="a")
    notify.inbound.world.pass_time(minutes=1)
    notify.inbound.hear("start Zanzibar", inboundMessageId="b")
    notify.inbound.world.parts.help_and_clarification.note(
        notify.inbound.world.decision(Asked.UNCLEAR, body="Zanzibar?", matched="zanzibar")
    )
    told = json.dumps(_told(notify)).lower()
    assert "withdrawn" in told
    assert "unclear" in told
    assert "zanzibar" not in told
    assert "matched" not in told


def test_the_log_has_no_number(notify: Notify, caplog: pytest.LogCaptureFixture) -> None:
    """Numbers are masked."""
    notify.inbound.hear("STOP")
    notify.run()
    logged = [vars(record) for record in caplog.records if record.name == "notify"]
    assert [line["number"] for line in logged] == ["+1425•••0182"]
    assert PERSON[1:] not in str(logged)


def test_published_events_are_counted_also_if_there_are_none(
    notify: Notify, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm on silence needs the zeros."""
    for word in ("STOP", "HELP"):
        notify.inbound.hear(word, inboundMessageId=word)
        capsys.readouterr()
        notify.run()
        (line,) = [json.loads(each) for each in capsys.readouterr().out.splitlines() if "_aws" in each]
        assert line["EventsTold"] == [1.0 if word == "STOP" else 0.0]


def test_an_event_says_when_the_ledger_changed_and_which_ledger(notify: Notify) -> None:
    """An archive is replayed by that time; a decision may be older, as of a text that waited."""
    notify.inbound.world.opt_out(at=START_OF_TEST - timedelta(hours=3))
    notify.inbound.world.pass_time(minutes=10)
    (event,) = _told(notify)
    assert event["time"] == "2026-11-03T14:00:00Z"
    assert event["detail"]["decided_at"] == "2026-11-03T11:00:00.000Z"
    assert event["resources"] == [TABLE_ARN]


def test_an_event_has_the_same_id_however_often_it_is_sent(notify: Notify) -> None:
    """It is made of what never changes, so it outlives a replay of the stream too."""
    notify.inbound.hear("STOP", inboundMessageId="a")
    notify.inbound.world.pass_time(minutes=1)
    notify.inbound.hear("START", inboundMessageId="b")
    records = notify.records()
    notify.run(records)
    first = notify.told()
    for record in records:
        record["eventID"] = "another"
    notify.run(records)
    again = notify.told()
    assert [event["detail"] for event in again] == [event["detail"] for event in first]
    assert len({event["detail"]["id"] for event in first}) == 2


def test_a_consent_after_an_erasure_is_newer_than_events_published_before(notify: Notify) -> None:
    """Else whoever keeps the newest version would ignore that person's next STOP."""
    world, dynamodb = notify.inbound.world, clients.dynamodb()
    for _ in range(3):
        world.opt_out()
        world.pass_time(minutes=1)
        world.opt_in()
        world.pass_time(minutes=1)
    before = _told(notify)[-1]["detail"]
    dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": PERSON}, "sk": {"S": f"LIST#{LIST}"}})
    world.opt_out()
    (after,) = _told(notify)
    assert after["detail"]["version"] > before["version"]
    assert after["detail"]["id"] != before["id"]
