"""A list of the deployment's own account is one list, by name or by ARN."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.changing_lists import Changing
from support.configured import ARN
from support.lost_answers import written_twice
from support.world import LIST, OURS, PERSON

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode, key_of
from sms_consent.adapters.dynamodb.known_lists import known_lists_from
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.bootstrap.container import Container
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.ports import Sender
from sms_consent.recording.recorder import Recorder

BY_ARN = ARN + LIST
FOREIGN = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Default"
ELSEWHERE = "arn:aws:sms-voice:eu-west-1:123456789012:opt-out-list/Default"
NAMES = ListNames("123456789012", "us-east-1")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (LIST, LIST),
        (f" {LIST} ", LIST),
        (BY_ARN, LIST),
        (ARN + "My_list-1", "My_list-1"),
        (FOREIGN, FOREIGN),
        (ELSEWHERE, ELSEWHERE),
        ("arn:aws:sms-voice:us-east-1:123456789012:phone-number/phone-1", None),
        ("", ""),
    ],
)
def test_a_list_has_its_name_or_another_account_s_arn(given: str, name: str | None) -> None:
    """Only an ARN of the own account and region is another word for a name."""
    assert NAMES.canonical(given) == (given if name is None else name)


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_every_partition_has_its_arns(region: str, partition: str) -> None:
    """Both ways."""
    names = ListNames("123456789012", region)
    arn = f"arn:{partition}:sms-voice:{region}:123456789012:opt-out-list/Club"
    assert names.alias("Club") == arn
    assert names.canonical(arn) == "Club"
    assert names.alias(FOREIGN) is None


def test_without_an_account_nothing_is_renamed() -> None:
    """A function whose environment does not say it keeps the names that it is given."""
    assert ListNames().canonical(BY_ARN) == BY_ARN
    assert ListNames().alias(LIST) is None


# --- what earlier releases stored under the ARN


def _without_names() -> DynamoLedger:
    """Store a consent under any name of its list, as earlier releases did."""
    return DynamoLedger(clients.dynamodb(), "ledger")


def _before(changing: Changing, asked: Asked, number: str = PERSON, **fields: Any) -> None:
    """As an earlier release recorded it in a stack whose list was given by ARN."""
    decision = changing.world.decision(asked, number=number, **fields)
    Recorder(ledger=_without_names(), clock=changing.world.parts.clock).record(decision, BY_ARN)
    changing.world.pass_time(seconds=1)


def _stored(list_name: str, number: str = PERSON) -> dict[str, Any] | None:
    key = key_of(Consent, number=number, list_name=list_name)
    return clients.dynamodb().get_item(TableName="ledger", Key=key).get("Item")


@pytest.mark.parametrize("own_list", [LIST, BY_ARN])
def test_a_stack_created_again_keeps_all_consents(changing: Changing, own_list: str) -> None:
    """By the list's name or by its ARN, whichever it had before."""
    _before(changing, Asked.OPT_OUT)
    changing.text("STOP", "+14255550183")
    changing.redeployed(own_list)
    assert changing.is_opted_out()
    assert changing.is_opted_out("+14255550183")
    changing.settle()
    assert changing.is_opted_out()
    assert changing.listed(LIST) == {PERSON, "+14255550183"}
    assert changing.copies() == []
    shown = changing.done("check", PERSON).stdout
    assert "opted out" in shown
    assert "arn:" not in shown


@pytest.mark.parametrize("own_list", [LIST, BY_ARN])
def test_a_start_lifts_an_opt_out_stored_under_the_arn(changing: Changing, own_list: str) -> None:
    """One consent, one entry on the list."""
    _before(changing, Asked.OPT_OUT)
    changing.redeployed(own_list)
    changing.sweep()
    changing.text("START")
    assert not changing.is_opted_out()
    changing.settle()
    assert not changing.is_opted_out()
    assert PERSON not in changing.listed(LIST)


@pytest.mark.parametrize("own_list", [LIST, BY_ARN])
def test_a_late_start_undoes_no_newer_stop_under_the_arn(changing: Changing, own_list: str) -> None:
    """Redelivered after the update, it finds what stood before."""
    late = changing.world.decision(Asked.OPT_IN)
    changing.world.pass_time(minutes=1)
    _before(changing, Asked.OPT_OUT)
    changing.redeployed(own_list)
    Container(Settings.from_environment(os.environ), paced=False).recorder.record(late, LIST, reply_from=None)
    assert changing.is_opted_out()
    changing.settle()
    assert PERSON in changing.listed(LIST)


def test_a_first_stop_that_does_not_look_is_merged_later(changing: Changing) -> None:
    """It costs no further call, and is right at once; reconcile brings the facts together."""
    _before(changing, Asked.OPT_OUT)
    _before(changing, Asked.OPT_IN)
    changing.text("STOP")
    assert changing.is_opted_out()
    changing.settle()
    consent = changing.consent(LIST)
    assert consent is not None
    assert (consent.status, consent.end_user_opted_out) == (Status.OPTED_OUT, True)
    assert PERSON in changing.listed(LIST)


@pytest.mark.parametrize(("first", "second"), [(Asked.OPT_OUT, Asked.OPT_IN), (Asked.OPT_IN, Asked.OPT_OUT)])
def test_the_newest_decision_counts_under_either_name(changing: Changing, first: Asked, second: Asked) -> None:
    """After a rollback, during which an earlier release recorded under the ARN again."""
    _before(changing, first)
    changing.redeployed(BY_ARN)
    changing.settle()
    _before(changing, second)
    assert changing.is_opted_out() is (second is Asked.OPT_OUT)
    standing = Container(Settings.from_environment(os.environ), paced=False).ledger.consent(PERSON, LIST)
    assert standing is not None
    assert (standing.status is Status.OPTED_OUT) is (second is Asked.OPT_OUT)
    changing.settle()
    assert (PERSON in changing.listed(LIST)) is (second is Asked.OPT_OUT)


def test_at_equal_times_the_opt_out_counts(changing: Changing) -> None:
    """The safe side."""
    at = changing.world.parts.clock.now()
    _before(changing, Asked.OPT_OUT, at=at)
    parts = changing.world.parts
    Recorder(ledger=parts.ledger, clock=parts.clock).record(changing.world.decision(Asked.OPT_IN, at=at), LIST)
    changing.redeployed(BY_ARN)
    assert changing.is_opted_out()


def test_a_merge_that_the_client_wrote_twice_is_one(changing: Changing) -> None:
    """The second write is refused because of the first, and the person is opted out all the same."""
    _before(changing, Asked.OPT_OUT)
    changing.redeployed(BY_ARN)
    ledger = Container(Settings.from_environment(os.environ), paced=False).ledger
    with written_twice():
        found = ledger.consent(PERSON, LIST)
    assert found is not None
    assert found.status is Status.OPTED_OUT
    assert found == changing.consent(LIST)


def test_work_that_is_due_under_the_arn_is_done_once(changing: Changing) -> None:
    """By sweep, before anybody has read it; the old item is left without work, for a rollback."""
    _before(changing, Asked.OPT_OUT)
    changing.redeployed(BY_ARN)
    changing.sweep()
    assert PERSON in changing.listed(LIST)
    old, new = _stored(BY_ARN), _stored(LIST)
    assert old is not None
    assert new is not None
    assert ("due" in old, old["status"]["S"]) == (False, Status.OPTED_OUT)
    assert changing.world.calls().count("PutOptedOutNumber") == 1


def test_what_is_known_of_the_30_days_is_kept(changing: Changing) -> None:
    """A second deletion within them would be refused."""
    _before(changing, Asked.OPT_OUT)
    ledger = _without_names()
    standing = ledger.consent(PERSON, BY_ARN)
    assert isinstance(standing, Consent)
    changing.world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    deleted = changing.world.parts.clock.now() - timedelta(days=2)
    ledger.save(replace(standing, deleted_at=deleted, revision=standing.revision + 1), standing)
    changing.redeployed(BY_ARN)
    changing.text("START")
    consent = changing.consent(LIST)
    assert consent is not None
    assert (consent.status, consent.held_until) == (Status.OPT_IN_PENDING, deleted + timedelta(days=30))


def test_reconcile_merges_items_that_are_not_read(changing: Changing) -> None:
    """Everybody's consent has the list's name in the end."""
    people = [f"+1425555{at:04}" for at in range(190, 195)]
    for at, number in enumerate(people):
        _before(changing, Asked.OPT_IN if at % 2 else Asked.OPT_OUT, number)
    changing.redeployed(BY_ARN)
    changing.world.pass_time(days=1)
    changing.settle()
    for at, number in enumerate(people):
        new = _stored(LIST, number)
        assert new is not None
        assert new["status"]["S"] == (Status.OPTED_IN if at % 2 else Status.OPTED_OUT)


def test_a_sender_with_its_list_by_arn_has_the_same_list(changing: Changing) -> None:
    """As an operator may have set it without a check, in an earlier release."""
    sender = Sender(identity=OURS, list_name=ARN + "Club")
    clients.dynamodb().put_item(TableName="ledger", Item=encode(sender))
    changing.cold_start()
    changing.text("STOP")
    assert _stored("Club") is not None
    assert _stored(ARN + "Club") is None
    assert changing.is_opted_out()
    changing.done("senders", "set", OURS, "--list", "Club")
    assert changing.copies() == []


def test_a_list_that_is_known_by_both_names_counts_once() -> None:
    """One STOP is recorded once on it, with OptOutScope=ALL."""
    item = {"lists": {ARN + "Club": {"group": "promotions"}, "Club": {}, FOREIGN: {}}}
    known = known_lists_from(item, NAMES)
    assert [(each.name, each.group) for each in known] == [("Club", "promotions"), (FOREIGN, None)]


@pytest.mark.parametrize("given", [BY_ARN, LIST])
def test_an_import_accepts_a_list_by_either_name(changing: Changing, tmp_path: Path, given: str) -> None:
    """Its opt-outs stand under the name."""
    file = tmp_path / "numbers.csv"
    file.write_text(f"phone\n{PERSON}\n")
    changing.done("import", str(file), "--list", given, "--as-of", "2026-11-01", "--no-check")
    assert _stored(LIST) is not None
    assert _stored(BY_ARN) is None
    assert "opted out" in changing.done("check", PERSON, "--list", given).stdout
