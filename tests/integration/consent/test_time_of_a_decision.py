"""The newest decision wins, so each one counts at the right time: the earliest of a text's copies, and never the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_clock import NOON, FakeClock
from support.memory_ledger import MemoryLedger
from support.memory_service import MemoryService
from support.workers import Environment, environment
from support.world import LIST, OURS, PERSON, World

from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.inbound.message import InboundMessage
from sms_consent.recording.recorder import MOST_COPIES, Recorder


def _environment(ledger: MemoryLedger, clock: FakeClock) -> Environment:
    service, tokens = MemoryService(clock, {OURS: LIST}), count()
    return environment(
        ledger=ledger, opt_out_list=service, texting=service, clock=clock, new_token=lambda: f"t{next(tokens)}",
        own_list=LIST, paced=False,
    )  # fmt: skip


def _text(text_id: str, body: str, at: datetime) -> InboundMessage:
    return InboundMessage(id=text_id, sender=PERSON, destination=OURS, body=body, at=at)


COPIES = st.lists(st.integers(0, 9), min_size=1, max_size=3)
TEXTS = st.lists(st.tuples(st.sampled_from(["STOP", "START"]), COPIES), min_size=1, max_size=5)


@settings(max_examples=100)
@given(texts=TEXTS, order=st.randoms(use_true_random=False))
def test_the_earliest_copy_of_a_text_counts_in_whatever_order_copies_arrive(
    texts: list[tuple[str, list[int]]], order: object
) -> None:
    """Several texts, each published up to three times with different timestamps."""
    clock, ledger = FakeClock(NOON), MemoryLedger()
    worker = _environment(ledger, clock)
    deliveries = [(f"m{n}", body, second) for n, (body, seconds) in enumerate(texts) for second in seconds]
    order.shuffle(deliveries)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    clock.advance(timedelta(minutes=1))
    for text_id, body, second in deliveries:
        clock.advance(timedelta(seconds=1))
        worker.inbound.process(_text(text_id, body, NOON + timedelta(seconds=second)))

    newest = max((min(seconds), body == "STOP") for body, seconds in texts)
    consent = ledger.consents[PERSON, LIST]
    assert (consent.status is Status.OPTED_OUT) is newest[1]


def test_a_copy_of_an_old_start_does_not_undo_a_stop(world: World) -> None:
    world.opt_in(id="a")
    world.pass_time(seconds=20)
    world.opt_out(id="b")
    world.pass_time(seconds=20)
    world.opt_in(id="a")

    assert world.consent().status is Status.OPTED_OUT
    assert world.listed()
    assert len(world.history()) == 2


def test_a_stop_between_two_copies_counts_once_the_earlier_copy_arrives(world: World) -> None:
    """The later copy of a START arrives first, then the STOP, then the earlier copy."""
    first = world.parts.clock.now()
    world.pass_time(minutes=5)
    world.opt_in(id="a")
    world.opt_out(first + timedelta(minutes=2), id="b")
    assert world.consent().status is Status.OPTED_IN
    world.opt_in(first, id="a")

    assert world.consent().status is Status.OPTED_OUT
    assert world.listed()
    assert world.consent().decided_by == "b"


def test_a_copy_of_an_old_stop_does_not_undo_a_start(world: World) -> None:
    world.opt_out(id="a")
    world.pass_time(seconds=20)
    world.opt_in(id="b")
    world.pass_time(seconds=20)
    world.opt_out(id="a")
    assert world.consent().status is Status.OPTED_IN


@pytest.mark.parametrize("asked", [Asked.OPT_IN, Asked.OPT_OUT])
def test_an_opt_out_is_kept_if_there_are_too_many_decisions_to_search(asked: Asked) -> None:
    """The history of one number has more decisions in the time concerned than are searched."""
    clock, ledger = FakeClock(NOON), MemoryLedger()
    worker = _environment(ledger, clock)
    before = Asked.OPT_OUT if asked is Asked.OPT_IN else Asked.OPT_IN
    for n in range(MOST_COPIES + 2):
        clock.advance(timedelta(seconds=1))
        decision = Decision(
            id=f"d{n}", number=PERSON, asked=before, at=clock.now(), author=Author.END_USER, through=OURS
        )
        ledger.append(decision, Outcome.CHANGED, clock.now())
    worker.inbound.process(_text("first", "STOP" if before is Asked.OPT_OUT else "START", clock.now()))
    clock.advance(timedelta(seconds=1))
    worker.inbound.process(_text("next", "START" if asked is Asked.OPT_IN else "STOP", clock.now()))

    assert ledger.consents[PERSON, LIST].status is Status.OPTED_OUT


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(minutes=4, seconds=50), timedelta(days=365)])
@pytest.mark.parametrize("author", [Author.AGENT, Author.IMPORT, Author.AWS])
def test_an_opt_in_from_the_future_counts_from_when_it_was_recorded(
    world: World, ahead: timedelta, author: Author
) -> None:
    """A STOP right after it counts, also one that is processed hours later."""
    recorded_at = world.parts.clock.now()
    world.opt_in(recorded_at + ahead, author=author)
    assert world.consent().decided_at == recorded_at
    assert world.consent().opted_in_at == recorded_at

    world.pass_time(hours=6)
    consent = world.opt_out(recorded_at + timedelta(milliseconds=1))
    assert consent.status is Status.OPTED_OUT
    assert consent.end_user_opted_out
    assert world.listed()


def test_a_retry_of_such_an_opt_in_keeps_the_time_of_the_first_recording(world: World) -> None:
    """Also once its own time has come: the STOP in between stands, and the history holds the opt-in once."""
    start = world.parts.clock.now()
    world.opt_in(start + timedelta(minutes=5), author=Author.AGENT, id="agent")
    world.pass_time(minutes=1)
    world.opt_out()
    for minutes in (1, 10):
        world.pass_time(minutes=minutes)
        world.again(0)
        assert world.consent().status is Status.OPTED_OUT
    assert world.listed()
    assert len(world.history()) == 2


def test_a_retry_before_anything_else_changes_nothing(world: World) -> None:
    start = world.parts.clock.now()
    world.opt_in(start + timedelta(minutes=5), author=Author.AGENT, id="agent")
    world.pass_time(minutes=1)
    world.again(0)
    assert world.consent().decided_at == start
    assert len(world.history()) == 1


def test_an_imported_opt_in_from_the_future_does_not_overrule_a_stop(world: World) -> None:
    decision = world.decision(Asked.OPT_IN, world.parts.clock.now() + timedelta(days=2), author=Author.IMPORT)
    Recorder(ledger=world.parts.ledger, clock=world.parts.clock).record(decision, LIST)
    world.pass_time(seconds=1)
    assert world.opt_out().status is Status.OPTED_OUT


def test_an_sns_timestamp_is_never_altered(world: World) -> None:
    """A text's timestamp may be ahead of the function's clock by a moment."""
    at = world.parts.clock.now() + timedelta(seconds=2)
    assert world.opt_out(at).decided_at == at


def test_the_list_of_a_decision_is_recorded(world: World) -> None:
    world.opt_out()
    (decision,) = world.history()
    assert decision["list_name"] == {"S": LIST}


class _AwsTime(FakeClock):
    """Knows the time to the second, as a command does."""

    def latest(self) -> datetime:
        return self.now() + timedelta(milliseconds=999)


def _recorded(ledger: MemoryLedger, clock: FakeClock, decision: Decision, list_name: str = LIST) -> None:
    Recorder(ledger=ledger, clock=clock).record(decision, list_name)


def _asked(asked: Asked, text_id: str, seconds: float, author: Author = Author.END_USER) -> Decision:
    at = NOON + timedelta(seconds=seconds)
    return Decision(id=text_id, number=PERSON, asked=asked, at=at, author=author, through=OURS)


@pytest.mark.parametrize(("asked", "counts_at"), [(Asked.OPT_IN, 0), (Asked.OPT_OUT, 999)])
def test_a_command_that_knows_the_second_records_on_the_safe_side(asked: Asked, counts_at: int) -> None:
    """An opt-in from the future counts from the start of the second, an opt-out to its end."""
    clock, ledger = _AwsTime(NOON), MemoryLedger()
    _recorded(ledger, clock, _asked(asked, "agent", 300, Author.AGENT))
    assert ledger.consents[PERSON, LIST].decided_at == NOON + timedelta(milliseconds=counts_at)


@pytest.mark.parametrize("days", [1, 5, 23, 37])
def test_a_copy_is_known_for_as_long_as_copies_can_arrive(world: World, days: int) -> None:
    """SNS tries for 23 days, and a queue keeps a message for 14."""
    world.opt_in(id="a")
    world.pass_time(days=days)
    world.opt_out()
    world.pass_time(hours=1)
    assert world.opt_in(id="a").status is Status.OPTED_OUT


@pytest.mark.parametrize("between", [Asked.OPT_OUT, Asked.OPT_IN])
def test_a_request_to_another_list_does_not_count_between_two_copies(between: Asked) -> None:
    """The earlier copy arrives last; the history of a number holds what it asked of every list."""
    clock, ledger = FakeClock(NOON + timedelta(minutes=1)), MemoryLedger()
    copied = Asked.OPT_IN if between is Asked.OPT_OUT else Asked.OPT_OUT
    _recorded(ledger, clock, _asked(copied, "a", 10))
    _recorded(ledger, clock, _asked(between, "b", 5), "Other")
    ledger.append(replace(_asked(between, "b", 5), list_name="Other"), Outcome.CHANGED, clock.now())
    _recorded(ledger, clock, _asked(copied, "a", 1))
    consent = ledger.consents[PERSON, LIST]
    assert (consent.status is Status.OPTED_OUT) is (copied is Asked.OPT_OUT)
    assert consent.decided_at == NOON + timedelta(seconds=1)


def test_an_opt_in_whose_list_is_unknown_undoes_no_stop() -> None:
    """Earlier releases recorded no list: such an opt-out counts for all, such an opt-in for none."""
    clock, ledger = FakeClock(NOON + timedelta(minutes=1)), MemoryLedger()
    _recorded(ledger, clock, _asked(Asked.OPT_OUT, "a", 10))
    ledger.append(_asked(Asked.OPT_IN, "b", 5), Outcome.STALE, clock.now())
    _recorded(ledger, clock, _asked(Asked.OPT_OUT, "a", 1))
    assert ledger.consents[PERSON, LIST].status is Status.OPTED_OUT


def test_a_stop_whose_list_is_unknown_counts_between_two_copies_of_a_start() -> None:
    """The other half."""
    clock, ledger = FakeClock(NOON + timedelta(minutes=1)), MemoryLedger()
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "a", 10))
    ledger.append(_asked(Asked.OPT_OUT, "b", 5), Outcome.STALE, clock.now())
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "a", 1))
    assert ledger.consents[PERSON, LIST].status is Status.OPTED_OUT


def test_a_stop_between_two_copies_counts_if_there_are_too_many_decisions_to_search() -> None:
    """The person's newest opt-out is in the consent, and is newer than the earlier copy of the START."""
    clock, ledger = FakeClock(NOON + timedelta(hours=1)), MemoryLedger()
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "a", 600))
    _recorded(ledger, clock, _asked(Asked.OPT_OUT, "b", 300))
    assert ledger.consents[PERSON, LIST].status is Status.OPTED_IN
    for n in range(MOST_COPIES + 2):
        ledger.append(_asked(Asked.HELP, f"help-{n}", 1 + n / 2), Outcome.ANSWERED, clock.now())
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "a", 1))
    consent = ledger.consents[PERSON, LIST]
    assert (consent.status, consent.end_user_opted_out) == (Status.OPTED_OUT, True)
    assert consent.due is not None


def test_the_earliest_copy_is_remembered_although_the_later_one_is_not_in_the_history_yet() -> None:
    """Otherwise the later copy of a START, delivered again, undoes the STOP that came after the earlier one."""
    clock, ledger = FakeClock(NOON + timedelta(minutes=1)), MemoryLedger()
    worker = _environment(ledger, clock)
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "start", 30))
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "start", 0))
    worker.inbound.process(_text("stop", "STOP", NOON + timedelta(seconds=4)))
    worker.inbound.process(_text("start", "START", NOON + timedelta(seconds=30)))
    consent = ledger.consents[PERSON, LIST]
    assert (consent.status, consent.decided_by) == (Status.OPTED_OUT, "stop")


def test_a_decision_that_is_not_in_the_history_yet_counts_again() -> None:
    """The second STOP, to which the consent owes its time, has an earlier copy: the first one is the newest then."""
    clock, ledger = FakeClock(NOON + timedelta(minutes=1)), MemoryLedger()
    _recorded(ledger, clock, _asked(Asked.OPT_OUT, "agent", 5, Author.AGENT))
    _recorded(ledger, clock, _asked(Asked.OPT_OUT, "stop", 20))
    assert ledger.consents[PERSON, LIST].outbox is not None
    _recorded(ledger, clock, _asked(Asked.OPT_OUT, "stop", 3))
    _recorded(ledger, clock, _asked(Asked.OPT_IN, "start", 4))
    assert ledger.consents[PERSON, LIST].status is Status.OPTED_OUT
