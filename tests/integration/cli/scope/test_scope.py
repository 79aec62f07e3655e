"""One request for several lists: the reach of a scope, the order of work, and failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.world import LIST, OURS, PERSON

from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent.bootstrap.settings import PARAMETERS, Settings
from sms_consent.domain.consent import Due, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.errors import Unavailable
from sms_consent.domain.ports import Call
from sms_consent.domain.propagation import Reach
from sms_consent.domain.transitions import by_end_user

GROUPS = {"Marketing", "Club", "Alerts"}
EVERY = {LIST, *GROUPS}
PROMOTIONS = {"Marketing", "Club"}


class _Died(BaseException):
    """The worker's end."""


def _record(lists: Any, asked: Asked, list_name: str = LIST, **fields: Any) -> Any:
    decision = lists.world.decision(asked, **fields)
    lists.world.decided.append(decision)
    reply_from = OURS if by_end_user(decision) else None
    return lists.world.parts.recorder.record(decision, list_name, reply_from=reply_from)


def _again(lists: Any, list_name: str = LIST) -> Any:
    return lists.world.parts.recorder.record(lists.world.decided[-1], list_name, reply_from=OURS)


def test_by_default_a_stop_counts_for_the_senders_list_alone(lists: Any) -> None:
    """One STOP does not silence every programme, unless the company chooses so."""
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST}


def test_by_default_the_lists_are_not_even_read(lists: Any, reads: list[str]) -> None:
    """What nobody uses costs nothing."""
    _record(lists, Asked.OPT_OUT)
    assert "LISTS" not in reads


def test_a_stop_that_counts_for_all_reaches_every_known_list(lists: Any) -> None:
    """The stack's own too, whichever sender was texted."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT, "Alerts")
    assert lists.on() == EVERY
    assert {lists.consent(name).status for name in EVERY} == {Status.OPTED_OUT}
    assert all(lists.consent(name).end_user_opted_out for name in EVERY)


def test_a_stop_that_counts_for_a_group_reaches_its_lists_and_no_other(lists: Any) -> None:
    """Promotions end, alerts go on."""
    lists.reach(opt_out=Reach.GROUP)
    _record(lists, Asked.OPT_OUT, "Club")
    assert lists.on() == PROMOTIONS


@pytest.mark.parametrize("name", ["Alerts", LIST])
def test_a_list_in_no_group_is_not_grouped_with_others(lists: Any, name: str) -> None:
    """Being in none is nothing that lists have in common."""
    lists.reach(opt_out=Reach.GROUP)
    _record(lists, Asked.OPT_OUT, name)
    assert lists.on() == {name}


def test_the_stacks_own_list_may_be_in_a_group(lists: Any) -> None:
    """It is a list like any other."""
    lists.know({LIST: "promotions", "Marketing": "promotions", "Club": "other"})
    lists.reach(opt_out=Reach.GROUP)
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST, "Marketing"}


def test_one_text_is_one_decision_however_many_lists_it_counts_for(lists: Any) -> None:
    """The evidence is one text."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    assert lists.outcomes() == ["CHANGED"]


def test_a_decision_that_changed_any_list_counts_as_a_change(lists: Any) -> None:
    """Already out on the sender's list; the others follow now."""
    _record(lists, Asked.OPT_OUT)
    lists.reach(opt_out=Reach.ALL)
    lists.world.pass_time(minutes=1)
    recorded = _record(lists, Asked.OPT_OUT)
    assert recorded.outcome == "CHANGED"
    assert lists.outcomes() == ["CHANGED", "CHANGED"]
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_OUT)
    assert lists.outcomes() == ["CHANGED", "CHANGED", "CONFIRMED"]


def test_a_stop_overtaken_on_one_list_still_counts_on_the_others(lists: Any) -> None:
    """An agent had opted the person in on one list since; the STOP arrives late."""
    lists.reach(opt_out=Reach.ALL)
    late = lists.world.decision(Asked.OPT_OUT)
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_IN, author=Author.AGENT)
    recorded = lists.world.parts.recorder.record(late, LIST, reply_from=OURS)
    assert lists.on() == EVERY - {LIST}
    assert recorded.outcome == "CHANGED"
    assert recorded.consent.status is Status.OPTED_IN


def test_the_person_is_answered_once(lists: Any) -> None:
    """By the sender that was texted, before the put on its own list, which would forbid it."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    assert len(lists.world.texts()) == 1
    assert [name for name in EVERY if lists.consent(name).answer is not None] == [LIST]
    assert lists.world.calls()[len(GROUPS) :][:2] == ["SendTextMessage", "PutOptedOutNumber"]


def test_a_start_lifts_only_what_its_own_scope_reaches(lists: Any) -> None:
    """A company may take STOP widely and START narrowly."""
    lists.reach(opt_out=Reach.ALL, opt_in=Reach.SENDER)
    _record(lists, Asked.OPT_OUT)
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_IN, "Alerts")
    assert lists.on() == EVERY - {"Alerts"}


def test_a_start_that_counts_for_a_group_lifts_its_lists(lists: Any) -> None:
    """And no other."""
    lists.reach(opt_out=Reach.ALL, opt_in=Reach.GROUP)
    _record(lists, Asked.OPT_OUT)
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_IN, "Club")
    assert lists.on() == EVERY - PROMOTIONS


def test_the_30_days_hold_each_list_on_its_own(lists: Any) -> None:
    """One list must wait; the others follow at once."""
    lists.reach(opt_out=Reach.ALL, opt_in=Reach.ALL)
    _record(lists, Asked.OPT_OUT, "Club", author=Author.IMPORT)
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_IN, "Club", author=Author.IMPORT)
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_OUT)
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_IN)
    assert lists.on() == {"Club"}
    assert lists.consent("Club").status is Status.OPT_IN_PENDING
    lists.world.pass_time(days=31)
    lists.world.sweep()
    assert lists.on() == set()


def test_an_agents_request_has_the_same_scope_as_the_persons_own(lists: Any) -> None:
    """A call to support counts as much as a text."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT, author=Author.AGENT)
    assert lists.on() == EVERY


@pytest.mark.parametrize("author", [Author.IMPORT, Author.AWS])
def test_an_import_counts_for_the_list_that_it_names(lists: Any, author: Author) -> None:
    """It is a fact about that list, and no request."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT, "Club", author=author)
    assert lists.on() == {"Club"}


def test_a_list_that_refuses_holds_up_no_other(lists: Any) -> None:
    """Somebody deleted it: its opt-out stays due, and is alarmed."""
    lists.world.aws.delete_opt_out_list(OptOutListName="Alerts")
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    assert {name for name in EVERY if lists.consent(name).settled} == EVERY - {"Alerts"}
    assert lists.consent("Alerts").due is Due.OPT_OUT


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_write_that_fails_for_one_list_holds_up_no_other_and_is_made_good(
    lists: Any, fail_save: Callable[[str, BaseException], None], name: str
) -> None:
    """The text is delivered again, and completes what is missing."""
    lists.reach(opt_out=Reach.ALL)
    fail_save(name, Unavailable("no answer"))
    with pytest.raises(Unavailable):
        _record(lists, Asked.OPT_OUT)
    assert lists.on() == EVERY - {name}
    _again(lists)
    assert lists.on() == EVERY
    assert lists.outcomes() == ["CHANGED"]
    assert len(lists.world.texts()) == 1


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_worker_that_dies_between_two_lists_leaves_nothing_that_a_redelivery_does_not_complete(
    lists: Any, fail_save: Callable[[str, BaseException], None], name: str
) -> None:
    """Sweep does what the dead worker had claimed; the redelivery does the rest."""
    lists.reach(opt_out=Reach.ALL)
    fail_save(name, _Died())
    with pytest.raises(_Died):
        _record(lists, Asked.OPT_OUT)
    lists.world.pass_time(minutes=3)
    _again(lists)
    lists.world.sweep()
    assert lists.on() == EVERY
    assert lists.outcomes() == ["CHANGED"]


def test_every_consent_is_changed_before_any_list_is_touched(lists: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries return "opted out" for each, even if the worker dies then."""
    lists.reach(opt_out=Reach.ALL)

    def die(*_: object) -> None:
        raise _Died

    monkeypatch.setattr(AwsOptOutList, "put", die)
    with pytest.raises(_Died):
        _record(lists, Asked.OPT_OUT)
    assert {lists.consent(name).status for name in EVERY} == {Status.OPTED_OUT}
    monkeypatch.undo()
    lists.world.pass_time(minutes=2)
    lists.world.sweep()
    assert lists.on() == EVERY
    assert lists.outcomes() == ["CHANGED"]


def test_lists_that_cannot_be_read_do_not_keep_the_senders_own_from_being_changed(
    lists: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As much as possible is opted out at once; the redelivery does the others."""
    lists.reach(opt_out=Reach.ALL)
    scope = lists.world.parts.recorder._scope
    known = scope._lists

    def unreadable() -> None:
        raise Unavailable("no answer")

    monkeypatch.setattr(scope, "_lists", unreadable)
    with pytest.raises(Unavailable):
        _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST}
    monkeypatch.setattr(scope, "_lists", known)
    _again(lists)
    assert lists.on() == EVERY
    assert lists.outcomes() == ["CHANGED"]


def test_a_redelivered_stop_changes_nothing_on_any_list(lists: Any) -> None:
    """At least once is how texts are delivered."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    before = {name: lists.consent(name) for name in EVERY}
    calls = lists.world.calls()
    _again(lists)
    assert {name: lists.consent(name) for name in EVERY} == before
    assert lists.world.calls() == calls
    assert lists.outcomes() == ["CHANGED"]


def test_what_is_throttled_on_one_list_is_done_by_sweep(lists: Any) -> None:
    """Each list is synced on its own."""
    lists.reach(opt_out=Reach.ALL)
    lists.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 2)
    _record(lists, Asked.OPT_OUT)
    assert lists.on() != EVERY
    lists.world.pass_time(seconds=10)
    lists.world.sweep()
    assert lists.on() == EVERY


def test_a_redelivery_does_what_is_left_on_every_list(lists: Any) -> None:
    """It finds its decision recorded, and still runs sync."""
    lists.reach(opt_out=Reach.ALL)
    lists.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", len(EVERY))
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == set()
    lists.world.pass_time(seconds=10)
    _again(lists)
    assert lists.on() == EVERY


def test_a_redelivery_that_cannot_do_what_is_left_fails_again(
    lists: Any, fail_save: Callable[[str, BaseException], None]
) -> None:
    """The queue is told the truth."""
    lists.reach(opt_out=Reach.ALL)
    lists.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", len(EVERY))
    _record(lists, Asked.OPT_OUT)
    lists.world.pass_time(seconds=10)
    fail_save("Club", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        _again(lists)
    assert lists.on() == EVERY - {"Club"}


def test_a_change_that_is_left_to_sweep_is_in_the_history_at_once(lists: Any) -> None:
    """While the service has this worker rest, nothing is done at once, on any list."""
    _record(lists, Asked.OPT_OUT)
    lists.reach(opt_out=Reach.ALL)
    lists.world.pass_time(minutes=1)
    lists.world.parts.sync.rate_limiter.refused(Call.PUT)
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST}
    assert lists.outcomes() == ["CHANGED", "CHANGED"]


def test_the_history_waits_until_every_list_is_known_to_be_changed_or_not(
    lists: Any, fail_save: Callable[[str, BaseException], None]
) -> None:
    """A decision is written once: it must not say that it changed nothing while one list is still open."""
    for name in EVERY - {"Club"}:
        _record(lists, Asked.OPT_OUT, name)
    lists.reach(opt_out=Reach.ALL)
    lists.world.pass_time(minutes=1)
    fail_save("Club", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        _record(lists, Asked.OPT_OUT)
    _again(lists)
    assert lists.outcomes()[-1] == "CHANGED"


def test_the_lists_are_read_once_a_minute(lists: Any, reads: list[str]) -> None:
    """A STOP costs one read more at the most."""
    lists.reach(opt_out=Reach.ALL)
    for _ in range(3):
        _record(lists, Asked.OPT_OUT)
        lists.world.pass_time(seconds=10)
    assert reads.count("LISTS") == 1


def test_a_change_of_groups_takes_effect_within_a_minute(lists: Any) -> None:
    """Without a deployment."""
    lists.reach(opt_out=Reach.GROUP)
    _record(lists, Asked.OPT_OUT, "Club")
    lists.know({"Club": "promotions", "Alerts": "promotions"})
    lists.world.pass_time(minutes=1)
    _record(lists, Asked.OPT_OUT, "Club")
    assert lists.on() == PROMOTIONS | {"Alerts"}


def test_a_deployment_that_knows_no_lists_has_its_own(lists: Any) -> None:
    """Before anybody configured a sender."""
    lists.know({})
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST}


def test_a_list_is_reached_by_its_arn(lists: Any) -> None:
    """A list that another account shares has no other name."""
    (described,) = lists.world.aws.describe_opt_out_lists(OptOutListNames=["Club"])["OptOutLists"]
    lists.know({described["OptOutListArn"]: None})
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST, "Club"}
    assert lists.consent(described["OptOutListArn"]).settled


def test_a_list_that_another_account_does_not_share_keeps_its_opt_out_due(lists: Any) -> None:
    """The ARN goes to the API as it is; when access is granted, sweep does the rest."""
    foreign = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Partner"
    lists.know({foreign: None})
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT)
    assert lists.on() == {LIST}
    assert lists.consent(foreign).due is Due.OPT_OUT


@pytest.mark.parametrize("name", ["OPT_OUT_SCOPE", "OPT_IN_SCOPE"])
def test_a_scope_that_does_not_exist_counts_as_the_sender_and_is_a_problem(name: str) -> None:
    """It must not stop a STOP from being recorded."""
    environment = {"LEDGER_TABLE": "t", "OPT_OUT_LIST": LIST, "BRAND": "Example", "SUPPORT_CONTACT": "help.example.com"}
    settings = Settings.from_environment(environment | {name: "EVERYTHING"})
    assert (settings.opt_out_scope, settings.opt_in_scope) == (Reach.SENDER, Reach.SENDER)
    (problem,) = settings.problems
    assert (problem.setting, problem.fix) == (PARAMETERS[name], "Give one of SENDER, GROUP, ALL.")


def test_no_other_person_is_affected(lists: Any) -> None:
    """A scope is about lists, not people."""
    lists.reach(opt_out=Reach.ALL)
    _record(lists, Asked.OPT_OUT, number="+14255550183")
    assert lists.on() == set()
    assert lists.world.parts.ledger.consent(PERSON, "Club") is None
