"""Two concurrent sweeps would exceed the API's rate, so only one of them works."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.world import World

from sms_consent.bootstrap.container import Container
from sms_consent.domain.consent import Due
from sms_consent.sync.sweep import TURN, Swept

A_MINUTE = timedelta(minutes=1)


def _sweep(world: World) -> Swept:
    return Container(world.parts.settings, paced=False).sweep.run(world.parts.clock.now() + A_MINUTE)


def _turn(world: World, worker: str) -> bool:
    now = world.parts.clock.now()
    return world.parts.ledger.take_turn(TURN, worker, now, now + A_MINUTE)


@pytest.fixture(autouse=True)
def due(world: World) -> None:
    """An opt-out that could not be done at once."""
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out()
    world.pass_time(minutes=5)


def test_a_sweep_leaves_the_work_to_one_that_is_at_it(world: World) -> None:
    """The work stays due."""
    assert _turn(world, "another sweep")
    calls = len(world.calls())
    assert _sweep(world).elsewhere
    assert len(world.calls()) == calls
    assert world.consent().due is Due.OPT_OUT


def test_the_turn_of_a_sweep_that_was_lost_ends_with_its_function(world: World) -> None:
    """Nobody has to give it back."""
    assert _turn(world, "a lost sweep")
    world.pass_time(minutes=1)
    assert not _sweep(world).elsewhere
    assert world.listed()


def test_a_sweep_ends_its_turn_when_it_is_done(world: World) -> None:
    """The next one need not wait for a minute."""
    assert not _sweep(world).elsewhere
    assert _turn(world, "the next")


def test_a_turn_that_was_taken_twice_by_one_worker_is_one(world: World) -> None:
    """The client repeats a write whose answer it did not hear."""
    assert _turn(world, "one")
    assert _turn(world, "one")
    assert not _turn(world, "another")


def test_a_sweep_that_outlived_its_turn_does_not_end_anothers(world: World) -> None:
    """It is not its own any more."""
    assert _turn(world, "slow")
    world.pass_time(minutes=1)
    assert _turn(world, "another")
    world.parts.ledger.end_turn(TURN, "slow", world.parts.clock.now())
    assert not _turn(world, "a third")


def test_where_nothing_is_due_no_turn_is_taken(world: World) -> None:
    """A ledger at rest is not written to once a minute."""
    _sweep(world)
    world.pass_time(minutes=1)
    before = world.items()
    assert _sweep(world).settled.total() == 0
    assert world.items() == before
