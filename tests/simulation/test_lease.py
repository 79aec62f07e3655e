"""The one assumption about time: a lease is longer than a worker can live, and what it had asked for can take."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulation.broken import Broken, Property
from simulation.history import Ask, Deliver, Function, History, Proceed, Text, Wait
from simulation.world import run
from support.policies import Permission, granted
from support.template import resources
from support.workers import LEASE

from sms_consent.domain.consent import IN_FLIGHT_FOR

# START's worker stands still before its deletion for as long as a lease of 20 seconds lasts; STOP comes meanwhile.
STANDSTILL = History(
    texts=(Text(0, 0, Ask.START, 0.0), Text(0, 0, Ask.STOP, 1.0)),
    steps=(Deliver((0,)), Proceed(0, 2), Wait(21.0), Deliver((0,)), Proceed(1, 20), Proceed(0, 20)),
)


def test_with_a_lease_shorter_than_a_workers_life_a_deletion_lands_after_the_put_of_a_later_stop() -> None:
    """So the simulation would notice, and the assumption is needed."""
    with pytest.raises(Broken) as broken:
        run(STANDSTILL, lease=timedelta(seconds=20))
    assert broken.value.property is Property.AGREEMENT


def test_with_the_deployed_lease_the_same_history_ends_right() -> None:
    """The second worker leaves the list alone, and the first one follows the STOP."""
    run(STANDSTILL)


def test_the_simulated_time_outs_and_lease_are_those_of_the_template() -> None:
    """Otherwise the simulation would prove something about another deployment."""
    functions = resources("AWS::Serverless::Function")
    assert functions["InboundFunction"]["Properties"]["Timeout"] == Function.INBOUND.value
    assert functions["SweepFunction"]["Properties"]["Timeout"] == Function.SWEEP.value


def test_every_function_that_may_take_a_lease_ends_long_enough_before_it() -> None:
    """By as much as a call without an answer may still take to land."""
    put = Permission("sms-voice:PutOptedOutNumber", "OptOutList")
    for name, function in resources("AWS::Serverless::Function").items():
        if put in granted(name):
            assert timedelta(seconds=function["Properties"]["Timeout"]) + IN_FLIGHT_FOR <= LEASE, name
