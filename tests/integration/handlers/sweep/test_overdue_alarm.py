"""The alarm on overdue opt-outs, by its own definition: within 20 minutes of a STOP, and on until its number is listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any

import pytest
from support.alarms import AlarmHistory
from support.fake_clock import NOON, FakeClock
from support.inbound_function import Inbound
from support.intercepted import Killed
from support.memory_ledger import MemoryLedger
from support.memory_service import MemoryService
from support.refusals import refusal, refuses
from support.sweep_function import sweep
from support.workers import environment

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.adapters.dynamodb.due_index import FORGOTTEN_AFTER, OldestOptOut
from sms_consent.domain.consent import Consent, Due
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import Rejected, Throttled, TryAgain, Unavailable
from sms_consent.inbound.message import InboundMessage
from sms_consent.recording.recorder import Recorder

LIST, LINE, PERSON = "Default", "+12125550101", "+14255550182"
A_MINUTE, IN_TIME = timedelta(minutes=1), timedelta(minutes=20)
JITTER = (0, 7, 31, 2, 44, 19)
"""Seconds by which a schedule starts a function late."""


def _healthy_until(now: datetime) -> AlarmHistory:
    alarm = AlarmHistory("OverdueOptOutAlarm")
    for minute in range(1, 6):
        alarm.add(now - A_MINUTE * minute, 0)
    return alarm


class _Index:
    """The index of due work of a ledger in memory, as DynamoDB's Query answers."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def query(self, **_: Any) -> dict[str, Any]:
        due = (each for each in self._ledger.consents.values() if each.due is Due.OPT_OUT)
        return {"Items": [encode(each) for each in due]}


class _Minutes:
    """A deployment in memory, one minute after the other, whose opt-out list fails as a test says."""

    def __init__(self) -> None:
        self.clock, self.ledger = FakeClock(NOON), MemoryLedger()
        self.service = MemoryService(self.clock, {LINE: LIST})
        self.alarm = _healthy_until(self.clock.now())
        self.failure: Callable[[], BaseException | None] = lambda: None
        self._ids, self._put = count(), self.service.put
        self.service.put = self._fail_or_put  # type: ignore[method-assign]  # the service outside, not a port of ours
        self._inbound, self._sweep = self._environment(paced=False), self._environment(paced=True)
        self._oldest = OldestOptOut(_Index(self.ledger), "ledger")  # type: ignore[arg-type]  # the operation that is used

    def _environment(self, *, paced: bool) -> Any:
        return environment(
            ledger=self.ledger, opt_out_list=self.service, texting=self.service, clock=self.clock,
            new_token=lambda: f"token-{next(self._ids)}", own_list=LIST, paced=paced,
        )  # fmt: skip

    def _fail_or_put(self, number: str, list_name: str) -> Any:
        failure = self.failure()
        if failure is not None:
            raise failure
        return self._put(number, list_name)

    def text(self, body: str, number: str = PERSON) -> None:
        text = InboundMessage(
            id=f"text-{next(self._ids)}", sender=number, destination=LINE, body=body, at=self.clock.now()
        )
        with suppress(Killed, ZeroDivisionError):  # it stays in the queue, or due
            self._inbound.inbound.process(text)

    def go_on(self, minutes: int, each: Callable[[int], object] = lambda _: None) -> None:
        for minute in range(minutes):
            start = self.clock.now()
            self.clock.advance(timedelta(seconds=JITTER[minute % len(JITTER)]))
            self.alarm.add(self.clock.now(), self._oldest.age(self.clock.now()).total_seconds())
            with suppress(Killed):
                self._sweep.sweep.run(self.clock.now() + A_MINUTE)
            each(minute)
            self.clock.move_to(start + A_MINUTE)

    def changes(self, since: datetime) -> list[tuple[timedelta, bool]]:
        return self.alarm.changes(since, self.clock.now())


def _mixed() -> Callable[[], BaseException]:
    failures = cycle(
        [Rejected("AccessDeniedException"), Throttled("t"), Unavailable("InternalServerException"), Killed()]
    )
    return lambda: next(failures)


FAILURES: dict[str, Callable[[], BaseException]] = {
    "denied": lambda: Rejected("AccessDeniedException"),
    "the list is missing": lambda: Rejected("ResourceNotFoundException"),
    "a validation error of no known kind": lambda: Rejected("ValidationException", "OTHER"),
    "internal server error": lambda: Unavailable("InternalServerException"),
    "throttled": lambda: Throttled("ThrottlingException"),
    "the worker dies": Killed,
    "a defect of ours": ZeroDivisionError,
    "one error after the other": _mixed(),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_it_fires_within_20_minutes_and_stays_on_until_the_number_is_listed(
    failure: Callable[[], BaseException],
) -> None:
    """Whatever fails, for 13 hours: back-off, leases and a person who texts STOP again change nothing."""
    world = _Minutes()
    world.failure = failure
    asked_at = world.clock.now()
    world.text("STOP")
    world.go_on(13 * 60, lambda minute: world.text("STOP") if minute % 41 == 40 else None)
    (fired,) = world.changes(asked_at)
    assert fired[1] is True
    assert timedelta(minutes=15) < fired[0] <= IN_TIME
    world.failure = lambda: None
    world.go_on(30)
    assert world.service.is_listed(PERSON, LIST)
    _, cleared = world.changes(asked_at)
    assert cleared[1] is False
    assert cleared[0] <= timedelta(hours=13, minutes=10)


def test_one_number_that_fails_among_many_that_do_not_fires_too() -> None:
    """A minute never goes by without work that succeeds."""
    world = _Minutes()
    asked_at = world.clock.now()
    world.failure = lambda: Unavailable("InternalServerException")
    world.text("STOP")
    world.failure = lambda: None
    put = world.service.put
    failing = Unavailable("InternalServerException")

    def fails_for_one(number: str, list_name: str) -> Any:
        if number == PERSON:
            raise failing
        return put(number, list_name)

    world.service.put = fails_for_one  # type: ignore[method-assign]
    world.go_on(3 * 60, lambda minute: world.text("STOP", f"+1425556{minute:04d}"))
    (fired,) = world.changes(asked_at)
    assert timedelta(minutes=15) < fired[0] <= IN_TIME


def test_healthy_hours_raise_no_alarm() -> None:
    """STOPs come, some are throttled for minutes; nothing is overdue."""
    world = _Minutes()
    asked_at = world.clock.now()
    failures = cycle([None, None, Throttled("t"), Unavailable("u")])
    world.failure = lambda: next(failures)
    world.go_on(3 * 60, lambda minute: world.text("STOP", f"+1425556{minute:04d}"))
    assert world.changes(asked_at) == []


def test_a_sweep_that_does_not_run_raises_it() -> None:
    """Without values it is as if something were overdue."""
    world = _Minutes()
    world.go_on(10)
    stopped_at = world.clock.now()
    world.clock.advance(timedelta(minutes=30))
    ((after, fired),) = world.changes(stopped_at)
    assert fired
    assert after <= timedelta(minutes=5)


def test_a_permanently_rejected_number_has_a_separate_alarm() -> None:
    """It is overdue until it counts as rejected, and not again with each daily attempt."""
    world = _Minutes()
    world.failure = lambda: Rejected("ValidationException", None, ("OptedOutNumber",))
    asked_at = world.clock.now()
    world.text("STOP")
    world.go_on(3 * 24 * 60)
    (fired, _), (cleared, _) = world.changes(asked_at)
    assert fired <= IN_TIME
    assert cleared < timedelta(hours=1, minutes=15)


def test_an_import_is_not_overdue() -> None:
    """It was asked for years ago, elsewhere; the number's own STOP is, once it comes."""
    world = _Minutes()
    world.failure = lambda: Rejected("AccessDeniedException")
    asked_at = world.clock.now()
    decision = Decision(
        id="import",
        number=PERSON,
        asked=Asked.OPT_OUT,
        at=asked_at.replace(year=2019),
        author=Author.IMPORT,
        through="import",
    )
    Recorder(ledger=world.ledger, clock=world.clock).record(decision, LIST)
    world.go_on(60)
    assert world.changes(asked_at) == []
    texted_at = world.clock.now()
    world.text("STOP")
    world.go_on(60)
    ((fired, _),) = world.changes(texted_at)
    assert timedelta(minutes=15) < fired <= IN_TIME


def test_the_function_emits_one_value_a_minute_that_the_alarm_takes(
    inbound: Inbound, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind its real handler, with a list that denies every put, and one sweep that dies after the value."""
    asked_at = inbound.world.parts.clock.now()
    alarm = _healthy_until(asked_at)
    with refuses("PutOptedOutNumber", lambda _: refusal("AccessDeniedException")):
        inbound.hear("STOP")
        for minute in range(20):
            inbound.world.time.move_to(asked_at + A_MINUTE * minute + timedelta(seconds=3), tick=False)
            capsys.readouterr()
            if minute == 11:
                with refuses("PutItem", lambda _: refusal("InternalServerError", 500)), suppress(TryAgain):
                    sweep(inbound.world)
            else:
                sweep(inbound.world)
            for line in capsys.readouterr().out.splitlines():
                if '"OldestOptOutDue"' in line:
                    emitted = json.loads(line)
                    at = datetime.fromtimestamp(emitted["_aws"]["Timestamp"] / 1000, asked_at.tzinfo)
                    for value in emitted["OldestOptOutDue"]:
                        alarm.add(at, value)
    ((fired, _),) = alarm.changes(asked_at, asked_at + IN_TIME)
    assert timedelta(minutes=15) < fired <= IN_TIME


def _stored(number: str, since: datetime, due_at: datetime) -> dict[str, Any]:
    """An opt-out in the index, with when it was asked for and when it is tried next."""
    consent = Consent(
        number=number, list_name=LIST, status=items.Status.OPTED_OUT, end_user_opted_out=True, decided_at=since,
        decided_by=number, unlisted_since=since, due=Due.OPT_OUT, due_at=due_at,
    )  # fmt: skip
    return encode(consent)


class _SmallPages:
    """DynamoDB's answers from a hundred items, five a page instead of a megabyte."""

    def __init__(self, stored: list[dict[str, Any]]) -> None:
        self._stored = {each["pk"]["S"]: each for each in stored}
        self._others: dict[str, Any] = {}
        self.pages = 0

    def query(self, *, ExclusiveStartKey: dict[str, Any] | None = None, **_: Any) -> Any:  # noqa: N803
        self.pages += 1
        order = sorted(self._stored.values(), key=lambda each: (each["due_at"]["S"], each["pk"]["S"]))
        after = (ExclusiveStartKey["due_at"]["S"], ExclusiveStartKey["pk"]["S"]) if ExclusiveStartKey else ("", "")
        rest = [each for each in order if (each["due_at"]["S"], each["pk"]["S"]) > after]
        if len(rest) <= 5:
            return {"Items": rest}
        return {"Items": rest[:5], "LastEvaluatedKey": {name: rest[4][name] for name in ("pk", "due_at")}}

    def replace(self, item: dict[str, Any]) -> None:
        self._stored[item["pk"]["S"]] = item

    def put_item(self, *, Item: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self._others[Item["pk"]["S"]] = Item

    def get_item(self, *, Key: dict[str, Any], **_: Any) -> Any:  # noqa: N803
        item = self._others.get(Key["pk"]["S"])
        return {"Item": item} if item is not None else {}


@pytest.mark.parametrize("place", [3, 27, 61, 99])
def test_the_oldest_of_a_queue_that_is_too_long_to_read_is_found_in_turns_and_kept(place: int) -> None:
    """Of a hundred, twenty are read a minute; wherever the oldest is, it is found, and the value never falls after that."""
    since = [NOON - (timedelta(hours=9) if at == place else A_MINUTE) for at in range(100)]
    index = _SmallPages([_stored(f"+1425557{at:04d}", since[at], NOON + timedelta(seconds=at)) for at in range(100)])
    oldest = OldestOptOut(index, "ledger", most_pages=4)  # type: ignore[arg-type]  # the operations that are used
    ages = [oldest.age(NOON + A_MINUTE * minute) for minute in range(40)]
    assert index.pages <= 40 * 4
    found = next(minute for minute, age in enumerate(ages) if age >= timedelta(hours=9))
    assert found <= 10
    assert all(age >= timedelta(hours=9) for age in ages[found:])
    index.replace(_stored(f"+1425557{place:04d}", NOON, NOON + timedelta(seconds=place)))
    later = [oldest.age(NOON + A_MINUTE * (40 + minute)) for minute in range(30)]
    assert all(age < timedelta(hours=9) for age in later[25:])


class _Limited:
    """A table with pages of five items."""

    def query(self, **asked: Any) -> Any:
        return clients.dynamodb().query(**asked, Limit=5)

    def __getattr__(self, name: str) -> Any:
        return getattr(clients.dynamodb(), name)


def test_a_round_that_was_left_long_ago_says_nothing(inbound: Inbound) -> None:
    """The queue was short for a while: what the old round found may be on the list by now."""
    now = inbound.world.parts.clock.now()
    for at in range(40):
        since = now - timedelta(hours=5 if at < 20 else 0, minutes=1)
        clients.dynamodb().put_item(TableName="ledger", Item=_stored(f"+1425557{at:04d}", since, now))
    oldest = OldestOptOut(_Limited(), "ledger", most_pages=4)  # type: ignore[arg-type]  # the operations that are used
    assert oldest.age(now) > timedelta(hours=5)
    for at in range(20):
        clients.dynamodb().put_item(TableName="ledger", Item=_stored(f"+1425557{at:04d}", now, now))
    assert oldest.age(now + FORGOTTEN_AFTER + A_MINUTE) < timedelta(hours=1)


def test_a_new_stack_raises_no_alarm_before_its_first_sweep_and_silence_afterwards_does() -> None:
    """CloudWatch reports silence as a change of state from data to none."""
    alarm, start = AlarmHistory("OverdueOptOutAlarm"), datetime(2026, 11, 3, 14, tzinfo=UTC)
    for minute in range(10, 30):
        alarm.add(start + timedelta(minutes=minute), 0.0)
    ((raised, is_raised),) = alarm.changes(start, start + timedelta(hours=1))
    assert is_raised
    assert timedelta(minutes=30) < raised <= timedelta(minutes=36)
