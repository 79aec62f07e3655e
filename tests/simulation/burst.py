"""A burst of STOPs at the service's default quotas: how fast they are recorded, and how they are worked off.

Five batches of ten are heard at once and sweep runs every minute, as template.yaml has it. Every worker has its own time:
a call takes it some milliseconds, and whoever is ready first goes first, so that simulated time is what it would take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from simulation import history as h
from simulation.broken import Broken, Property
from simulation.crew import Invocation
from simulation.gated import Gated, Where
from simulation.inbound_queue import Copy, Queue, notification, record_of
from simulation.reporting import NoDeadLetters, quiet_logger, quiet_metrics
from simulation.witness import Witness
from support.fake_clock import NOON, FakeClock, WaitingClock
from support.memory_ledger import MemoryLedger
from support.memory_service import DEFAULT_QUOTAS, MemoryService
from support.workers import Environment, environment

from sms_consent.domain.consent import HOLD, Consent, Due, Status
from sms_consent.domain.ports import Call
from sms_consent.inbound.batch import Batch
from sms_consent.sync.sweep import LONG

__all__ = ["Burst", "Course", "judge"]

LEDGER_CALL = timedelta(milliseconds=5)
SERVICE_CALL = timedelta(milliseconds=40)
LANES = 5
BATCH = 10
A_MINUTE = timedelta(minutes=1)
LINE = "+12125550101"
OUT_OF_ORDER = 5.0
"""Seconds: batches are heard side by side, and one that was refused for its rate waits for a second."""

T = TypeVar("T")


def number(index: int) -> str:
    """Ranges for fiction hold a hundred numbers an area code; a burst takes as many made-up area codes as it needs."""
    return f"+1{200 + index // 100:03d}555{100 + index % 100:04d}"


@dataclass(slots=True)
class Course:
    """How it went; times are seconds since the burst began."""

    recorded_after: float = 0.0
    drained_after: float = 0.0
    opted_in_after: float = 0.0
    deliveries: Counter[str] = field(default_factory=Counter)
    redelivered: int = 0
    not_opted_out_when_recorded: int = 0
    puts: list[tuple[float, str, str]] = field(default_factory=list)  # when, number, by whom
    deletions: list[tuple[float, str, str, int]] = field(default_factory=list)  # and how many opt-outs were due
    behind_younger: float = 0.0  # by how much the youngest opt-out that sweep put before an older one was younger
    refused: Counter[Call] = field(default_factory=Counter)
    most_in_a_second: Counter[Call] = field(default_factory=Counter)
    confirmed: int = 0
    calls: int = 0
    opted_out: int = 0


class Burst:
    """So many STOPs within some seconds, beside STARTs of people who had been opted out before."""

    def __init__(self, *, stops: int, starts: int = 0, pending: int = 0, a_second: float = 500.0) -> None:
        """``pending`` are opt-ins whose 30 days are over as the burst begins."""
        self.clock = FakeClock(NOON)
        self.course = Course()
        self._a_second = a_second
        self._people = {number(index): index for index in range(stops + starts)}
        self.ledger = MemoryLedger()
        self.service = MemoryService(self.clock, h.LINES, quotas=DEFAULT_QUOTAS, one_text_a_second=True)
        self._witness = Witness(lambda key: self.service.is_listed(*key), self.clock.now, {})
        self._gated = (
            Gated(self.ledger, self, self._witness),
            Gated(self.service, self, self._witness),
            Gated(self.service, self, self._witness),
        )
        self._tokens = count(1)
        self._running: Invocation | None = None
        self._live: list[Invocation] = []
        self._idle: dict[bool, list[Environment]] = {True: [], False: []}
        self._queue = Queue()
        every = max((stops + starts) // max(starts, 1), 2)
        self._starts = {index for index in range(stops + starts) if starts and index % every == 1}
        for index in range(stops + starts):
            self._text(index, NOON + timedelta(seconds=index / a_second))
        for index in range(pending):
            self._wait_since_30_days(number(stops + starts + index))

    def run(self) -> Course:
        """Until all is done."""
        next_sweep = NOON + timedelta(seconds=30)
        while self._queue.copies or self._live or self._is_due():
            self._fill_lanes()
            if self.clock.now() >= next_sweep:
                self._start("sweep", paced=True, work=self._sweep)
                next_sweep += A_MINUTE
            if not self._live:
                self.clock.move_to(next_sweep)
                continue
            first = min(self._live, key=lambda each: (each.wakes_at or NOON, each.name))
            if first.wakes_at is not None and first.wakes_at > next_sweep > self.clock.now():
                self.clock.move_to(next_sweep)
                continue
            self.clock.move_to(first.wakes_at or NOON)
            self._running = first
            first.go_on(1, None)
            if first.finished:
                self._live.remove(first)
        return self._reported()

    def let_others(self, wait: timedelta) -> None:
        """Whoever is ready before goes first."""
        invocation = self._running
        assert invocation is not None
        invocation.wakes_at = self.clock.now() + wait
        invocation.next_ending()

    @property
    def worker(self) -> str:
        """Who calls."""
        assert self._running is not None
        return self._running.name

    def __call__(self, where: Where, effect: Callable[[], T]) -> T:
        """A call takes its time, then effect."""
        self.course.calls += 1
        self.let_others(SERVICE_CALL if where.call is not None else LEDGER_CALL)
        result = effect()
        if where.call is Call.PUT:
            self.course.puts.append((self._elapsed(), where.number or "", self.worker))
        elif where.call is Call.DELETE:
            due = sum(
                1 for each in self.ledger.consents.values() if each.status is Status.OPTED_OUT and not each.settled
            )
            self.course.deletions.append((self._elapsed(), where.number or "", self.worker, due))
        return result

    def _text(self, index: int, at: datetime) -> None:
        person, starting = number(index), index in self._starts
        body = notification(f"text-{index}", person, LINE, "START" if starting else "STOP", at)
        self._queue.copies.append(Copy(f"record-{index}", body, at, person))
        if starting:
            self.service.remember(person, h.OWN_LIST, listed=True, deleted_at=None)

    def _wait_since_30_days(self, person: str) -> None:
        self.service.remember(person, h.OWN_LIST, listed=True, deleted_at=NOON - HOLD)
        waiting = Consent(
            number=person,
            list_name=h.OWN_LIST,
            status=Status.OPT_IN_PENDING,
            end_user_opted_out=False,
            decided_at=NOON - HOLD,
            decided_by=f"start of {person}",
            applied_version=1,
            listed=True,
            deleted_at=NOON - HOLD,
            held_until=NOON,
            due=Due.OPT_IN,
            due_at=NOON,
        )
        self.ledger.save(waiting, replacing=None)

    def _fill_lanes(self) -> None:
        while sum(not each.name.startswith("sweep") for each in self._live) < LANES:
            batch = self._queue.visible(self.clock.now())[:BATCH]
            if not batch:
                later = [copy.visible_at for copy in self._queue.copies if copy.visible_at > self.clock.now()]
                if not self._live and later:
                    self.clock.move_to(min(later))
                    continue
                return
            self._queue.hand_out(batch, self.clock.now())
            self._start("inbound", paced=False, work=self._hearing(batch))

    def _hearing(self, batch: list[Copy]) -> Callable[[Environment], None]:
        def work(made: Environment) -> None:
            hearing = Batch(
                inbound=made.inbound,
                dead_letters=NoDeadLetters(),
                queue=self._queue,
                clock=self.clock,
                logger=quiet_logger(),
                metrics=quiet_metrics(),
            )
            response = hearing.handle({"Records": [record_of(copy) for copy in batch]})
            quiet_metrics().clear_metrics()
            failed = {each["itemIdentifier"] for each in response["batchItemFailures"]}
            self.course.deliveries.update(copy.receipt for copy in batch)
            self.course.redelivered += len(failed)
            self._queue.settle(batch, failed)
            for copy in batch:
                if copy.receipt in failed:
                    continue
                self.course.recorded_after = self._elapsed()
                index = self._people[copy.number]
                consent = self.ledger.consents.get((copy.number, h.OWN_LIST))
                if index not in self._starts and (consent is None or consent.status is not Status.OPTED_OUT):
                    self.course.not_opted_out_when_recorded += 1

        return work

    def _sweep(self, made: Environment) -> None:
        made.sweep.run(self.clock.now() + A_MINUTE)

    def _start(self, kind: str, *, paced: bool, work: Callable[[Environment], None]) -> None:
        made = self._idle[paced].pop() if self._idle[paced] else self._environment(paced=paced)
        name = f"{kind}-{next(self._tokens)}"
        invocation = Invocation(name, self.clock.now() + A_MINUTE, frozenset())
        invocation.wakes_at = self.clock.now()

        def job() -> None:
            work(made)
            self._idle[paced].append(made)

        invocation.start(job)
        self._live.append(invocation)

    def _environment(self, *, paced: bool) -> Environment:
        ledger, opt_out_list, texting = self._gated
        return environment(
            ledger=ledger,
            opt_out_list=opt_out_list,
            texting=texting,
            clock=WaitingClock(self.clock.now, self.let_others),
            new_token=lambda: f"token-{next(self._tokens)}",
            own_list=h.OWN_LIST,
            paced=paced,
        )

    def _is_due(self) -> bool:
        return self.ledger.anything_due

    def _elapsed(self) -> float:
        return (self.clock.now() - NOON).total_seconds()

    def _reported(self) -> Course:
        course = self.course
        course.drained_after = max(at for at, _, _ in course.puts)
        newest = 0.0
        for _, who, by in course.puts:
            if by.startswith("sweep"):
                asked_at = self._people[who] / self._a_second
                course.behind_younger = max(course.behind_younger, newest - asked_at)
                newest = max(newest, asked_at)
        course.opted_in_after = max((at for at, _, _, _ in course.deletions), default=0.0)
        course.refused = self.service.refused
        for (call, _), times in self.service.accepted.items():
            course.most_in_a_second[call] = max(course.most_in_a_second[call], times)
        course.opted_out = len(self._people) - len(self._starts)
        course.confirmed = len(self.service.texts)
        return course


def judge(course: Course) -> None:
    """Raises Broken. The figures are generous: they tell an order from none, and a rate from none."""
    if course.not_opted_out_when_recorded:
        raise Broken(Property.AGREEMENT, "somebody was recorded, and not opted out at once")
    if course.redelivered or max(course.deliveries.values()) > 1:
        raise Broken(Property.DUTY, "throttling sent a record back to its queue")
    if course.opted_out < LONG and course.behind_younger > OUT_OF_ORDER:  # a long queue is taken from both ends
        raise Broken(Property.DUTY, f"an opt-out was put after one that was {course.behind_younger:.0f} s younger")
    if any(due for _, _, by, due in course.deletions if by.startswith("sweep")):
        raise Broken(Property.DUTY, "sweep worked on an opt-in while opt-outs were due")
    if course.refused[Call.PUT] > len(course.puts) / 20:
        raise Broken(Property.DUTY, f"{course.refused[Call.PUT]} puts were refused for their rate")
    if course.refused[Call.SEND] > 3 * LANES * (course.recorded_after + 1):
        raise Broken(Property.DUTY, f"{course.refused[Call.SEND]} texts were refused for their rate")
    if len({who for _, who, _ in course.puts}) != course.opted_out:
        raise Broken(Property.DUTY, "an opt-out was never put")
