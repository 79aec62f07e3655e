"""Two versions share one table during a rollback or a canary deployment: neither deletes or breaks what the other wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.previous_release import previous
from support.world import LIST, OURS, PERSON, World

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode, from_attributes, to_attributes
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.message_bodies import DynamoMessageBodies
from sms_consent.adapters.dynamodb.reconcile_progress import RECONCILE, DynamoProgressStore
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.ports import Sender
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import ReplyKind
from sms_consent.reconciliation.progress import RunProgress
from sms_consent.recording.recorder import Recorder

KEY = {"pk": {"S": PERSON}, "sk": {"S": f"LIST#{LIST}"}}
NEIGHBOUR = "+14255550199"

ADDED: dict[str, Any] = {
    "text": {"S": "added"},
    "fraction": {"N": "1.5"},
    "binary": {"B": b"\x00\x01"},
    "null": {"NULL": True},
    "set": {"SS": ["a", "b"]},
    "nested": {"M": {"inner": {"L": [{"N": "1"}, {"BOOL": False}]}}},
}


def item(sk: str = f"LIST#{LIST}", pk: str = PERSON) -> dict[str, Any]:
    answer = clients.dynamodb().get_item(TableName="ledger", Key={"pk": {"S": pk}, "sk": {"S": sk}})
    return dict(answer["Item"])


def store(changed: dict[str, Any]) -> None:
    clients.dynamodb().put_item(TableName="ledger", Item=changed)


def edit(**attributes: Any) -> None:
    store(item() | attributes)


def unrecorded_stop(world: World) -> None:
    """A STOP whose decision is still a copy in the consent: its list calls are left to sweep."""
    world.parts.recorder.record(world.decision(Asked.OPT_OUT), LIST, reply_from=OURS, sync_now=False)
    world.pass_time(seconds=10)


def throttled_stop(world: World, number: str = PERSON) -> None:
    """A STOP that is recorded, and whose put is left to sweep."""
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out(number=number)


@pytest.mark.parametrize("name", ADDED)
def test_an_attribute_that_a_newer_version_added_survives_every_write(world: World, name: str) -> None:
    """The consent passes through STOP, sweep, a second STOP, START, release and STOP again."""
    throttled_stop(world)
    edit(newer=ADDED[name])
    world.pass_time(minutes=1)
    world.sweep()
    world.opt_out()
    world.pass_time(minutes=1)
    world.opt_in()
    world.pass_time(days=3)
    world.opt_out()
    world.pass_time(minutes=1)
    world.opt_in()

    assert item()["newer"] == ADDED[name]
    assert item()["status"] == {"S": "OPT_IN_PENDING"}


@pytest.mark.parametrize("within", ["answer", "outbox", "listing"])
def test_attributes_added_to_nested_values_survive(world: World, within: str) -> None:
    unrecorded_stop(world)
    stored = item()
    if within == "listing":
        stored["listing"] = {"M": {"at": {"S": "2026-11-03T14:00:00.000Z"}}}
    stored[within]["M"]["newer"] = ADDED["nested"]
    store(stored)

    consent = world.parts.ledger.consent(PERSON, LIST)
    assert consent is not None
    world.parts.ledger.save(replace(consent, revision=consent.revision + 1), replacing=consent)

    assert item()[within]["M"]["newer"] == ADDED["nested"]


def test_the_history_keeps_what_a_newer_version_added_to_a_decision(world: World) -> None:
    """The copy in the consent goes to the history as it is stored, with a kind of author that is unknown here."""
    unrecorded_stop(world)
    stored = item()
    stored["outbox"]["M"] |= {"author": {"S": "CARRIER"}, "newer": ADDED["nested"]}
    store(stored)
    world.pass_time(minutes=1)
    world.sweep()

    assert world.listed()
    (decision,) = world.history()
    assert decision["author"] == {"S": "CARRIER"}
    assert decision["newer"] == ADDED["nested"]
    ((read, _, _),) = DynamoConsentQueries(clients.dynamodb(), "ledger").decisions(PERSON, before=None, most=5)
    assert read.author is Author.UNKNOWN


UNKNOWN: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": {"S": "OPTED_OUT_PARTLY"}}),
    ("drift", {"drift": {"S": "SOMETHING_NEW"}}),
    ("decided_author", {"decided_author": {"S": "CARRIER"}}),
    ("attempts as text", {"attempts": {"S": "1"}}),
    ("version as text", {"version": {"S": "one"}}),
    ("revision as text", {"revision": {"S": "first"}}),
    ("applied version as a fraction", {"applied_version": {"N": "0.5"}}),
    ("a time that is none", {"decided_at": {"S": "yesterday"}}),
    ("a lease's end that is none", {"lease_until": {"N": "17"}}),
    ("replies of another form", {"recent_replies": {"S": "none"}}),
    ("listing of another form", {"listing": {"S": "on the list"}}),
    ("answer of another form", {"answer": {"L": []}}),
    ("outbox of another form", {"outbox": {"M": {"newer": {"S": "form"}}}}),
    ("no status", {"status": None}),
    ("no revision", {"revision": None}),
    ("no time", {"decided_at": None}),
]


@pytest.mark.slow
@pytest.mark.parametrize("changed", [each for _, each in UNKNOWN], ids=[name for name, _ in UNKNOWN])
def test_an_unreadable_attribute_loses_no_stop(world: World, changed: dict[str, Any]) -> None:
    """The number itself and its neighbour are put, and the number's next STOP is recorded."""
    throttled_stop(world)
    throttled_stop(world, NEIGHBOUR)
    stored = {name: value for name, value in (item() | changed).items() if value is not None}
    store(stored)
    world.pass_time(minutes=1)
    world.sweep()

    listed = {
        each["OptedOutNumber"] for each in world.aws.describe_opted_out_numbers(OptOutListName=LIST)["OptedOutNumbers"]
    }
    assert listed == {PERSON, NEIGHBOUR}
    assert world.consent().settled

    world.pass_time(minutes=1)
    world.opt_out()
    assert len([each for each in world.history() if each["pk"]["S"] == PERSON]) >= 2
    assert world.consent().status is Status.OPTED_OUT


def test_an_unknown_status_stays_stored_and_the_number_stays_on_the_list(world: World) -> None:
    throttled_stop(world)
    edit(status={"S": "OPTED_OUT_PARTLY"})
    for _ in range(3):
        world.pass_time(minutes=5)
        world.sweep()
    world.opt_out()

    assert item()["status"] == {"S": "OPTED_OUT_PARTLY"}
    assert world.consent().status is Status.OPTED_OUT
    assert world.listed()


@pytest.mark.parametrize(
    "changed", [{"status": {"S": "OPTED_OUT_PARTLY"}}, {"status": None}], ids=["unknown status", "no status"]
)
def test_a_stop_is_put_although_the_unreadable_status_counted_as_opted_out(
    world: World, changed: dict[str, Any]
) -> None:
    """The person was opted in, and nothing was left to do."""
    world.opt_out()
    world.pass_time(minutes=1)
    world.opt_in()
    assert not world.listed()
    store({name: value for name, value in (item() | changed).items() if value is not None})
    world.pass_time(minutes=1)
    world.opt_out()
    world.sweep()

    assert world.listed()
    assert item()["status"] == {"S": "OPTED_OUT"}


@pytest.mark.parametrize("changed", [{"version": {"S": "two"}}, {"version": None}], ids=["unreadable", "missing"])
def test_a_stop_after_a_start_is_put_although_its_version_cannot_be_read(world: World, changed: dict[str, Any]) -> None:
    """Version 1 is applied, and version 2 is not: it must not be taken for version 1."""
    world.opt_in()
    world.pass_time(minutes=1)
    throttled_stop(world)
    store({name: value for name, value in (item() | changed).items() if value is not None})
    world.pass_time(minutes=5)
    world.sweep()

    assert world.listed()
    assert world.consent().settled


@pytest.mark.parametrize("decided_by", ["as stored", {"N": "7"}, None])
@pytest.mark.parametrize("at", [{"S": "yesterday"}, {"N": "17"}, None])
@pytest.mark.parametrize("was_read_before", [True, False])
def test_a_start_from_before_a_stop_whose_time_cannot_be_read_does_not_undo_it(
    world: World, at: Any, decided_by: Any, was_read_before: bool
) -> None:
    """The history has the time. A copy of the START may arrive, or the START itself for the first time; a newer one counts."""
    start = world.parts.clock.now()
    if was_read_before:
        world.opt_in(start, id="start")
    world.pass_time(minutes=5)
    world.opt_out()
    stored = item()
    changed = {"decided_at": at} | ({} if decided_by == "as stored" else {"decided_by": decided_by})
    store({name: value for name, value in (stored | changed).items() if value is not None})

    world.pass_time(minutes=5)
    world.opt_in(start + timedelta(seconds=30), id="start")
    assert world.consent().status is Status.OPTED_OUT
    assert world.listed()

    world.opt_in(id="newer")
    assert world.consent().status is not Status.OPTED_OUT


def test_a_redelivered_stop_keeps_its_time_where_the_stored_one_cannot_be_read(world: World) -> None:
    """The history has it once, at the time at which it was texted."""
    world.opt_out(id="stop")
    (recorded,) = world.history()
    edit(decided_at={"S": "yesterday"})
    world.pass_time(minutes=5)
    world.again()
    assert [each["sk"] for each in world.history()] == [recorded["sk"]]


def test_a_newer_request_replaces_an_unknown_status(world: World) -> None:
    throttled_stop(world)
    edit(status={"S": "OPTED_OUT_PARTLY"})
    world.pass_time(minutes=1)
    world.opt_in()
    assert item()["status"] == {"S": "OPTED_IN"}
    world.pass_time(minutes=1)
    world.opt_out()
    assert item()["status"] == {"S": "OPTED_OUT"}


@pytest.mark.parametrize("name", ["kind", "state"])
def test_a_reply_of_an_unknown_kind_does_not_hold_up_the_put(world: World, name: str) -> None:
    throttled_stop(world)
    stored = item()
    stored["answer"]["M"][name] = {"S": "NEW"}
    store(stored)
    world.pass_time(minutes=1)
    world.sweep()

    assert world.listed()
    assert item()["answer"]["M"][name] == {"S": "NEW"}


def test_work_of_an_unknown_kind_is_done_after_the_next_stop(world: World) -> None:
    throttled_stop(world)
    edit(due={"S": "NEW_KIND"})
    world.pass_time(minutes=1)
    world.opt_out()
    world.sweep()
    assert world.listed()


def test_a_decision_that_cannot_be_read_is_kept_when_the_next_one_takes_its_place(world: World) -> None:
    unrecorded_stop(world)
    form: dict[str, Any] = {"M": {"newer": {"S": "form"}}}
    edit(outbox=form)
    world.pass_time(minutes=1)
    opt_in = world.decision(Asked.OPT_IN, author=Author.AGENT)
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(opt_in, LIST)
    assert item()["outbox"]["M"]["id"] == {"S": opt_in.id}
    assert item()["unreadable_outbox"] == form
    world.pass_time(minutes=1)
    world.sweep()
    assert item()["unreadable_outbox"] == form


def test_the_deletion_time_of_an_erased_consent_does_not_survive_the_next_stop(world: World) -> None:
    """``expires`` makes DynamoDB delete the item: a consent in use never carries it."""
    world.opt_out()
    world.pass_time(minutes=1)
    world.opt_in()
    edit(expires={"N": "1800000000"})
    world.pass_time(minutes=1)
    world.opt_out()
    assert "expires" not in item()


def test_a_reply_that_cannot_be_read_does_not_stop_the_next_help(world: World) -> None:
    help_and_clarification = world.parts.help_and_clarification
    help_and_clarification.answer(world.decision(Asked.HELP), ReplyKind.HELP, reply_from=OURS)
    (letter,) = [each for each in world.items() if each["sk"]["S"].startswith("ANSWER#")]
    store(
        letter | {"answer": {"S": "sent"}, "newer": ADDED["set"], "due": {"S": "REPLY"}, "due_at": letter["asked_at"]}
    )
    world.pass_time(minutes=1)
    world.sweep()
    world.pass_time(minutes=1)
    help_and_clarification.answer(world.decision(Asked.HELP), ReplyKind.HELP, reply_from=OURS)

    assert len(world.texts()) == 2
    assert item(letter["sk"]["S"])["newer"] == ADDED["set"]


def test_senders_lists_and_progress_keep_what_a_newer_version_added(world: World) -> None:
    book = SenderStore(clients.dynamodb(), "ledger")
    book.write(Sender(identity=OURS, list_name=LIST))
    for key in ((f"SENDER#{OURS}", "SENDER"), ("SENDERS", OURS), ("LISTS", "LISTS")):
        stored = item(key[1], key[0])
        if key[0] == "LISTS":
            stored["lists"]["M"][LIST]["M"]["newer"] = ADDED["nested"]
        store(stored | {"newer": ADDED["nested"]})
    book.write(Sender(identity=OURS, list_name="Club", brand="The Club"))

    assert item("SENDER", f"SENDER#{OURS}")["newer"] == ADDED["nested"]
    assert item(OURS, "SENDERS")["newer"] == ADDED["nested"]
    lists = item("LISTS", "LISTS")
    assert lists["newer"] == ADDED["nested"]
    assert lists["lists"]["M"][LIST]["M"]["newer"] == ADDED["nested"]
    assert "Club" in lists["lists"]["M"]

    now = world.parts.clock.now()
    runs = DynamoProgressStore(clients.dynamodb(), "ledger")
    first = RunProgress(id="r", started_at=now, lists=(LIST,), found_after=now, behind_since=now)
    store(encode(first, {"newer": "added"}))
    read = runs.newest()
    assert read is not None
    runs.save(read.without_lease(), replacing=read)
    assert item(RECONCILE, RECONCILE)["newer"] == {"S": "added"}

    bodies = DynamoMessageBodies(clients.dynamodb(), "ledger")
    store(
        to_attributes(
            {"pk": "RETENTION", "sk": "RETENTION", "begun_at": "2026-11-01T00:00:00.000Z", "over": True, "newer": 1}
        )
    )
    current = bodies.newest()
    assert current is not None
    bodies.save(current)
    assert item("RETENTION", "RETENTION")["newer"] == {"N": "1"}


@pytest.fixture
def older(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The previous release's parts on the same table and list."""
    folder = tmp_path_factory.getbasetemp() / "previous-release"
    assembly = previous("aws.assembly", folder)
    settings = previous("settings", folder).Settings.from_environment(
        {"LEDGER_TABLE": "ledger", "OPT_OUT_LIST": LIST, "BRAND": "Example", "SUPPORT_CONTACT": "help.example.com"}
    )
    return assembly.assemble(settings, paced=False, dynamodb=clients.dynamodb(), sms_voice=clients.sms_voice())


def text(world: World, older: Any, asked: Asked, tmp: Any) -> None:
    """The previous release records a text."""
    module = tmp("decision")
    decision = world.decision(asked)
    values = {
        name: getattr(decision, name)
        for name in ("id", "number", "at", "through", "tier", "rule", "matched", "language", "body")
    }
    older.recorder.record(
        module.Decision(asked=module.Asked(asked.value), author=module.Author.END_USER, **values), LIST, reply_from=OURS
    )


@pytest.mark.slow
@pytest.mark.parametrize("order", ["nonnnnono", "onononono", "noonnoono", "oonnoonno"])
def test_this_release_and_the_previous_one_take_turns_on_one_table(
    world: World, older: Any, tmp_path_factory: pytest.TempPathFactory, order: str
) -> None:
    """``n`` and ``o`` say which release handles each text; both sweep, and list and ledger agree after each."""
    folder = tmp_path_factory.getbasetemp() / "previous-release"
    for turn, release in enumerate(order):
        asked = Asked.OPT_OUT if turn % 2 == 0 else Asked.OPT_IN
        if turn % 4 == 2:
            world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
        if release == "n":
            world.opt_out() if asked is Asked.OPT_OUT else world.opt_in()
        else:
            text(world, older, asked, lambda name: previous(name, folder))
        world.pass_time(minutes=1)
        if turn % 3:
            world.sweep()
        older.sweep().run(world.parts.clock.now())
        world.pass_time(minutes=1)
        world.sweep()
        expected = Status.OPTED_OUT if asked is Asked.OPT_OUT else world.consent().status
        assert world.consent().status is expected
        if asked is Asked.OPT_OUT:
            assert world.listed()
        world.pass_time(days=31)
        world.sweep()
        assert world.listed() is (asked is Asked.OPT_OUT)
    assert len(world.history()) == len(order)


def test_the_previous_release_reads_what_this_one_writes(
    world: World, older: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After a rollback nothing that this release stored makes the previous one fail."""
    world.opt_out()
    stored = from_attributes(item())
    module = previous("aws.items", tmp_path_factory.getbasetemp() / "previous-release")
    assert module.consent_from(stored).status.value == "OPTED_OUT"


def test_the_previous_release_leaves_permanently_rejected_numbers_alone(world: World, older: Any) -> None:
    """Their work has a kind that it does not know, on an item that it never reads; this release goes on with it."""
    throttled_stop(world)
    consent = world.consent()
    rejected = replace(
        consent, revision=consent.revision + 1, rejections=5, rejected_since=consent.decided_at,
        rejection="ValidationException", due=None, due_at=None,
    )  # fmt: skip
    world.parts.ledger.reject(RejectedWork.of(rejected, world.parts.clock.now()))
    world.parts.ledger.save(rejected, replacing=consent)
    world.pass_time(days=1, minutes=1)
    older.sweep().run(world.parts.clock.now() + timedelta(seconds=11))
    assert not world.listed()
    world.sweep()
    assert world.listed()
