"""A START is honoured, within AWS's limit of one deletion from a list in 30 days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.world import PERSON, START_OF_TEST, World

from sms_consent.domain.consent import HOLD, IN_FLIGHT_FOR, Due, Status
from sms_consent.domain.reply import ReplyState


def _stop_start_stop(world: World) -> None:
    for ask in (world.opt_out, world.opt_in, world.opt_out):
        ask()
        world.pass_time(minutes=1)


def test_a_start_takes_its_sender_off_the_list_and_confirms(world: World) -> None:
    """The first deletion is free."""
    world.opt_out()
    world.pass_time(minutes=1)
    consent = world.opt_in()
    assert not world.listed()
    assert consent.status is Status.OPTED_IN
    assert consent.deleted_at == START_OF_TEST + timedelta(minutes=1)
    assert len(world.texts()) == 2


def test_the_opt_in_is_confirmed_after_the_deletion(world: World) -> None:
    """Before it, the service would refuse the text."""
    world.opt_out()
    world.pass_time(minutes=1)
    world.opt_in()
    assert world.calls()[-2:] == ["DeleteOptedOutNumber", "SendTextMessage"]


def test_a_start_without_an_earlier_opt_out_is_an_opt_in(world: World) -> None:
    """The number may be on the list without the ledger's knowledge, so the deletion is tried; it is no deletion if not."""
    consent = world.opt_in()
    assert consent.status is Status.OPTED_IN
    assert consent.deleted_at is None
    assert len(world.texts()) == 1


def test_a_second_start_within_30_days_of_the_deletion_waits_without_calling_the_api(world: World) -> None:
    """OPT_IN_PENDING, due when the 30 days are over."""
    _stop_start_stop(world)
    deleted_at = world.consent().deleted_at
    assert deleted_at is not None
    calls = len(world.calls())
    consent = world.opt_in()
    assert consent.status is Status.OPT_IN_PENDING
    assert (consent.due, consent.due_at) == (Due.OPT_IN, deleted_at + HOLD)
    assert len(world.calls()) == calls
    assert world.listed()


def test_a_pending_opt_in_is_not_released_before_its_time(world: World) -> None:
    """One millisecond early is early."""
    _stop_start_stop(world)
    consent = world.opt_in()
    assert consent.due_at is not None
    world.time.move_to(consent.due_at - timedelta(milliseconds=1), tick=False)
    world.sweep()
    assert world.listed()


def test_a_pending_opt_in_is_released_and_confirmed_by_sweep_when_its_time_comes(world: World) -> None:
    """The person is told when it is true, 30 days later."""
    _stop_start_stop(world)
    texts = len(world.texts())
    consent = world.opt_in()
    assert consent.due_at is not None
    world.time.move_to(consent.due_at, tick=False)
    world.sweep()
    assert not world.listed()
    assert world.consent().status is Status.OPTED_IN
    assert world.consent().due is None
    assert len(world.texts()) == texts + 1


def test_a_later_stop_cancels_a_pending_opt_in(world: World) -> None:
    """The newest decision counts."""
    _stop_start_stop(world)
    release = world.opt_in().due_at
    assert release is not None
    world.pass_time(minutes=1)
    world.opt_out()
    world.time.move_to(release + timedelta(days=1), tick=False)
    world.sweep()
    assert world.listed()
    assert world.consent().status is Status.OPTED_OUT


@pytest.mark.parametrize("refusal", ["ValidationException", "ConflictException"])
def test_a_refusal_that_the_ledger_did_not_foresee_is_pending_and_tried_daily(world: World, refusal: str) -> None:
    """Somebody deleted by hand; which error the service raises is undocumented, so both count."""
    world.backend.set_opt_in_refusal(refusal)
    world.opt_out()
    world.aws.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
    world.aws.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
    world.pass_time(minutes=1)
    consent = world.opt_in()
    assert consent.status is Status.OPT_IN_PENDING
    assert consent.refusal
    assert consent.due_at == world.parts.clock.now() + timedelta(days=1)
    world.pass_time(days=31)
    world.sweep()
    assert not world.listed()
    assert world.consent().status is Status.OPTED_IN


def test_a_deletion_by_hand_starts_the_30_days(world: World) -> None:
    """When it was done is not known: the 30 days count from when it was noticed."""
    world.opt_out()
    world.aws.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
    world.pass_time(minutes=1)
    noticed = world.opt_in().deleted_at
    assert noticed == START_OF_TEST + timedelta(minutes=1)
    world.opt_out()
    world.pass_time(minutes=1)
    consent = world.opt_in()
    assert (consent.status, consent.held_until) == (Status.OPT_IN_PENDING, noticed + HOLD)


def test_a_throttled_opt_in_confirmation_is_sent_later(world: World) -> None:
    """The deletion is done; only the reply is still owed."""
    world.opt_out()
    world.pass_time(minutes=1)
    world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    consent = world.opt_in()
    assert consent.due is Due.OPT_IN
    assert not world.listed()
    world.pass_time(minutes=1)
    world.sweep()
    assert len(world.texts()) == 2
    assert world.calls().count("DeleteOptedOutNumber") == 1
    assert world.consent().due is None


def test_after_a_deletion_of_unknown_effect_sweep_looks_before_it_deletes_again(world: World) -> None:
    """A second deletion would be refused for 30 days, or cost them."""
    world.opt_out()
    world.pass_time(minutes=1)
    world.backend.fail_next("DeleteOptedOutNumber", "InternalServerException", 1, after_effect=True)
    world.opt_in()
    deletions = world.calls().count("DeleteOptedOutNumber")
    world.pass_time(minutes=10)
    world.sweep()
    consent = world.consent()
    assert consent.status is Status.OPTED_IN
    assert consent.settled
    # The latest time at which it can have been done: the later release is the safe side.
    assert consent.deleted_at == START_OF_TEST + timedelta(minutes=1) + IN_FLIGHT_FOR
    assert world.calls().count("DeleteOptedOutNumber") == deletions


def test_a_confirmation_of_an_opt_in_that_could_not_be_sent_for_a_day_is_given_up(world: World) -> None:
    """Later it surprises more than it helps; that it was not sent is recorded."""
    world.backend.fail_next("SendTextMessage", "ThrottlingException", 100)
    world.opt_in()
    world.pass_time(days=1, seconds=1)
    world.sweep()
    answer = world.consent().answer
    assert answer is not None
    assert answer.state is ReplyState.SKIPPED
    assert world.consent().due is None
