"""SweepFunction invoked for single numbers: it processes their due work, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.sweep_function import sweep
from support.world import LIST, PERSON, World

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.recording.recorder import Recorder
from sms_consent.sync.sweep import TURN
from sms_consent.sync.sweep_request import MOST

OTHER = "+14255550183"


def asked_for(*numbers: str, list_name: str = LIST) -> dict[str, Any]:
    return {"numbers": [{"number": number, "list": list_name} for number in numbers]}


def record(world: World, number: str = PERSON, asked: Asked = Asked.OPT_OUT) -> None:
    """As a command on a person's machine does."""
    decision = world.decision(asked, number=number, author=Author.AGENT)
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(decision, LIST)


def consent(world: World, number: str) -> Consent:
    found = world.parts.ledger.consent(number, LIST)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the function."""
    for name, value in {"LEDGER_TABLE": world.table, "OPT_OUT_LIST": LIST, "BRAND": "Example"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUPPORT_CONTACT", "help.example.com")


def test_only_the_numbers_that_are_named_are_swept(world: World) -> None:
    """Others wait for the schedule."""
    record(world)
    record(world, OTHER)
    assert sweep(world, asked_for(PERSON)) == {"OPT_OUT": 1}
    assert (consent(world, PERSON).settled, consent(world, OTHER).settled) == (True, False)


def test_it_does_not_wait_for_the_turn_of_the_scheduled_sweep(world: World) -> None:
    """A person waits for it, and it makes a few calls only."""
    now = world.parts.clock.now()
    assert world.parts.ledger.take_turn(TURN, "scheduled", now, now + timedelta(minutes=1))
    record(world)
    sweep(world, asked_for(PERSON))
    assert world.listed()


def test_a_number_that_another_worker_holds_is_left_to_that(world: World) -> None:
    """The lease protocol holds here too."""
    record(world)
    standing = consent(world, PERSON)
    leased = world.parts.sync.try_lease(opting_out=True, answering=False, now=world.parts.clock.now())
    assert leased is not None
    from sms_consent.domain import transitions as progress

    world.parts.ledger.save(progress.leased(standing, leased, world.parts.clock.now()), replacing=standing)
    sweep(world, asked_for(PERSON))
    assert not world.listed()
    assert consent(world, PERSON).lease == leased.worker


def test_what_is_due_within_a_moment_is_waited_for(world: World) -> None:
    """The clock that made it due may be ahead by a fraction of a second."""
    record(world)
    world.pass_time(milliseconds=-800)
    sweep(world, asked_for(PERSON))
    assert world.listed()


def test_an_opt_in_that_waits_for_its_30_days_is_not_touched(world: World) -> None:
    """It is not due."""
    for asked in (Asked.OPT_OUT, Asked.OPT_IN, Asked.OPT_OUT, Asked.OPT_IN):
        record(world, asked=asked)
        world.pass_time(seconds=1)
        sweep(world, asked_for(PERSON))
        world.pass_time(minutes=1)
    calls = len(world.calls())
    assert sweep(world, asked_for(PERSON)) == {}
    assert (consent(world, PERSON).status, len(world.calls())) == (Status.OPT_IN_PENDING, calls)


def test_a_number_that_fails_does_not_stop_the_others(world: World) -> None:
    """It stays due, or is unknown."""
    record(world)
    record(world, OTHER)
    world.backend.fail_next("PutOptedOutNumber", "AccessDeniedException", 1)
    sweep(world, asked_for(OTHER, "+14255550199", PERSON))
    assert (consent(world, OTHER).settled, consent(world, PERSON).settled) == (False, True)


@pytest.mark.parametrize(
    "event",
    [
        {"numbers": []},
        {"numbers": None},
        {"numbers": [PERSON]},
        {"numbers": [{"number": PERSON}]},
        {"numbers": [{"number": PERSON, "list": ""}]},
        {"numbers": [{"number": PERSON, "list": "a list"}]},
        {"numbers": [{"number": 14255550182, "list": LIST}]},
        {"numbers": [{"number": "4255550182", "list": LIST}]},
        {"numbers": [{"number": PERSON, "list": LIST, "status": "OPTED_IN"}]},
        {"numbers": [{"number": PERSON, "list": LIST}], "all": True},
        {"numbers": [{"number": f"+1425555{line:04}", "list": LIST} for line in range(MOST + 1)]},
        {"numbers": [{"number": PERSON, "list": LIST}, {"number": "", "list": LIST}]},
    ],
)
def test_a_request_that_is_not_as_expected_sweeps_nothing(world: World, event: dict[str, Any]) -> None:
    """Neither these numbers nor, by mistake, everything that is due. Lambda is not made to repeat it."""
    record(world)
    assert list(sweep(world, event)) == ["error"]
    assert not world.listed()
