"""Histories outside the narrow model: wrong clocks, frozen workers, outages of any step for hours, broken settings, messages
published again, agents' machines, and numbers that AWS rejects.

One property is judged, by an end computed without the code under test: every readable STOP that was delivered, that no newer
request superseded and whose number AWS does not reject permanently, is on the list in the end; and `check` reports it from its
first delivery to a healthy function on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from simulation import history as h
from simulation.broken import Broken, Property
from simulation.crew import Invocation
from simulation.gated import Where
from simulation.inbound_queue import Copy, notification
from simulation.properties import evidence
from simulation.strategies import CALM_STEPS, STEPS
from simulation.witness import Key, Witness
from simulation.world import BEGINNING, World
from support.memory_service import MemoryService

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import ConsentError, Rejected
from sms_consent.domain.ports import Call
from sms_consent.recording.recorder import Recorder

__all__ = [
    "AgentRequest",
    "BrokenSettings",
    "Freeze",
    "Skew",
    "StepOutage",
    "WideHistory",
    "WideTally",
    "WideText",
    "WideWorld",
    "judged_world",
    "random_large_history",
    "random_wide_history",
    "run_wide",
]

T = TypeVar("T")
W = TypeVar("W", bound="WideWorld")

KEPT_BY_SQS = timedelta(days=14)
MOST_RECEIVES = 1_000
REJECTED_PREFIX = "+1999"


@dataclass(frozen=True, slots=True)
class WideText:
    """A text: person, line, words, when it is published, and the delays after which it is published again with a new time."""

    person: int
    line: int
    ask: h.Ask
    at: float
    again_after: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRequest:
    """What an agent records from a machine whose clock is wrong, for one list."""

    person: int
    list: int
    asked: Asked
    author: Author
    at: float
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Freeze:
    """A worker stands still, as a frozen execution environment does, and goes on afterwards whatever its time-out was."""

    worker: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Skew:
    """A worker's clock jumps."""

    worker: int
    seconds: float


@dataclass(frozen=True, slots=True)
class StepOutage:
    """Every call of one kind ends so for a while; ``ledger`` and ``aws`` stand for all calls to the one or the other."""

    what: str
    ending: h.Ending
    seconds: float


@dataclass(frozen=True, slots=True)
class BrokenSettings:
    """No function can be put together for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WideHistory:
    """All of it, as plain data."""

    texts: tuple[WideText, ...] = ()
    requests: tuple[AgentRequest, ...] = ()
    steps: tuple[Any, ...] = ()
    terms: h.Terms = field(default_factory=h.Terms)
    rejected: frozenset[int] = frozenset()  # people whose numbers AWS rejects permanently
    backlog: int = 0  # rejected numbers that are due before anything else happens


class _Bystander(Witness):
    """Keeps what a world needs, and judges only that nobody is sent two texts for one decision."""

    def saved(self, consent: Consent, worker: str) -> None:
        self.standing[consent.number, consent.list_name] = consent

    def appended(self, decision: Decision) -> None:
        """Nothing is judged."""

    def about_to(self, call: Call, key: Key) -> None:
        """Nothing is judged."""

    def attempted(self, attempt: Any) -> None:
        """Nothing is judged."""

    def reaching_the_service(self, call: Call, key: Key) -> None:
        """Nothing is judged."""

    def took_effect(self, call: Call, key: Key) -> None:
        """Nothing is judged."""

    def text_sent(self, reference: str) -> None:
        """A HELP that is published again may be answered again, within the limits for such replies."""
        if reference not in self.asks_for_help:
            super().text_sent(reference)

    asks_for_help: frozenset[str] = frozenset()


class _SkewedClock:
    """A worker's clock."""

    def __init__(self, world: WideWorld) -> None:
        self._world = world
        self.skew = timedelta()

    def now(self) -> datetime:
        return self._world.clock.now() + self.skew

    def latest(self) -> datetime:
        return self.now()

    def sleep(self, seconds: float) -> None:
        self._world.rest(timedelta(seconds=seconds))


class _Rejecting:
    """A list that rejects some numbers, whatever is asked."""

    def __init__(self, inner: Any, rejected: Callable[[str], bool]) -> None:
        self._inner = inner
        self._rejected = rejected

    def put(self, number: str, list_name: str) -> Any:
        if self._rejected(number):
            if isinstance(self._inner, MemoryService):
                self._inner._admit(Call.PUT)
            raise number_rejected()
        return self._inner.put(number, list_name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def number_rejected() -> Rejected:
    """Return a validation error about the number, as the adapter raises it."""
    return Rejected("ValidationException", "INVALID_PARAMETER", ("OptedOutNumber",))


@dataclass(slots=True)
class _Event:
    """A request, as the judge sees it: what it asks for, for which consent, and since when it counts."""

    asked: Asked
    key: Key
    at: datetime
    latest: datetime  # the time of its newest copy so far
    line: str | None = None  # the number of ours that was texted


class WideWorld(World):
    """A world with more going wrong; judged at the end, and whenever a batch reports success."""

    def __init__(self, history: WideHistory, **options: Any) -> None:
        self.wide = history
        self._people_rejected = {h.PEOPLE[person] for person in history.rejected}
        super().__init__(h.History(steps=history.steps, terms=history.terms), **options)
        self.witness = _Bystander(
            lambda key: self.service.is_listed(*key), self.clock.now, self.decided_for, self.everyday
        )
        self.witness.asks_for_help = frozenset(
            f"text-{index}" for index, text in enumerate(history.texts) if text.ask is h.Ask.HELP
        )
        self.service = _Rejecting(self.service, self._is_rejected)
        for gate in self._gated:
            gate.witness = self.witness
        self._gated[1].inner = self.service
        self._clocks: dict[int, _SkewedClock] = {}
        self._clock_of: dict[str, _SkewedClock] = {}
        self._step_outages: list[tuple[str, h.Ending, datetime]] = []
        self._settings_broken_until = BEGINNING
        self.events: dict[str, _Event] = {}
        self._to_publish = sorted(
            (text.at + delay, f"text-{index}", text)
            for index, text in enumerate(history.texts)
            for delay in (0.0, *text.again_after)
        )
        self._to_record = sorted(enumerate(history.requests), key=lambda each: each[1].at)
        self._backlog()

    def _is_rejected(self, number: str) -> bool:
        return number in self._people_rejected or number.startswith(REJECTED_PREFIX)

    def _backlog(self) -> None:
        for index in range(self.wide.backlog):
            decision = Decision(
                id=f"bad-{index}", number=f"{REJECTED_PREFIX}{index:07d}", asked=Asked.OPT_OUT, at=self.clock.now(),
                author=Author.AGENT, through="api",
            )  # fmt: skip
            Recorder(ledger=self.ledger, clock=self.clock).record(decision, h.OWN_LIST)

    # --- what happens

    def _take(self, step: Any) -> None:
        now = self.clock.now()
        match step:
            case Freeze(worker, seconds):
                if self._live:
                    frozen = self._live[worker % len(self._live)]
                    self._pass(timedelta(seconds=seconds))
                    frozen.deadline = max(frozen.deadline, self.clock.now() + timedelta(seconds=30))
            case Skew(worker, seconds):
                if self._live:
                    clock = self._clock_of.get(self._live[worker % len(self._live)].name)
                    if clock is not None:
                        clock.skew = timedelta(seconds=seconds)
            case StepOutage(what, ending, seconds):
                self._step_outages.append((what, ending, now + timedelta(seconds=seconds)))
            case BrokenSettings(seconds):
                self._settings_broken_until = now + timedelta(seconds=seconds)
            case _:
                super()._take(step)
                return
        self.log.append(f"{self.elapsed:>12.3f} {step}")
        self._publish()
        self._start_requests()

    def _publish(self) -> None:
        now = self.clock.now()
        while self._to_publish and BEGINNING + timedelta(seconds=self._to_publish[0][0]) <= now:
            at, text_id, text = self._to_publish.pop(0)
            person, line = h.PEOPLE[text.person], list(h.LINES)[text.line]
            moment = BEGINNING + timedelta(seconds=at)
            body = notification(text_id, person, line, h.WORDS[text.ask], moment)
            self.queue.copies.append(Copy(f"{text_id}@{at}", body, now, person, sent_at=now))
            if text.ask in (h.Ask.STOP, h.Ask.START):
                asked = Asked.OPT_OUT if text.ask is h.Ask.STOP else Asked.OPT_IN
                event = self.events.setdefault(text_id, _Event(asked, (person, h.LINES[line]), moment, moment, line))
                event.latest = moment
        while self._to_record and BEGINNING + timedelta(seconds=self._to_record[0][1].at) <= now:
            index, request = self._to_record.pop(0)
            self._record(f"request-{index}", request)

    def _record(self, request_id: str, request: AgentRequest) -> None:
        """An agent's machine records a decision with its own idea of the time, in one write that succeeds."""
        now = self.clock.now()
        number, list_name = h.PEOPLE[request.person], h.LISTS[request.list]
        at = now + timedelta(seconds=request.skew)
        decision = Decision(
            id=request_id, number=number, asked=request.asked, at=at, author=request.author, through="cli"
        )
        Recorder(ledger=self.ledger, clock=self.clock).record(decision, list_name)
        consent = self.ledger.consent(number, list_name)
        self.witness.standing[number, list_name] = consent
        self.events[request_id] = _Event(request.asked, (number, list_name), min(at, now), now)

    def _deliver(self, picks: tuple[int, ...], *, at_once: bool = False) -> None:
        now = self.clock.now()
        for copy in list(self.queue.copies):
            if copy.sent_at is not None and now - copy.sent_at > KEPT_BY_SQS:
                raise Broken(Property.AGREEMENT, "SQS deleted a message that was never processed")
            if copy.receives >= MOST_RECEIVES:
                raise Broken(Property.AGREEMENT, "a readable message was received too often")
        if now < self._settings_broken_until:
            visible = self.queue.visible(now)
            self.queue.hand_out(visible[:10], now)
            return
        super()._deliver(picks, at_once=at_once)

    def _start(self, function: h.Function, work: Any, people: frozenset[str], *, at_once: bool = False) -> Invocation:
        def judged(made: Any) -> None:
            self._clock_of[self._running().name] = self._clocks[id(made)]
            before = {copy.receipt for copy in self.queue.copies}
            work(made)
            after = {copy.receipt for copy in self.queue.copies}
            for receipt in before - after:
                if f"{receipt}-again" not in after:  # otherwise it was put aside, and put back by an operator
                    self._check_reports(receipt.partition("@")[0])

        return super()._start(function, judged if function is h.Function.INBOUND else work, people, at_once=at_once)

    def _environment(self, function: h.Function) -> Any:
        made = super()._environment(function)
        self._clocks[id(made)] = self._last_clock
        self._kept = [*getattr(self, "_kept", []), made]  # ids of living objects are not reused
        return made

    def worker_clock(self) -> _SkewedClock:
        """Return a clock for a new environment."""
        self._last_clock = _SkewedClock(self)
        return self._last_clock

    # --- calls

    def outage_of(self, where: Where) -> h.Ending | None:
        """Return how a call ends while its step has an outage."""
        now = self.clock.now()
        kinds = {where.name, "aws" if where.call is not None else "ledger"}
        for what, ending, until in self._step_outages:
            if now < until and (what in kinds or where.name.startswith(what)):
                return ending
        return None

    # --- the judge

    def _drain(self) -> None:
        self._step_outages.clear()
        self._settings_broken_until = self.clock.now()
        for clock in self._clocks.values():
            clock.skew = timedelta()
        for invocation in self._live:
            invocation.deadline = max(invocation.deadline, self.clock.now() + timedelta(days=1))
        super()._drain()

    def _next_moment(self) -> datetime | None:
        moments = [super()._next_moment()]
        moments += [BEGINNING + timedelta(seconds=each[0]) for each in self._to_publish[:1]]
        moments += [BEGINNING + timedelta(seconds=each[1].at) for each in self._to_record[:1]]
        known = [moment for moment in moments if moment is not None]
        return max(min(known), self.clock.now() + timedelta(milliseconds=1)) if known else None

    def newest(self, key: Key) -> _Event | None:
        """Return the newest request that was made for a consent so far; at equal times an opt-out wins."""
        found = [each for each in self.events.values() if each.key == key]
        return max(found, key=lambda each: (each.at, each.asked is Asked.OPT_OUT), default=None)

    def _check_reports(self, text_id: str) -> None:
        event = self.events.get(text_id)
        if event is None or event.asked is not Asked.OPT_OUT:
            return
        # A later copy of an opt-in may have arrived before its earlier one.
        opt_ins = [each for each in self.events.values() if each.key == event.key and each.asked is Asked.OPT_IN]
        if any(each.latest > event.at for each in opt_ins):
            return
        consent = self.ledger.consent(*event.key)
        if consent is None or consent.status is Status.OPTED_IN:
            raise Broken(Property.AGREEMENT, f"{text_id} was processed, and check does not report it")

    def judge(self) -> None:
        """Raise Broken if a message, a STOP or a number got lost or came into a log."""
        if self.queue.copies:
            raise Broken(Property.DUTY, "messages are left in the queue")
        if self.queue.put_aside_early:
            raise Broken(Property.DUTY, f"a text was left to an operator too early: {self.queue.put_aside_early[0]}")
        self.judge_consents()
        self.judge_evidence()
        for key in {event.key[0] for event in self.events.values()}:
            if key in self.printed:
                raise Broken(Property.DISCRETION, "a number in a log")

    def judge_evidence(self) -> None:
        """Raise Broken unless every evidence chain is intact."""
        evidence(self.ledger, {event.key for event in self.events.values()})

    def judge_consents(self) -> None:
        """Raise Broken unless every consent and every list entry is what the newest request says."""
        for key in {event.key for event in self.events.values()}:
            self.judge_consent(key)

    def judge_consent(self, key: Key) -> None:
        """Raise Broken unless one consent and its list entry are what the newest request says."""
        newest, consent = self.newest(key), self.ledger.consent(*key)
        if newest is None or consent is None:
            raise Broken(Property.AGREEMENT, "a request was made, and the ledger has no consent")
        opted_out = newest.asked is Asked.OPT_OUT
        if (consent.status is Status.OPTED_OUT) is not opted_out:
            raise Broken(Property.AGREEMENT, f"the ledger has {consent.status}, the newest request is {newest.asked}")
        # A put by a frozen worker may leave a number on the list after an opt-in: the safe side, left to reconcile.
        if opted_out and not self._is_rejected(key[0]) and not self.service.is_listed(*key):
            raise Broken(Property.AGREEMENT, "a number that opted out is not on the list")


# --- which histories

TIMES = (0.0, 1.0, 2.0, 3.0, 61.0, 300.0, 3_600.0)
AGAIN = ((), (), (), (1.0,), (2.5,), (30.0,), (400.0,), (1.0, 5_000.0), (86_400.0,))
SKEWS = (0.0, -240.0, 290.0, 3_600.0, 31_536_000.0)
WORKER_SKEWS = (-600.0, -60.0, -2.0, 2.0, 60.0, 600.0)
PAUSES = (31.0, 95.0, 200.0, 1_200.0, 14_400.0)
STEP_NAMES = ("save", "append", "save and append", "recorded", "read", "sender", "due", "take the turn", "put", "delete",
              "find", "send", "ledger", "aws")  # fmt: skip
OUTAGE_ENDINGS = (h.Ending.THROTTLED, h.Ending.UNREACHED, h.Ending.LOST_BEFORE, h.Ending.LOST_AFTER, h.Ending.FAILED_AFTER,
                  h.Ending.REJECTED)  # fmt: skip
HOURS = (60.0, 900.0, 3_600.0, 6 * 3_600.0)


def random_wide_history(random: Random) -> WideHistory:
    """Return a small history in which everything meets everything else."""
    people = random.choice(((0,), (0, 0, 1), (0, 1, 2)))

    def text() -> WideText:
        ask = random.choice((h.Ask.STOP, h.Ask.START, h.Ask.STOP, h.Ask.START, h.Ask.HELP))
        return WideText(
            random.choice(people), random.choice((0, 0, 2)), ask, random.choice(TIMES), random.choice(AGAIN)
        )

    def request() -> AgentRequest:
        return AgentRequest(
            random.choice(people), random.choice((0, 0, 1)), random.choice((Asked.OPT_IN, Asked.OPT_OUT, Asked.OPT_IN)),
            random.choice((Author.AGENT, Author.IMPORT)), random.choice(TIMES) + 0.4, random.choice(SKEWS),
        )  # fmt: skip

    def step() -> Any:
        kind = random.random()
        if kind < 0.12:
            return Freeze(random.randrange(4), random.choice(PAUSES))
        if kind < 0.22:
            return Skew(random.randrange(4), random.choice(WORKER_SKEWS))
        if kind < 0.30:
            return StepOutage(random.choice(STEP_NAMES), random.choice(OUTAGE_ENDINGS), random.choice(HOURS))
        if kind < 0.33:
            return BrokenSettings(random.choice(HOURS))
        return random.choice(STEPS if kind < 0.85 else CALM_STEPS)

    steps = [step() for _ in range(random.randint(5, 40))]
    # More than twelve days without a healthy function are outside the property.
    steps = [
        replace(each, seconds=3_600.0) if isinstance(each, h.Wait) and each.seconds > 3_600.0 else each
        for each in steps
    ]
    return WideHistory(
        texts=tuple(text() for _ in range(random.randint(1, 6))),
        requests=tuple(request() for _ in range(random.choice((0, 0, 1, 2)))),
        steps=tuple(steps),
        terms=h.Terms(
            quotas=random.random() < 0.3,
            conflict=random.random() < 0.5,
            hold_counts_per_list=random.random() < 0.7,
            prompt=random.random() < 0.5,
        ),
        rejected=frozenset({random.randrange(3)}) if random.random() < 0.1 else frozenset(),
    )


def random_large_history(random: Random, backlog: int = 3_000) -> WideHistory:
    """Return hours of STOPs behind a backlog of rejected numbers, with outages of hours."""
    steps: list[Any] = []
    for _ in range(random.randint(6, 12)):
        if random.random() < 0.5:
            steps.append(StepOutage(random.choice(STEP_NAMES), random.choice(OUTAGE_ENDINGS), random.choice(HOURS)))
        steps += [h.Deliver((0, 1, 2)), h.Proceed(random.randrange(3), random.randrange(12)), h.Sweep()]
        steps += [
            h.Proceed(random.randrange(3), random.randint(50, 400)),
            h.Wait(random.choice((61.0, 400.0, 3_600.0))),
        ]
    texts = tuple(
        WideText(
            random.randrange(3), 0, random.choice((h.Ask.STOP, h.Ask.STOP, h.Ask.START)), random.uniform(0, 20_000.0)
        )
        for _ in range(12)
    )
    return WideHistory(texts=texts, steps=tuple(steps), terms=h.Terms(quotas=True), backlog=backlog)


@dataclass(slots=True)
class WideTally:
    """How much was tried."""

    histories: int = 0
    calls: int = 0
    faults: int = 0
    days: float = 0.0
    by_kind: dict[str, int] = field(default_factory=dict)

    def count(self, world: WideWorld) -> None:
        """Add one history."""
        self.histories += 1
        self.calls += world.witness.calls
        self.faults += world.witness.faults.total()
        self.days += world.elapsed / 86_400
        for step in world.wide.steps:
            name = type(step).__name__
            self.by_kind[name] = self.by_kind.get(name, 0) + 1


def run_wide(history: WideHistory, **options: Any) -> WideWorld:
    """Run a history and judge it. Raises Broken."""
    return judged_world(WideWorld(history, **options))


def judged_world(world: W) -> W:
    """Run a world's history and judge it. Raises Broken."""
    try:
        world.run()
        world.judge()
    except (Broken, ConsentError) as failure:
        failure.add_note("\n".join(world.log[-120:]))
        raise
    return world
