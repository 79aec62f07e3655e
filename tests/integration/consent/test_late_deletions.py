"""A deletion by a worker that lost its lease: that worker corrects the list at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from support.world import LIST, PERSON, World

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.bootstrap.container import Container
from sms_consent.domain.consent import HOLD, IN_FLIGHT_FOR, Due, Status
from sms_consent.domain.decision import Asked

DELETION = "DeleteOptedOutNumber"
FROZEN = [timedelta(seconds=91), timedelta(minutes=14), timedelta(hours=7)]
"""All are longer than the lease of 90 seconds."""


@contextmanager
def _meanwhile(when: str, operation: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something once, just before or after a call of the opt-out list's API takes effect."""
    events, name = clients.sms_voice().meta.events, f"{when}.pinpoint-sms-voice-v2.{operation}"
    done: list[bool] = []

    def hook(**_: Any) -> None:
        if not done:
            done.append(True)
            act()

    events.register(name, hook)
    try:
        yield
    finally:
        events.unregister(name, hook)


def _another_worker(world: World, asked: Asked = Asked.OPT_OUT) -> None:
    parts = Container(world.parts.settings, paced=False)
    parts.recorder.record(world.decision(asked), LIST, reply_from=None)


def _on_the_list(world: World) -> None:
    world.opt_out()
    world.pass_time(minutes=30)
    assert world.listed()


@pytest.mark.parametrize("frozen", FROZEN, ids=str)
def test_a_stop_put_during_a_suspended_deletion_is_kept(world: World, frozen: timedelta) -> None:
    """The worker stood still between its look at the lease and its call."""
    _on_the_list(world)

    def freeze() -> None:
        world.time.shift(frozen)
        _another_worker(world)

    with _meanwhile("before-call", DELETION, freeze):
        world.opt_in()
    assert world.listed()
    assert world.consent().settled
    assert world.consent().status is Status.OPTED_OUT


def test_the_30_days_count_from_a_late_deletion(world: World) -> None:
    """The next START waits for their end."""
    _on_the_list(world)
    with _meanwhile("before-call", DELETION, lambda: (world.pass_time(minutes=5), _another_worker(world))):
        world.opt_in()
    deleted_at = world.parts.clock.now()
    world.pass_time(days=2)
    consent = world.opt_in()
    assert (consent.status, consent.held_until) == (Status.OPT_IN_PENDING, deleted_at + HOLD)


def test_a_suspended_worker_puts_a_stop_that_was_not_put_meanwhile(world: World) -> None:
    """The STOP's own worker left it due for the end of the lease, which is over now."""
    _on_the_list(world)

    def freeze() -> None:
        world.pass_time(seconds=60)
        _another_worker(world)
        world.pass_time(minutes=10)

    with _meanwhile("before-call", DELETION, freeze):
        world.opt_in()
    assert world.listed()
    assert world.consent().settled


@pytest.mark.parametrize("behind", [timedelta(seconds=95), timedelta(hours=3)], ids=str)
def test_a_worker_whose_clock_is_wrong_cannot_undo_a_stop(world: World, behind: timedelta) -> None:
    """By its own clock it holds the lease; by everybody else's, the lease was over before it began."""
    _on_the_list(world)
    parts = Container(world.parts.settings, paced=False, clock=_Behind(behind))
    with _meanwhile("before-call", DELETION, lambda: (world.pass_time(seconds=2), _another_worker(world))):
        parts.recorder.record(world.decision(Asked.OPT_IN), LIST, reply_from=None)
    assert world.listed()


class _Behind(SystemClock):
    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> Any:
        return super().now() - self._by


@pytest.mark.parametrize("effect", [True, False])
def test_a_late_deletion_without_an_answer_is_put_right_twice(world: World, effect: bool) -> None:
    """At once, and again when the deletion can no longer take effect."""
    _on_the_list(world)

    def freeze() -> None:
        world.pass_time(minutes=3)
        _another_worker(world)
        world.backend.fail_next(DELETION, "InternalServerException", 1, after_effect=effect)

    with _meanwhile("before-call", DELETION, freeze):
        world.opt_in()
    assert world.listed()
    consent = world.consent()
    assert (consent.settled, consent.due) == (False, Due.OPT_OUT)
    if not effect:  # now it does take effect
        world.aws.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    world.pass_time(seconds=IN_FLIGHT_FOR.total_seconds())
    world.sweep()
    assert world.listed()
    assert world.consent().settled


def test_a_put_that_is_under_way_during_a_late_deletion_does_not_count(world: World) -> None:
    """Its worker has the lease, and does not know of the deletion: it puts the number again."""
    _on_the_list(world)
    frozen, thaw = Event(), Event()

    def freeze() -> None:
        frozen.set()
        thaw.wait(60)

    with _meanwhile("before-call", DELETION, freeze):
        late = Thread(target=world.opt_in)
        late.start()
        assert frozen.wait(60)
        world.pass_time(minutes=2)
        # The STOP's put has taken effect; before it is marked, the deletion takes effect, and is marked.
        with _meanwhile("after-call", "PutOptedOutNumber", lambda: (thaw.set(), late.join(60))):
            _another_worker(world)
    assert world.calls()[-3:].count("PutOptedOutNumber") == 2
    assert world.listed()
    assert world.consent().settled


def test_an_opt_in_that_waits_for_its_30_days_is_done_when_a_late_deletion_took_the_number_off(world: World) -> None:
    """The person wanted that, and is not told the contrary for 30 days."""
    _on_the_list(world)

    def freeze() -> None:
        world.pass_time(minutes=2)
        _another_worker(world)
        world.pass_time(minutes=1)
        _another_worker(world, Asked.OPT_IN)

    with _meanwhile("before-call", DELETION, freeze):
        world.opt_in()
    world.pass_time(minutes=1)
    world.sweep()
    assert not world.listed()
    assert (world.consent().status, world.consent().settled) == (Status.OPTED_IN, True)


def test_a_late_deletion_of_an_opted_in_number_only_starts_the_30_days(world: World) -> None:
    """The list is as it should be."""
    _on_the_list(world)
    with _meanwhile("before-call", DELETION, lambda: (world.pass_time(minutes=2), world.sweep())):
        world.opt_in()
    assert not world.listed()
    assert (world.consent().status, world.consent().settled, world.consent().due) == (Status.OPTED_IN, True, None)
