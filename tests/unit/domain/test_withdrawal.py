"""Undoing an import: the ledger and the list become what they would be without it, and no STOP of a person is undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_clock import FakeClock
from support.memory_ledger import MemoryLedger
from support.memory_service import MemoryService
from support.workers import Environment, environment

from sms_consent.domain.consent import Consent, Due, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.withdrawal import NO_REQUEST, WithdrawalEffect, is_withdrawal
from sms_consent.recording.recorder import Recorder
from sms_consent.recording.withdrawer import Withdrawer

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PERSON, OURS, LIST = "+14255550182", "+12125550101", "Default"
LONG_AGO = datetime(2024, 3, 1, tzinfo=UTC)


class World:
    """A deployment in memory, and an operator who imports and undoes."""

    def __init__(self) -> None:
        self.clock, self.ledger, self._ids = FakeClock(NOON), MemoryLedger(), count()
        self.service = MemoryService(self.clock, {OURS: LIST})
        self.functions: Environment = environment(
            ledger=self.ledger, opt_out_list=self.service, texting=self.service, clock=self.clock,
            new_token=lambda: f"worker-{next(self._ids)}", own_list=LIST, paced=False,
        )  # fmt: skip

    def imported(self, at: datetime = LONG_AGO, name: str = "one", asked: Asked = Asked.OPT_OUT, **more: bool) -> None:
        decision = Decision(
            id=f"import-{name}-{at.isoformat()}-{asked}-{more}", number=PERSON, asked=asked, at=at, author=Author.IMPORT,
            through="import", import_id=name, **more,
        )  # fmt: skip
        Recorder(ledger=self.ledger, clock=self.clock).record(decision, LIST)

    def texted(self, asked: Asked, at: datetime | None = None, text_id: str | None = None) -> None:
        decision = Decision(
            id=text_id or f"text-{next(self._ids)}", number=PERSON, asked=asked, at=at or self.clock.now(),
            author=Author.END_USER, through=OURS,
        )  # fmt: skip
        self.functions.recorder.record(decision, LIST)

    def undo(self, name: str = "one") -> WithdrawalEffect:
        withdrawer = Withdrawer(
            ledger=self.ledger,
            clock=self.clock,
            scope=None,
            import_id=name,
            actor="arn:aws:iam::123456789012:user/alice",
        )
        expected = withdrawer.preview(PERSON, LIST).effect
        effect = withdrawer.withdraw(PERSON, LIST)
        assert effect is expected
        return effect

    def sweep(self, later: timedelta = timedelta(minutes=1)) -> None:
        self.clock.sleep(later.total_seconds())
        self.functions.sweep.run(self.clock.now() + timedelta(minutes=5))

    @property
    def consent(self) -> Consent:
        return self.ledger.consents[PERSON, LIST]

    @property
    def listed(self) -> bool:
        return (PERSON, LIST) in self.service.entries

    @property
    def deletions(self) -> int:
        return len(self.service.deletions)


def test_a_number_that_was_not_put_on_the_list_needs_no_call() -> None:
    """Nothing is due any more, and the history has the withdrawal with its author."""
    world = World()
    world.imported()
    assert world.undo() is WithdrawalEffect.NOT_LISTED
    assert (world.consent.status, world.consent.settled, world.consent.due) == (Status.OPTED_IN, True, None)
    world.sweep(timedelta(days=1))
    assert (world.listed, world.deletions) == (False, 0)
    (marker,) = [each.decision for each in world.ledger.decisions() if is_withdrawal(each.decision)]
    assert (marker.author, marker.actor) == (Author.AGENT, "arn:aws:iam::123456789012:user/alice")
    assert (marker.import_id, marker.at) == ("one", NO_REQUEST)


def test_a_number_on_the_list_is_deleted_by_sweep() -> None:
    """The process that undoes the import only records."""
    world = World()
    world.imported()
    world.sweep()
    assert world.undo() is WithdrawalEffect.DELETION
    assert (world.listed, world.consent.due) == (True, Due.OPT_IN)
    world.sweep()
    assert (world.listed, world.consent.settled) == (False, True)


def test_within_30_days_of_a_deletion_the_opt_in_is_pending() -> None:
    """The person had texted STOP and START; then the import put the number on the list again."""
    world = World()
    world.texted(Asked.OPT_OUT)
    world.sweep()
    world.texted(Asked.OPT_IN)
    world.sweep()
    world.imported(world.clock.now())
    world.sweep()
    assert world.undo() is WithdrawalEffect.PENDING
    world.sweep()
    assert (world.listed, world.consent.status) == (True, Status.OPT_IN_PENDING)
    world.sweep(timedelta(days=31))
    assert (world.listed, world.consent.status) == (False, Status.OPTED_IN)


@pytest.mark.parametrize("days", [-900, -1, 1])
def test_a_persons_own_stop_before_or_after_the_import_stays(days: int) -> None:
    """Also if it arrived after the import, and was older."""
    world = World()
    world.imported(NOON - timedelta(days=500))
    world.texted(Asked.OPT_OUT, NOON - timedelta(days=500) + timedelta(days=days))
    effect = world.undo()
    assert effect in {WithdrawalEffect.STAYS_OPTED_OUT, WithdrawalEffect.SUPERSEDED}
    assert (world.consent.status, world.consent.end_user_opted_out) == (Status.OPTED_OUT, True)
    world.sweep()
    assert world.listed


@pytest.mark.parametrize("at", [LONG_AGO - timedelta(days=1), LONG_AGO, LONG_AGO + timedelta(days=1)])
def test_a_stop_that_arrives_after_the_undo_counts(at: datetime) -> None:
    """Whenever it was texted."""
    world = World()
    world.imported()
    world.undo()
    world.texted(Asked.OPT_OUT, at)
    assert world.consent.status is Status.OPTED_OUT


def test_the_same_line_of_a_corrected_file_counts_after_the_undo() -> None:
    """At the same time as before, from another import."""
    world = World()
    world.imported()
    world.undo()
    world.imported(name="corrected")
    assert (world.consent.status, world.consent.decided_at) == (Status.OPTED_OUT, LONG_AGO)


def test_a_number_that_an_agent_opted_out_before_stays_so() -> None:
    """Until its own time decides again."""
    world = World()
    agent = Decision(
        id="agent", number=PERSON, asked=Asked.OPT_OUT, at=LONG_AGO, author=Author.AGENT, through="cli", actor="alice"
    )
    Recorder(ledger=world.ledger, clock=world.clock).record(agent, LIST)
    world.imported(LONG_AGO + timedelta(days=1))
    assert world.undo() is WithdrawalEffect.STAYS_OPTED_OUT
    assert (world.consent.decided_by, world.consent.decided_at) == ("agent", LONG_AGO)


def test_an_imported_opt_in_is_withdrawn_too() -> None:
    """The STOP before it counts again."""
    world = World()
    world.texted(Asked.OPT_OUT, NOON - timedelta(days=2))
    world.sweep()
    world.imported(NOON - timedelta(days=1), asked=Asked.OPT_IN)
    world.sweep()
    assert not world.listed
    assert world.undo() is WithdrawalEffect.OPTED_OUT_AGAIN
    world.sweep()
    assert (world.listed, world.consent.end_user_opted_out) == (True, True)


def test_a_deletion_that_the_import_had_prevented_is_made_after_the_undo() -> None:
    """The number is still on the list for a STOP that the person had taken back."""
    world = World()
    world.texted(Asked.OPT_OUT, NOON - timedelta(days=3))
    start = Decision(
        id="start", number=PERSON, asked=Asked.OPT_IN, at=NOON - timedelta(days=2), author=Author.AGENT, through="cli"
    )
    Recorder(ledger=world.ledger, clock=world.clock).record(start, LIST)
    world.imported(NOON - timedelta(days=1))
    assert world.undo() is WithdrawalEffect.DELETION
    world.sweep()
    assert not world.listed


def test_the_first_request_and_the_number_of_requests_leave_the_import_out() -> None:
    """The person's STOP was the second request, and is the only one now."""
    world = World()
    world.imported()
    world.texted(Asked.OPT_OUT, NOON - timedelta(days=1))
    assert (world.consent.first_asked_out_at, world.consent.asked_out_count) == (LONG_AGO, 2)
    assert world.undo() is WithdrawalEffect.SUPERSEDED
    assert (world.consent.first_asked_out_at, world.consent.asked_out_count) == (NOON - timedelta(days=1), 1)


def test_what_the_file_said_about_the_person_goes_with_it() -> None:
    """EndUserOptedOut came from the file only."""
    world = World()
    agent = Decision(
        id="agent", number=PERSON, asked=Asked.OPT_OUT, at=LONG_AGO, author=Author.AGENT, through="cli", actor="alice"
    )
    Recorder(ledger=world.ledger, clock=world.clock).record(agent, LIST)
    world.imported(LONG_AGO + timedelta(days=1), end_user=True)
    assert world.consent.end_user_opted_out
    world.undo()
    assert (world.consent.status, world.consent.end_user_opted_out) == (Status.OPTED_OUT, False)


def test_a_person_whose_history_was_erased_stays_opted_out() -> None:
    """Nothing says any more which import it was."""
    world = World()
    world.imported()
    world.sweep()
    world.ledger.history.clear()
    assert world.undo() is WithdrawalEffect.ERASED
    assert world.consent.status is Status.OPTED_OUT


def test_a_request_that_is_not_in_the_history_counts_by_what_the_consent_keeps_of_it() -> None:
    """A worker was lost between its two writes."""
    world = World()
    world.texted(Asked.OPT_OUT, NOON - timedelta(days=2))
    world.sweep()
    world.ledger.history.clear()
    world.imported(NOON - timedelta(days=1))
    assert world.undo() is WithdrawalEffect.STAYS_OPTED_OUT
    assert world.consent.decided_at == NOON - timedelta(days=2)


def test_an_event_of_the_undo_is_newer_than_that_of_the_import() -> None:
    """Its version rises, although the time of the newest request goes back."""
    from sms_consent.domain.events import of_consent

    world = World()
    before = None
    versions = []
    for step in (world.imported, world.undo, lambda: world.texted(Asked.OPT_OUT)):
        step()
        event = of_consent(before, world.consent)
        assert event is not None
        versions.append(str(event.detail["version"]))
        before = world.consent
    assert versions == sorted(versions)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a random history. ``at`` is the hour at which a request was made."""

    kind: str
    at: int = 0
    name: str = "one"


HOURS = st.integers(0, 6)
NAMES = st.sampled_from(["one", "two"])
STEPS = st.lists(
    st.one_of(
        st.builds(Step, st.sampled_from(["import", "import", "end-user", "opt-in"]), HOURS, NAMES),
        st.builds(Step, st.sampled_from(["STOP", "START"]), HOURS),
        st.builds(Step, st.just("undo"), name=NAMES),
        st.builds(Step, st.sampled_from(["sweep", "month"])),
    ),
    max_size=12,
)


def _do(world: World, step: Step) -> None:
    at = NOON - timedelta(days=400) + timedelta(hours=step.at)
    actions: dict[str, Callable[[], object]] = {
        "import": lambda: world.imported(at, step.name),
        "end-user": lambda: world.imported(at, step.name, end_user=True),
        "opt-in": lambda: world.imported(at, step.name, asked=Asked.OPT_IN),
        "STOP": lambda: world.texted(Asked.OPT_OUT, at),
        "START": lambda: world.texted(Asked.OPT_IN, at),
        "undo": lambda: world.undo(step.name),
        "sweep": world.sweep,
        "month": lambda: world.sweep(timedelta(days=31)),
    }
    actions[step.kind]()


def _expected(steps: list[Step]) -> bool:
    """Whether the person is opted out by what was not undone. An import that follows its own undo is not made."""
    undone = {step.name for step in steps if step.kind == "undo"}
    asked = [
        (step.at, step.kind in {"import", "end-user", "STOP"})
        for step in steps
        if step.kind in {"STOP", "START"} or (step.kind in {"import", "end-user", "opt-in"} and step.name not in undone)
    ]
    return max(asked, default=(0, False))[1]


def _possible(steps: list[Step]) -> list[Step]:
    """Leave out lines of an import after its undo: the command refuses to continue it."""
    found, undone = [], set()
    for step in steps:
        if step.kind == "undo":
            undone.add(step.name)
        elif step.kind in {"import", "end-user", "opt-in"} and step.name in undone:
            continue
        found.append(step)
    return found


@settings(deadline=None, max_examples=400)
@given(steps=STEPS.map(_possible))
@pytest.mark.slow
def test_any_order_ends_as_without_the_undone_imports(steps: list[Step]) -> None:
    """In the ledger at once and on the list after sweep and the 30 days. So no STOP of a person is ever undone."""
    world = World()
    for step in steps:
        _do(world, step)
    if (PERSON, LIST) not in world.ledger.consents:
        return
    opted_out = _expected(steps)
    assert (world.consent.status is Status.OPTED_OUT) is opted_out
    for _ in range(3):
        world.sweep(timedelta(days=31))
    assert world.listed is opted_out
    assert (world.consent.settled, world.consent.due) == (True, None)


@pytest.mark.parametrize("undone_first", [True, False])
def test_a_withdrawn_opt_in_does_not_count_when_a_stop_is_published_again(*, undone_first: bool) -> None:
    """An earlier copy of the STOP moves it before the imported opt-in, which was undone."""
    world = World()
    day = NOON - timedelta(days=5)
    world.imported(day, asked=Asked.OPT_IN)
    if undone_first:
        world.undo()
    world.texted(Asked.OPT_OUT, day + timedelta(hours=1), "stop")
    if not undone_first:
        world.undo()
    world.sweep()
    world.texted(Asked.OPT_OUT, day - timedelta(hours=1), "stop")
    assert (world.consent.status, world.consent.decided_at) == (Status.OPTED_OUT, day - timedelta(hours=1))


def test_a_later_copy_of_a_start_does_not_count_after_the_undo() -> None:
    """The history has both copies; the STOP between them is newer than the first."""
    world = World()
    day = NOON - timedelta(days=5)
    world.texted(Asked.OPT_IN, day + timedelta(hours=6), "start")
    world.imported(day + timedelta(hours=5), asked=Asked.OPT_IN)
    world.texted(Asked.OPT_IN, day + timedelta(hours=3), "start")
    world.texted(Asked.OPT_OUT, day + timedelta(hours=4))
    assert world.undo() is WithdrawalEffect.OPTED_OUT_AGAIN
    assert (world.consent.status, world.consent.decided_at) == (Status.OPTED_OUT, day + timedelta(hours=4))


COPIED = st.lists(
    st.one_of(
        st.builds(Step, st.sampled_from(["import", "opt-in"]), HOURS, NAMES),
        st.builds(Step, st.sampled_from(["STOP", "START"]), HOURS, st.sampled_from(["a", "b", "c"])),
        st.builds(Step, st.just("undo"), name=NAMES),
    ),
    max_size=10,
)


@settings(deadline=None, max_examples=300)
@given(steps=COPIED.map(_possible))
@pytest.mark.slow
def test_a_stop_is_not_undone_if_texts_are_published_again(steps: list[Step]) -> None:
    """Each text counts at its earliest time, also if its copies come before and after an undo."""
    world, earliest = World(), dict[tuple[str, str], int]()
    for step in steps:
        if step.kind in {"STOP", "START"}:
            key = step.kind, step.name
            earliest[key] = min(step.at, earliest.get(key, step.at))
            at = NOON - timedelta(days=400) + timedelta(hours=step.at)
            world.texted(Asked.OPT_OUT if step.kind == "STOP" else Asked.OPT_IN, at, f"{step.kind}-{step.name}")
        else:
            _do(world, step)
    undone = {step.name for step in steps if step.kind == "undo"}
    asked = [(at, kind == "STOP", kind) for (kind, _), at in earliest.items()]
    asked += [
        (s.at, s.kind == "import", s.kind) for s in steps if s.kind in {"import", "opt-in"} and s.name not in undone
    ]
    if max(asked, default=(0, False, ""))[2] == "STOP":
        assert world.consent.status is Status.OPTED_OUT, steps


@settings(deadline=None, max_examples=200)
@given(steps=STEPS.map(_possible), name=NAMES)
def test_undoing_twice_equals_once(steps: list[Step], name: str) -> None:
    """Whatever came before."""
    world = World()
    for step in [*steps, Step("undo", name=name)]:
        _do(world, step)
    consents, history = dict(world.ledger.consents), dict(world.ledger.history)
    _do(world, Step("undo", name=name))
    assert (world.ledger.consents, world.ledger.history) == (consents, history)


@settings(deadline=None, max_examples=200)
@given(steps=STEPS.map(_possible))
def test_numbers_that_were_never_put_on_the_list_cost_no_call(steps: list[Step]) -> None:
    """Without a sweep between import and undo, and without texts, the list is never called."""
    world = World()
    quiet = [step for step in steps if step.kind in {"import", "end-user"}]
    for step in quiet:
        _do(world, step)
    for name in ("one", "two"):
        if quiet:
            world.undo(name)
    world.sweep()
    assert (world.service.entries, world.service.deletions) == ({}, {})


def test_two_undos_in_either_order_end_the_same() -> None:
    """Each leaves out what the other has withdrawn."""
    ends = []
    for order in (("one", "two"), ("two", "one")):
        world = World()
        world.imported(name="one")
        world.imported(LONG_AGO + timedelta(days=1), name="two")
        for name in order:
            world.undo(name)
        ends.append(replace(world.consent, revision=0))
    assert ends[0].status is ends[1].status is Status.OPTED_IN
    assert ends[0].decided_at == ends[1].decided_at == NO_REQUEST
