"""Calls that took effect without a response: nothing is done twice, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from support.intercepted import Killed
from support.lost_answers import after_effect, hooked, timed_out, written_twice
from support.sweep_function import sweep
from support.world import LIST, OURS, PERSON, World

from sms_consent.adapters import clients
from sms_consent.domain.consent import HOLD, IN_FLIGHT_FOR, Due, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.reply import ReplyKind, ReplyState
from sms_consent.recording.recorder import Recorder


def test_a_confirmation_whose_answer_timed_out_is_not_sent_again(world: World) -> None:
    """The person may have got it, and one is allowed."""
    with after_effect("SendTextMessage", timed_out()):
        consent = world.opt_out()
    assert consent.answer is not None
    assert consent.answer.state is ReplyState.UNKNOWN
    assert world.listed()
    world.pass_time(minutes=5)
    world.sweep()
    world.again()
    assert len(world.texts()) == 1


def test_a_reply_to_help_whose_answer_timed_out_is_not_sent_again(world: World) -> None:
    """Nor by sweep."""
    letters = world.parts.help_and_clarification
    with after_effect("SendTextMessage", timed_out()):
        letters.answer(world.decision(Asked.HELP), ReplyKind.HELP, reply_from=OURS)
    world.pass_time(minutes=5)
    world.sweep()
    assert len(world.texts()) == 1


def test_a_timed_out_put_may_still_take_effect(world: World) -> None:
    """A START right after it waits until it cannot any more."""
    with after_effect("PutOptedOutNumber", timed_out()):
        world.opt_out()
    world.pass_time(seconds=1)
    consent = world.opt_in()
    assert consent.due_at == world.parts.clock.now() - timedelta(seconds=1) + IN_FLIGHT_FOR
    assert world.listed()


def test_a_deletion_whose_answer_timed_out_is_looked_into(world: World) -> None:
    """A second one would count for 30 days more."""
    world.opt_out()
    world.pass_time(minutes=1)
    with after_effect("DeleteOptedOutNumber", timed_out()):
        world.opt_in()
    world.pass_time(minutes=10)
    world.sweep()
    assert world.consent().status is Status.OPTED_IN
    assert world.calls().count("DeleteOptedOutNumber") == 1
    assert world.calls()[-2:] == ["DescribeOptedOutNumbers", "SendTextMessage"]


def test_a_stop_that_the_client_wrote_twice_is_put_and_confirmed_at_once(world: World) -> None:
    """The second write is refused because of the first; that is no other worker."""
    with written_twice():
        consent = world.opt_out()
    assert consent.settled
    assert world.listed()
    assert len(world.texts()) == 1
    assert len(world.history()) == 1


def test_a_start_that_the_client_wrote_twice_takes_effect_at_once(world: World) -> None:
    """Likewise for a consent that exists."""
    world.opt_out()
    world.pass_time(minutes=1)
    with written_twice():
        consent = world.opt_in()
    assert (consent.status, consent.settled) == (Status.OPTED_IN, True)
    assert not world.listed()
    assert len(world.texts()) == 2


def test_a_lease_that_the_client_wrote_twice_is_held(world: World) -> None:
    """Sweep does not leave the number to a worker that it is itself."""
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out()
    world.pass_time(minutes=5)
    with written_twice():
        world.sweep()
    assert world.listed()


def test_a_reply_to_help_that_the_client_wrote_twice_is_sent(world: World) -> None:
    """It is no earlier delivery of the same question."""
    letters = world.parts.help_and_clarification
    with written_twice():
        answer = letters.answer(world.decision(Asked.HELP), ReplyKind.HELP, reply_from=OURS)
    assert answer is not None
    assert answer.state is ReplyState.SENT
    assert len(world.texts()) == 1


def test_a_reply_left_to_sweep_that_the_client_wrote_twice_is_sent(world: World) -> None:
    """Sweep claims it in one write too."""
    letters = world.parts.help_and_clarification
    world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    letters.answer(world.decision(Asked.HELP), ReplyKind.HELP, reply_from=OURS)
    world.pass_time(minutes=5)
    with written_twice():
        world.sweep()
    assert len(world.texts()) == 1


@pytest.mark.parametrize("deleted", [True, False])
def test_a_deletion_of_a_lost_worker_counts_although_the_next_decision_takes_no_lease(
    world: World, deleted: bool
) -> None:
    """An agent's opt-out is only recorded. The 30 days count from the latest time at which the deletion was possible."""
    world.opt_out()
    world.pass_time(minutes=1)
    when = "after-call" if deleted else "before-call"

    def kill(**_: Any) -> None:
        raise Killed

    event = f"{when}.pinpoint-sms-voice-v2.DeleteOptedOutNumber"
    with hooked(clients.sms_voice(), event, kill), pytest.raises(Killed):
        world.opt_in()
    lease_until = world.consent().lease_until
    assert lease_until is not None
    world.pass_time(minutes=10)
    opt_out = world.decision(Asked.OPT_OUT, author=Author.AGENT, through="cli")
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(opt_out, LIST)
    assert world.consent().latest_uncertain_delete == lease_until
    world.sweep()
    assert world.listed()
    world.pass_time(minutes=1)
    consent = world.opt_in()
    assert (consent.status, consent.held_until) == (Status.OPT_IN_PENDING, lease_until + HOLD)
    assert world.listed()


def test_sweeps_one_after_the_other_keep_to_the_rate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one before may have made its last call a moment ago: the quotas count all calls of a second."""
    for name, value in {"LEDGER_TABLE": world.table, "OPT_OUT_LIST": LIST}.items():
        monkeypatch.setenv(name, value)
    people = [f"+142555501{n:02d}" for n in range(30)]
    for number in people[:15]:
        _left_due(world, number)
    world.pass_time(minutes=2)
    puts = len(_puts(world))
    sweep(world)
    for number in people[15:]:
        _left_due(world, number)
    sweep(world)
    times = _puts(world)[puts:]
    assert len(times) == len(people)
    rate = world.parts.settings.put_rate
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1 / rate - 0.002


def _left_due(world: World, number: str) -> None:
    opt_out = world.decision(Asked.OPT_OUT, number=number, author=Author.AGENT, through="cli")
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(opt_out, LIST)


def _puts(world: World) -> list[float]:
    return [each.at.timestamp() for each in world.backend.request_log() if each.operation == "PutOptedOutNumber"]


def test_a_stop_after_an_import_is_not_work_of_the_import_any_more(world: World) -> None:
    """Even if nothing can be done at once: what people text waits behind no import."""
    imported = world.decision(Asked.OPT_OUT, author=Author.IMPORT, through="import")
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(imported, LIST)
    assert world.consent().due is Due.IMPORTED
    world.pass_time(minutes=1)
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out()
    assert world.consent().due is Due.OPT_OUT
    assert not world.listed()
    world.pass_time(minutes=1)
    imported = world.decision(Asked.OPT_OUT, author=Author.IMPORT, through="import")
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(imported, LIST)
    assert world.consent().due is Due.OPT_OUT
    assert PERSON in {each.number for each in world.parts.ledger.due_consents(Due.OPT_OUT, world.parts.clock.now())}
