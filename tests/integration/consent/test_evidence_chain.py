"""The evidence chain in the table: what each write adds, and that every change by hand is found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from shutil import which
from typing import Any

import pytest
from support.world import LIST, OURS, PERSON, World

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.chain import content_of
from sms_consent.adapters.dynamodb.erasure import Erasure
from sms_consent.adapters.dynamodb.evidence_queries import DynamoEvidence
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.domain.chain_verification import ChainReport
from sms_consent.domain.decision import Asked, Outcome
from sms_consent.domain.evidence import FactKind, digest_of_content
from sms_consent.domain.reply import ReplyKind, ReplyState
from sms_consent.queries.evidence import PersonEvidence

Item = dict[str, Any]
NEIGHBOUR = "+14255550199"


def evidence(number: str = PERSON) -> PersonEvidence:
    return DynamoEvidence(clients.dynamodb(), "ledger").person(number)


def stored(prefix: str = "", number: str = PERSON) -> list[Item]:
    items = clients.dynamodb().scan(TableName="ledger")["Items"]
    return [item for item in items if item["pk"]["S"] == number and item["sk"]["S"].startswith(prefix)]


def put(item: Item) -> None:
    clients.dynamodb().put_item(TableName="ledger", Item=item)


def delete(item: Item) -> None:
    clients.dynamodb().delete_item(TableName="ledger", Key={"pk": item["pk"], "sk": item["sk"]})


def head() -> Item:
    (found,) = stored("CHAIN")
    return found


def entry(sequence: int) -> Item:
    (found,) = [
        item for item in stored() if item.get("sequence") == {"N": str(sequence)} and item["sk"]["S"] != "CHAIN"
    ]
    return found


@pytest.fixture
def story(world: World) -> World:
    """STOP, START and STOP again: entries 1 to 9, each decision with its facts."""
    world.opt_out(body="STOP it", matched="STOP")
    world.pass_time(minutes=1)
    world.opt_in(body="START", matched="START")
    world.pass_time(minutes=1)
    world.opt_out(body="STOP", matched="STOP")
    world.pass_time(minutes=1)
    return world


def test_each_decision_has_its_facts_in_order(story: World) -> None:
    """Also after a later START: with the service's answers, the exact words of the replies, and their ids."""
    person = evidence()
    assert [[fact.kind for fact in each.facts] for each in person.decisions] == [
        [FactKind.LISTED, FactKind.REPLIED],
        [FactKind.REMOVED, FactKind.REPLIED],
        [FactKind.LISTED, FactKind.REPLIED],
    ]
    listed, replied = person.decisions[0].facts
    assert listed.listing is not None
    assert (listed.listing.end_user_opted_out, listed.listing.at is not None) == (False, True)
    assert (replied.reply, replied.state, replied.sender) == (ReplyKind.OPT_OUT_CONFIRMATION, ReplyState.SENT, OURS)
    assert replied.text in story.texts()
    assert replied.message_id
    assert person.decisions[1].facts[0].deleted_at is not None
    assert (person.chain.is_intact, person.chain.entries, person.chain.unchained) == (True, 9, 0)


def test_deferral_release_and_refusal_are_facts(story: World) -> None:
    """Under the 30-day rule."""
    story.opt_in()
    story.pass_time(days=31)
    story.sweep()
    kinds = [fact.kind for fact in evidence().facts][6:]
    assert kinds == [FactKind.DEFERRED, FactKind.RELEASED, FactKind.REPLIED]
    assert evidence().chain.is_intact


def test_replies_to_help_are_facts(world: World) -> None:
    """Of the decision that asked for it."""
    question = world.decision(Asked.HELP, body="HELP")
    world.parts.help_and_clarification.answer(question, ReplyKind.HELP, reply_from=OURS)
    (decision,) = evidence().decisions
    assert [(fact.reply, fact.state) for fact in decision.facts] == [(ReplyKind.HELP, ReplyState.SENT)]
    assert decision.facts[0].text == world.texts()[0]
    assert evidence().chain.is_intact


def _field(story: World) -> None:
    put(entry(1) | {"through": {"S": "+12125550100"}})


def _time(story: World) -> None:
    put(entry(1) | {"recorded_at": {"S": "2026-01-01T00:00:00.000Z"}})


def _body(story: World) -> None:
    put(entry(1) | {"body": {"S": "START"}})


def _matched(story: World) -> None:
    put(entry(1) | {"matched": {"S": "it"}})


def _salt(story: World) -> None:
    put(entry(1) | {"salt": {"S": "00"}})


def _added_field(story: World) -> None:
    put(entry(2) | {"refusal": {"S": "none"}})


def _fact_field(story: World) -> None:
    put(entry(3) | {"state": {"S": "FAILED"}})


def _decision_removed(story: World) -> None:
    delete(entry(4))


def _fact_removed(story: World) -> None:
    delete(entry(2))


def _newest_removed(story: World) -> None:
    delete(entry(9))


def _fact_inserted(story: World) -> None:
    put(entry(2) | {"sk": {"S": "FACT#0000000010"}, "sequence": {"N": "10"}})


def _decision_inserted(story: World) -> None:
    left_out = {"sequence", "previous", "digest", "salt", "matched_salt", "body_digest", "matched_digest"}
    copy = {name: value for name, value in entry(4).items() if name not in left_out}
    put(copy | {"sk": {"S": "DECISION#2026-11-03T14:05:00.000Z#forged"}})


def _decision_inserted_with_digest(story: World) -> None:
    _forge(entry(4) | {"sk": {"S": "DECISION#2026-11-03T14:05:00.000Z#forged"}})


def _swapped(story: World) -> None:
    first, second = entry(2), entry(3)
    put(first | {"sk": second["sk"]})
    put(second | {"sk": first["sk"]})


def _rolled_back(story: World) -> None:
    earlier = entry(6)
    for sequence in (7, 8, 9):
        delete(entry(sequence))
    put(head() | {"sequence": {"N": "6"}, "digest": earlier["digest"]})


def _head_deleted(story: World) -> None:
    delete(head())


def _head_start(story: World) -> None:
    put(head() | {"begun_at": {"S": "2027-01-01T00:00:00.000Z"}})


def _moved(story: World) -> None:
    moved = entry(9)
    delete(moved)
    put(moved | {"pk": {"S": NEIGHBOUR}})


def _recomputed(story: World) -> None:
    _forge(entry(4) | {"through": {"S": "+12125550100"}})


def _newest_recomputed(story: World) -> None:
    _forge(entry(9) | {"state": {"S": "FAILED"}})


def _below_the_first(story: World) -> None:
    _forge(entry(4) | {"sk": {"S": "DECISION#2026-11-03T14:00:30.000Z#forged"}, "sequence": {"N": "0"}})


def _binary_added(story: World) -> None:
    put(entry(2) | {"note": {"M": {"key": {"B": b"\x00"}}}})


def _body_of_another_type(story: World) -> None:
    put(entry(1) | {"body": {"B": b"START"}})


def _forge(item: Item) -> None:
    put(item | {"digest": {"S": digest_of_content(content_of(item))}})


TAMPERING = [
    _field, _time, _body, _matched, _salt, _added_field, _fact_field, _decision_removed, _fact_removed, _newest_removed,
    _fact_inserted, _decision_inserted, _decision_inserted_with_digest, _swapped, _rolled_back, _head_deleted, _head_start,
    _moved, _recomputed, _newest_recomputed, _below_the_first, _binary_added, _body_of_another_type,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERING)
def test_each_change_by_hand_is_found(story: World, tamper: Callable[[World], None]) -> None:
    """By the verification of the number, and by that of all numbers."""
    tamper(story)
    report = evidence().chain
    assert not report.is_intact
    assert PERSON not in " ".join(finding.text for finding in report.findings)
    assert dict(DynamoEvidence(clients.dynamodb(), "ledger").reports())[PERSON] == report


@pytest.mark.parametrize("tamper", [each for each in TAMPERING if each not in {_head_deleted, _head_start}])
def test_a_change_by_hand_stays_visible_and_delays_no_request(story: World, tamper: Callable[[World], None]) -> None:
    """The chain goes on after it, even where its head is too old. A head that is only removed is written again, complete."""
    tamper(story)
    for at in range(3):
        story.opt_out(id=f"later {at}")
        story.pass_time(days=31)
        story.opt_in(id=f"back {at}")
        story.pass_time(minutes=1)
    assert not story.listed()
    assert not evidence().chain.is_intact


FACTS_IN_THE_WAY: dict[str, Item] = {
    "without attributes": {},
    "with a time that is none": {"recorded_at": {"S": "soon"}},
    "with a negative number": {"sequence": {"N": "-5000000"}, "digest": {"S": "0"}},
    "with a number beyond all entries": {"sequence": {"N": "9" * 18}, "digest": {"S": "0"}},
}


@pytest.mark.parametrize("name", FACTS_IN_THE_WAY)
@pytest.mark.parametrize("sequence", ["-3", "9" * 18, "9" * 38])
def test_facts_and_a_head_written_by_hand_do_not_stop_an_opt_out(world: World, name: str, sequence: str) -> None:
    """It is on the list at once, in the history, and nothing is due. What is in the way is found."""
    key = {"pk": {"S": PERSON}}
    for place in range(1, 4):
        put(key | {"sk": {"S": f"FACT#{place:010d}"}} | FACTS_IN_THE_WAY[name])
    put(key | {"sk": {"S": "CHAIN"}, "sequence": {"N": sequence}, "digest": {"S": "0"}})
    world.opt_out(body="STOP")
    world.pass_time(minutes=1)
    assert (world.listed(), world.consent().settled, len(world.history())) == (True, True, 1)
    assert not evidence().chain.is_intact


def test_an_attribute_of_another_type_in_a_waiting_decision_is_recorded(story: World) -> None:
    """Another release may have written it: the request reaches the history, and its entry verifies."""
    story.parts.recorder.record(story.decision(Asked.OPT_IN, body="START"), LIST, sync_now=False)
    (consent,) = stored(f"LIST#{LIST}")
    consent["outbox"]["M"]["note"] = {"B": b"\x00"}
    put(consent)
    story.opt_out(body="STOP")
    story.pass_time(minutes=1)
    assert (story.listed(), len(story.history()), evidence().chain.is_intact) == (True, 5, True)


def test_an_entry_that_is_inserted_below_an_erasure_is_found(story: World) -> None:
    """It is not taken for one that an interrupted erasure left."""
    forged = entry(4)
    Erasure(clients.dynamodb(), "ledger", story.parts.clock).erase(PERSON)
    assert evidence().chain.is_intact
    story.pass_time(days=1)
    _forge(forged | {"recorded_at": {"S": "2026-11-04T12:00:00.000Z"}})
    assert not evidence().chain.is_intact


@pytest.mark.parametrize("damage", [{"sequence": {"N": "-3"}}, {"digest": {"N": "1"}}])
def test_a_person_is_erased_although_the_head_was_damaged(story: World, damage: Item) -> None:
    """What is erased does not depend on the chain."""
    put(head() | damage)
    Erasure(clients.dynamodb(), "ledger", story.parts.clock).erase(PERSON)
    assert story.history() == []
    assert [item["kind"]["S"] for item in stored("FACT#")] == ["ERASED"]


def test_without_a_change_nothing_is_found(story: World) -> None:
    """For everybody; the neighbour has no entry."""
    story.opt_out(number=NEIGHBOUR)
    reports = dict(DynamoEvidence(clients.dynamodb(), "ledger").reports())
    assert {number: report.is_intact for number, report in reports.items()} == {PERSON: True, NEIGHBOUR: True}


def test_entries_of_an_older_version_are_unchained(story: World) -> None:
    """They are counted: nothing can be said about them."""
    old = {"pk": {"S": PERSON}, "sk": {"S": "DECISION#2026-01-10T09:00:00.000Z#old"}, "asked": {"S": "OPT_OUT"},
           "author": {"S": "END_USER"}, "through": {"S": OURS}, "recorded_at": {"S": "2026-01-10T09:00:01.000Z"}}  # fmt: skip
    put(old)
    report = evidence().chain
    assert (report.is_intact, report.unchained) == (True, 1)


def test_entries_that_a_release_without_the_chain_wrote_are_reported_as_such(story: World) -> None:
    """Such a release keeps the attributes of the consent, and raises its revision."""
    (consent,) = stored("LIST#")
    put(consent | {"revision": {"N": str(int(consent["revision"]["N"]) + 1)}})
    _decision_inserted(story)
    report = evidence().chain
    assert (report.is_intact, report.without_chain) == (True, 1)
    story.opt_in()
    assert (evidence().chain.is_intact, evidence().chain.without_chain) == (True, 1)


def test_a_text_erased_with_its_salt_leaves_the_chain_intact(story: World) -> None:
    """``BodyRetentionDays``."""
    put({name: value for name, value in entry(1).items() if name not in {"body", "salt"}})
    assert evidence().chain.is_intact


def test_two_lists_of_one_number_have_one_chain(world: World) -> None:
    """Another environment does not know its newest entry, and continues it nevertheless."""
    world.opt_out()
    other = DynamoLedger(clients.dynamodb(), "ledger")
    consent = world.consent()
    second = replace(consent, list_name="Other", chain=None, applied_version=0, listed=None, listing=None, answer=None)
    other.save(second, None)
    listed = replace(
        second, applied_version=second.version, listed=True, listing=consent.listing, revision=second.revision + 1
    )
    other.save(listed, second)
    report: ChainReport = evidence().chain
    assert (report.is_intact, report.entries) == (True, 4)


def test_a_decision_recorded_twice_is_one_entry(world: World) -> None:
    """By two environments, at the same time."""
    decision = world.decision(Asked.HELP)
    now = world.parts.clock.now()
    first, second = (DynamoLedger(clients.dynamodb(), "ledger") for _ in range(2))
    assert first.append(decision, Outcome.ANSWERED, now) is True
    assert second.append(decision, Outcome.ANSWERED, now + timedelta(seconds=1)) is False
    assert (evidence().chain.is_intact, evidence().chain.entries) == (True, 1)


@pytest.mark.skipif(which("jq") is None, reason="jq is not installed")
def test_other_tools_compute_the_same_digest(story: World) -> None:
    """As docs/evidence.md shows, from the output of `aws dynamodb get-item`."""
    item = entry(1)
    command = ["jq", "-cjS", "del(.digest, .body, .salt, .matched, .matched_salt)"]
    encoded = subprocess.run(command, input=json.dumps(item).encode(), capture_output=True, check=True).stdout  # noqa: S603
    assert sha256(encoded).hexdigest() == item["digest"]["S"]
    assert sha256((item["salt"]["S"] + item["body"]["S"]).encode()).hexdigest() == item["body_digest"]["S"]


def test_the_consent_refers_to_the_newest_entry_of_its_own_writes(story: World) -> None:
    """So a head that is set back is found."""
    (consent,) = stored(f"LIST#{LIST}")
    assert consent["chain"]["M"]["digest"] == entry(9)["digest"] == head()["digest"]
