"""A reconcile run that is interrupted, killed at any call or run twice has the result of one that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.intercepted import Killed
from support.reconciling import LIST, Deployment

from sms_consent.domain.consent import DriftKind, Status
from sms_consent.domain.errors import TryAgain, Unavailable
from sms_consent.reconciliation.reconciler import EVERY, LEASE, State

HOUR = timedelta(hours=1)
STATES = {
    "agrees": ("stop", None, None, None),
    "missing": ("stop", None, None, "delete"),
    "unknown": (None, None, None, "put"),
    "remains": (None, "start", None, "put before"),
    "newer": (None, "start", None, "put"),
    "waits": ("stop", "start", "stop", "start"),
    "nothing": (None, None, None, None),
}
"""What happens to a number in each of four hours."""
WRONG = {
    "missing": DriftKind.NOT_LISTED,
    "unknown": DriftKind.NOT_RECORDED,
    "newer": DriftKind.NOT_RECORDED,
    "remains": DriftKind.STILL_LISTED,
}


@pytest.fixture(autouse=True, scope="module")
def small_sketch() -> Iterator[None]:
    """Eight megabytes are for millions."""
    with patch("sms_consent.reconciliation.bloom_snapshot.BITS", 1 << 14):
        yield


def _person(index: int) -> str:
    return f"+1425555{index:04}"


def _prepare(deployment: Deployment, states: list[str]) -> dict[str, DriftKind]:
    """Numbers in these states, and what is wrong with them."""
    begun = deployment.clock.now()
    acts: dict[str, Callable[[str], object]] = {
        "stop": deployment.stop,
        "start": deployment.start,
        "delete": deployment.delete_by_hand,
        "put": lambda number: deployment.put_by_hand(number, end_user=True),
        "put before": lambda number: deployment.put_by_hand(number, at=begun),
    }
    people = {_person(index): state for index, state in enumerate(states)}
    for hour in range(4):
        for number, state in people.items():
            if (act := STATES[state][hour]) is not None:
                acts[act](number)
        if hour < 3:
            deployment.sweep()
        deployment.clock.advance(HOUR)
    return {number: WRONG[state] for number, state in people.items() if state in WRONG}


@contextmanager
def _dying(deployment: Deployment, calls: int, *, after: bool) -> Iterator[None]:
    """The worker makes so many calls and dies before, or after, the next takes effect."""
    left = calls

    def die(_: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    def lie_dead(_: str) -> None:
        """What Python does on the way out, nobody does any more."""
        if left < 0:
            raise Killed

    deployment.at_call, deployment.after_call = (lie_dead, die) if after else (die, lambda _: None)
    try:
        yield
    finally:
        deployment.at_call = deployment.after_call = lambda _: None


def _to_the_end(deployment: Deployment) -> None:
    for _ in range(50):
        if deployment.reconcile().state is State.FINISHED:
            return
        deployment.clock.advance(LEASE)
    raise AssertionError("it never ends")


@settings(max_examples=60)
@given(
    states=st.lists(st.sampled_from(sorted(STATES)), max_size=7),
    kills=st.lists(st.tuples(st.integers(0, 25), st.booleans()), min_size=1, max_size=3),
    page_size=st.integers(1, 3),
    checkpoint=st.sampled_from([timedelta(0), timedelta(seconds=3), timedelta(minutes=4)]),
)
@example(["remains", "missing", "waits"], [(8, False), (16, False)], 2, timedelta(0))
@example(["newer", "unknown", "unknown"], [(10, False), (9, False)], 2, timedelta(0))
def test_killed_anywhere_it_finds_the_same(
    states: list[str], kills: list[tuple[int, bool]], page_size: int, checkpoint: timedelta
) -> None:
    """Each difference is written down once, its evidence too, and list and ledger agree once sweep is done."""
    deployment = Deployment(page_size=page_size)
    expected = _prepare(deployment, states)
    with patch("sms_consent.reconciliation.reconciler.CHECKPOINT", checkpoint):
        for calls, after in kills:
            with _dying(deployment, calls, after=after):
                try:
                    deployment.reconcile(force=False)
                except Killed:
                    deployment.clock.advance(LEASE)
        _to_the_end(deployment)
    assert deployment.kinds() == expected
    _told_at_least_once(deployment, expected)
    recorded = {entry.decision.number for entry in deployment.ledger.decisions() if "list" in entry.decision.through}
    assert recorded == {number for number, kind in expected.items() if kind is DriftKind.NOT_RECORDED}
    deployment.sweep()
    deployment.agree()


def _told_at_least_once(deployment: Deployment, expected: dict[str, DriftKind]) -> None:
    for kind, count in deployment.told.counts.drifts.items():
        assert count >= list(expected.values()).count(kind)


@settings(max_examples=60)
@given(
    states=st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=6),
    acts=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 6), st.sampled_from(["stop", "start", "put", "delete", "sweep"])),
        max_size=6,
    ),
    kill=st.integers(3, 40),
)
def test_whatever_people_and_hands_do_meanwhile_list_and_ledger_agree_after_the_next(
    states: list[str], acts: list[tuple[int, int, str]], kill: int
) -> None:
    """Texts, changes by hand and a sweep at any call, and a death; what the first run could not know the next one sees."""
    deployment = Deployment(page_size=2, quotas=False)
    _prepare(deployment, states)
    calls = 0

    def meanwhile(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls == kill:
            raise Killed
        for at, index, act in acts:
            if at == calls:
                _act(deployment, _person(index), act)

    deployment.at_call = meanwhile
    try:
        deployment.reconcile(force=False)
    except Killed:
        deployment.clock.advance(LEASE)
    deployment.at_call = lambda _: None
    _to_the_end(deployment)
    deployment.sweep()
    deployment.clock.advance(EVERY)
    deployment.reconcile()
    deployment.sweep()
    deployment.agree()
    assert not [each for each in deployment.ledger.consents.values() if each.status is Status.OPT_IN_PENDING]


def _act(deployment: Deployment, number: str, act: str) -> None:
    deployment.clock.advance(timedelta(milliseconds=10))
    if act == "stop":
        deployment.stop(number)
    elif act == "start":
        deployment.start(number)
    elif act == "put":
        deployment.put_by_hand(number)
    elif act == "sweep":
        deployment.sweep()
    elif (number, LIST) in deployment.service.entries:
        deployment.delete_by_hand(number)


def test_an_invocation_stops_in_time_and_the_next_goes_on_where_it_was() -> None:
    """No page is read twice: a million numbers are ten thousand seconds, and an invocation has 900."""
    deployment = Deployment(page_size=2)
    expected = _prepare(deployment, ["missing", "unknown", "agrees", "remains"] * 6)
    runs = []
    for _ in range(40):
        done = deployment.reconcile(force=False, span=timedelta(seconds=3))
        runs.append(done.state)
        if done.state is State.FINISHED:
            break
    assert runs[-1] is State.FINISHED
    assert runs[:-1] == [State.LEFT] * (len(runs) - 1)
    assert deployment.kinds() == expected
    assert done.run.counts.pages == 9  # of 18 numbers; those that sat in a page whose time was up are not counted twice
    assert done.run.counts.listed == 18
    deployment.sweep()
    deployment.agree()


def test_the_next_run_begins_a_day_later_and_not_before() -> None:
    """The schedule has a turn every five minutes, and all but a few do nothing."""
    deployment = Deployment()
    first = deployment.reconcile(force=False)
    deployment.calls.clear()
    deployment.clock.advance(timedelta(hours=23))
    assert deployment.reconcile(force=False).state is State.NOT_DUE
    assert deployment.calls == ["newest"]
    deployment.clock.advance(timedelta(hours=1))
    second = deployment.reconcile(force=False)
    assert second.state is State.FINISHED
    assert second.run.started_at > first.run.started_at


def test_two_at_once_do_not_overlap() -> None:
    """The second sees the first one's lease, and that is all it does."""
    deployment = Deployment(page_size=1)
    expected = _prepare(deployment, ["missing", "unknown", "agrees"])
    states: list[State] = []

    def another(name: str) -> None:
        if name in ("page", "find", "walk"):
            deployment.at_call = lambda _: None
            calls = list(deployment.calls)
            states.append(deployment.reconcile(force=True).state)
            assert deployment.calls[len(calls) :] == ["newest"]
            deployment.at_call = another

    deployment.at_call = another
    assert deployment.reconcile().state is State.FINISHED
    assert set(states) == {State.BUSY}
    assert deployment.kinds() == expected


@pytest.mark.parametrize("state", ["agrees", "missing"])
def test_a_worker_keeps_its_lease_for_as_long_as_it_works(state: str) -> None:
    """Longer than the lease, over many pages, or over the look-ups of a single one."""
    deployment = Deployment(page_size=1 if state == "agrees" else 1_000, quotas=False)
    _prepare(deployment, [state] * 40)
    begun, others = deployment.clock.now(), set()

    def another(name: str) -> None:
        if name in ("page", "find"):
            deployment.clock.advance(timedelta(seconds=20))  # AWS is slow today
        if deployment.clock.now() - begun > LEASE + timedelta(seconds=20) and not others:
            deployment.at_call = lambda _: None
            others.add(deployment.reconcile().state)

    deployment.at_call = another
    deployment.reconcile()
    assert others == {State.BUSY}


def test_a_worker_that_was_taken_for_dead_does_no_harm() -> None:
    """Its lease is over, another has taken the run, and both find the same: written down once, and only one goes on."""
    deployment = Deployment(page_size=1)
    expected = _prepare(deployment, ["missing", "unknown", "remains", "agrees"])
    states: list[State] = []

    def sleeps(name: str) -> None:
        if name == "consents" and deployment.calls.count("page") == 2:
            deployment.at_call = lambda _: None
            deployment.clock.advance(LEASE)
            states.append(deployment.reconcile().state)

    deployment.at_call = sleeps
    states.append(deployment.reconcile().state)
    assert states == [State.FINISHED, State.BUSY]
    assert deployment.kinds() == expected
    deployment.sweep()
    deployment.agree()


def test_a_run_for_other_lists_is_not_gone_on_with() -> None:
    """The deployment has been told of another list since."""
    deployment = Deployment(page_size=1)
    _prepare(deployment, ["agrees"] * 4)
    assert deployment.reconcile(span=timedelta(seconds=2)).state is State.LEFT
    deployment.lists = (LIST, "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Shared")
    done = deployment.reconcile()
    assert (done.state, done.run.lists) == (State.FINISHED, deployment.lists)
    assert done.run.counts.listed == 4


def test_what_was_met_is_gone_so_the_run_begins_anew() -> None:
    """Otherwise everybody who was met before would be taken for missing."""
    deployment = Deployment(page_size=1)
    _prepare(deployment, ["agrees"] * 4)
    assert deployment.reconcile(span=timedelta(seconds=2)).state is State.LEFT
    deployment.book.sketches.clear()
    done = deployment.reconcile()
    assert done.state is State.FINISHED
    assert (done.run.counts.listed, done.run.counts.lookups) == (4, 0)


def test_what_an_abandoned_run_had_found_is_written_down_by_the_one_that_takes_its_place() -> None:
    """It died between the mark and the writing, and cannot be gone on with."""
    deployment = Deployment(page_size=2)
    expected = _prepare(deployment, ["unknown", "remains", "missing"])

    def die(name: str) -> None:
        if name == "add_drift":
            raise Killed

    deployment.at_call = die
    with pytest.raises(Killed):
        deployment.reconcile()
    deployment.at_call = lambda _: None
    deployment.clock.advance(LEASE)
    assert deployment.book.run is not None
    deployment.book.run = replace(deployment.book.run, lists=("Another",))
    assert deployment.reconcile().state is State.FINISHED
    assert deployment.kinds() == expected


def test_a_ledger_that_fails_ends_the_invocation_and_loses_nothing() -> None:
    """The function fails, and nobody has to wait for its lease."""
    deployment = Deployment(page_size=1)
    expected = _prepare(deployment, ["missing", "unknown", "remains", "agrees"])

    def fails(name: str) -> None:
        if name == "add_drift":
            deployment.at_call = lambda _: None
            raise Unavailable("ServiceUnavailable")

    deployment.at_call = fails
    with pytest.raises(TryAgain):
        deployment.reconcile()
    assert deployment.reconcile().state is State.FINISHED
    assert deployment.kinds() == expected


def test_a_service_that_is_down_is_given_up_after_some_minutes() -> None:
    """Whoever waits is told; the next invocation goes on."""
    deployment = Deployment()

    def down(name: str) -> None:
        if name == "page":
            raise Unavailable("InternalServerException")

    deployment.at_call = down
    begun = deployment.clock.now()
    with pytest.raises(TryAgain):
        deployment.reconcile()
    assert timedelta(minutes=1) < deployment.clock.now() - begun < timedelta(minutes=5)
    deployment.at_call = lambda _: None
    assert deployment.reconcile().state is State.FINISHED


def test_many_that_are_missing_do_not_keep_a_run_from_getting_on() -> None:
    """Each is looked up, at one a second, over as many invocations as that takes."""
    deployment = Deployment()
    expected = _prepare(deployment, ["missing"] * 30)
    for _ in range(10):
        if deployment.reconcile(span=timedelta(seconds=7)).state is State.FINISHED:
            break
        deployment.sweep()
    assert deployment.kinds() == expected
    assert deployment.book.run is not None
    assert deployment.book.run.counts.not_listed == 30
    deployment.sweep()
    deployment.agree()


def test_how_long_nothing_was_read_to_the_end_is_counted_from_the_last_time_that_it_was() -> None:
    """Runs that are not finished, or leave a list out, do not count."""
    deployment = Deployment()
    done = deployment.reconcile()
    finished = deployment.clock.now()
    deployment.listings.hidden.add(LIST)
    for _ in range(3):
        deployment.clock.advance(EVERY)
        done = deployment.reconcile(force=False)
    assert done.run.age(deployment.clock.now()) == deployment.clock.now() - finished
    deployment.listings.hidden.clear()
    deployment.clock.advance(EVERY)
    done = deployment.reconcile(force=False)
    assert done.run.age(deployment.clock.now()) == timedelta(0)
