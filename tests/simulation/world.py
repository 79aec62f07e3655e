"""Runs one history from beginning to end, and then until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Protocol, TypeVar

from simulation import history as h
from simulation.broken import Broken, Property
from simulation.crew import Invocation
from simulation.gated import Gated, Where
from simulation.inbound_queue import Copy, PutBack, Queue, notification, record_of
from simulation.reporting import log_book, quiet_logger, quiet_metrics
from simulation.witness import Attempt, Key, Witness
from support.fake_clock import NOON, FakeClock, WaitingClock
from support.intercepted import Killed
from support.memory_ledger import MemoryLedger
from support.memory_service import DEFAULT_QUOTAS, MemoryService
from support.workers import LEASE, Environment, environment

from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import (
    ConsentError,
    OptInRefused,
    RecipientOptedOut,
    Rejected,
    Throttled,
    TryAgain,
    Unavailable,
    Unreached,
)
from sms_consent.domain.ports import Call
from sms_consent.domain.propagation import KnownList, Reach, Scope
from sms_consent.inbound.batch import Batch

__all__ = ["BEGINNING", "Stage", "World", "run"]

BEGINNING = NOON
LATENCY = timedelta(milliseconds=4)
TIME_OUT = timedelta(seconds=5)
LATE_BY = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=25))
A_MINUTE = timedelta(minutes=1)
MOST_ROUNDS = 400
A_DAY = 86_400.0
HEADROOM = 5_000  # a sweep makes five hundred puts, with three or four writes and reads for each
"""More calls than any worker needs in a history as small as these: a worker that makes more runs in circles."""

T = TypeVar("T")


@dataclass(slots=True)
class Asking:
    """An agent's request that is made again until it is answered."""

    decision: Decision
    list_name: str
    again_at: datetime
    by: Invocation | None = None  # whoever is at it


class Stage(Protocol):
    """Where a history is played: what stands behind the ports."""

    def clock(self) -> FakeClock:
        """The time of everything there."""

    def ports(self, terms: h.Terms) -> tuple[Any, Any]:
        """A fresh ledger that also lists its decisions, and a fresh service that also shows what it holds."""


class World:
    """The ledger, the list, the queue, the people, and the workers in between."""

    def __init__(
        self,
        history: h.History,
        *,
        lease: timedelta = LEASE,
        stage: Stage | None = None,
    ) -> None:
        self.history = history
        self.clock = stage.clock() if stage is not None else FakeClock(BEGINNING)
        self._lease = lease
        self.log: list[str] = []
        log_book().start()
        self._tokens = count(1)
        self._names = count(1)
        self.decided_for: dict[str, tuple[Key, ...]] = {}
        self.answered_texts: set[str] = set()
        self.ledger: Any
        self.service: Any
        self.ledger, self.service = (
            stage.ports(history.terms) if stage is not None else _in_memory(history.terms, self.clock)
        )
        self.everyday: set[str] = set()
        self.witness = Witness(
            lambda key: self.service.is_listed(*key), self.clock.now, self.decided_for, self.everyday
        )
        self._gated = (
            Gated(self.ledger, self, self.witness),
            Gated(self.service, self, self.witness),
            Gated(self.service, self, self.witness),
        )
        self.queue = Queue()
        self.decisions: dict[
            str, tuple[Decision, tuple[Key, ...]]
        ] = {}  # and the consents that it is for, the sender's first
        self.asked: dict[str, h.Ask] = {}
        self._requests = [self._request(index, each) for index, each in enumerate(history.requests)]
        self._texts = sorted(
            ((text.at, f"text-{index}", text) for index, text in enumerate(history.texts)), key=lambda each: each[:2]
        )
        for index, text in enumerate(history.texts):
            self._know(f"text-{index}", text)
        self._idle: dict[h.Function, list[Environment]] = {each: [] for each in h.Function}
        self._live: list[Invocation] = []
        self._now_running: Invocation | None = None
        self._outage: tuple[h.Ending, datetime, bool] | None = None
        self._in_flight: list[tuple[datetime, Callable[[], object]]] = []
        self._failure: BaseException | None = None
        self._swept_elsewhere = False
        self.calm_since: datetime | None = None
        for each in history.before:
            self._remember(each)

    # --- one history

    def run(self) -> None:
        """Everything that was planned, then everything that is left."""
        try:
            self._publish()
            for step in self.history.steps:
                self._take(step)
                self._raise_failure()
            self._drain()
        finally:
            for invocation in self._live:
                invocation.kill()

    def _take(self, step: h.Step) -> None:
        self.log.append(f"{self.elapsed:>12.3f} {step}")
        match step:
            case h.Deliver(picks):
                self._deliver(picks)
            case h.Proceed(worker, calls, ending):
                if self._live:
                    self._proceed(self._live[worker % len(self._live)], calls, ending)
            case h.Sweep():
                self._start(h.Function.SWEEP, self._sweep, frozenset(h.PEOPLE))
            case h.Wait(seconds):
                self._pass(timedelta(seconds=seconds))
            case h.Lag(writes):
                if isinstance(self.ledger, MemoryLedger):
                    self.ledger.index_lag = writes
            case h.Outage(ending, seconds, texting_only):
                self._outage = ending, self.clock.now() + timedelta(seconds=seconds), texting_only
        self._publish()
        self._start_requests()

    def _drain(self) -> None:
        if self._outage is not None and not self._outage[2]:
            self._outage = None  # that nobody can be answered holds up no opt-out, so it may go on
        if isinstance(self.ledger, MemoryLedger):
            self.ledger.index_lag = 0
        for invocation in list(self._live):
            self._proceed(invocation, HEADROOM, None)
            self._raise_failure()
            if invocation in self._live:
                raise Broken(Property.DUTY, f"{invocation.name} goes round in circles")
        self.calm_since = self.clock.now()
        for _ in range(MOST_ROUNDS):
            self._pass(timedelta())
            self._publish()
            self._work_off()
            moment = self._next_moment()
            if moment is None:
                return
            self._pass(max(moment - self.clock.now(), timedelta()))
        raise Broken(Property.DUTY, "work stays due for ever")

    def _work_off(self) -> None:
        while visible := self.queue.visible(self.clock.now()):
            self._deliver(tuple(range(min(10, len(visible)))), at_once=True)
            self._raise_failure()
        self._start_requests(at_once=True)
        self._start(h.Function.SWEEP, self._sweep, frozenset(h.PEOPLE), at_once=True)
        self._raise_failure()

    def _next_moment(self) -> datetime | None:
        moments = [consent.due_at for consent in self.standing() if consent.due_at is not None]
        moments += [letter.due_at for letter in self.letters() if letter.due_at is not None]
        moments += [request.again_at for request in self._requests]
        moments += [copy.visible_at for copy in self.queue.copies]
        moments += [BEGINNING + timedelta(seconds=at) for at, _, _ in self._texts]
        moments += [at for at, _ in self._in_flight]
        if not moments:
            return None
        # A sweep that was lost keeps its turn for as long as it could have lived.
        soonest = timedelta(seconds=1) if self._swept_elsewhere else timedelta(milliseconds=1)
        moment = max(min(moments), self.clock.now() + soonest)
        if self.history.terms.prompt:
            return moment
        return BEGINNING + -(-(moment - BEGINNING) // A_MINUTE) * A_MINUTE

    @property
    def swept_daily(self) -> bool:
        """Whether no day went by without a sweep."""
        return all(step.seconds < A_DAY for step in self.history.steps if isinstance(step, h.Wait))

    def standing(self) -> list[Any]:
        """Every consent in the ledger."""
        return [self.ledger.consent(*key) for key in self.witness.standing]

    def letters(self) -> list[Any]:
        """Every letter in the ledger."""
        far = datetime.max.replace(tzinfo=BEGINNING.tzinfo)
        return [letter for _, letter in self.ledger.due_threads(far)]

    @property
    def printed(self) -> str:
        """What this history's workers logged."""
        return log_book().getvalue()

    # --- what happens

    def _publish(self) -> None:
        """Texts whose time has come are put into the queue, each as often as it will be delivered."""
        while self._texts and BEGINNING + timedelta(seconds=self._texts[0][0]) <= self.clock.now():
            at, text_id, text = self._texts.pop(0)
            person, line = h.PEOPLE[text.person], list(h.LINES)[text.line]
            body = notification(text_id, person, line, h.WORDS[text.ask], BEGINNING + timedelta(seconds=at))
            for copy in range(text.copies):
                self.queue.copies.append(
                    Copy(f"{text_id}-{copy}", body, self.clock.now(), person, sent_at=self.clock.now())
                )

    def _know(self, text_id: str, text: h.Text) -> None:
        person, line = h.PEOPLE[text.person], list(h.LINES)[text.line]
        self.asked[text_id] = text.ask
        if text.ask is h.Ask.YES:
            self.everyday.add(text_id)
        if text.ask in (h.Ask.STOP, h.Ask.START, h.Ask.YES):
            asked = Asked.OPT_OUT if text.ask is h.Ask.STOP else Asked.OPT_IN
            decision = Decision(
                id=text_id,
                number=person,
                asked=asked,
                at=BEGINNING + timedelta(seconds=text.at),
                author=Author.END_USER,
                through=line,
                only_if_opted_out=text.ask is h.Ask.YES or None,
            )
            self._decides(decision, h.LINES[line])

    def _request(self, index: int, request: h.Request) -> Asking:
        decision = Decision(
            id=f"request-{index}",
            number=h.PEOPLE[request.person],
            asked=request.asked,
            at=BEGINNING + timedelta(seconds=request.at),
            author=request.author,
            through="api",
        )
        self._decides(decision, h.LISTS[request.list])
        return Asking(decision, h.LISTS[request.list], decision.at)

    def _decides(self, decision: Decision, list_name: str) -> None:
        lists = (list_name,)
        if self.history.terms.all_lists and decision.author in (Author.END_USER, Author.AGENT):
            lists += tuple(each for each in h.LISTS if each != list_name)
        keys = tuple((decision.number, each) for each in lists)
        self.decisions[decision.id] = decision, keys
        self.decided_for[decision.id] = keys

    def _remember(self, before: h.Before) -> None:
        days = before.deleted_days_ago
        self.service.remember(
            h.PEOPLE[before.person],
            h.LISTS[before.list],
            listed=before.listed,
            deleted_at=BEGINNING - timedelta(days=days) if days is not None else None,
        )

    def _deliver(self, picks: tuple[int, ...], *, at_once: bool = False) -> None:
        visible = self.queue.visible(self.clock.now())
        if not visible:
            return
        copies = list({id(copy): copy for copy in (visible[pick % len(visible)] for pick in picks)}.values())
        self.queue.hand_out(copies, self.clock.now())

        def work(made: Environment) -> None:
            batch = Batch(
                inbound=made.inbound,
                dead_letters=PutBack(self.queue, self.clock),
                queue=self.queue,
                clock=self.clock,
                logger=quiet_logger(),
                metrics=quiet_metrics(),
            )
            response = batch.handle({"Records": [record_of(copy) for copy in copies]})
            quiet_metrics().clear_metrics()
            self.queue.settle(copies, {each["itemIdentifier"] for each in response["batchItemFailures"]})

        self._start(h.Function.INBOUND, work, frozenset(copy.number for copy in copies), at_once=at_once)

    def _start_requests(self, *, at_once: bool = False) -> None:
        for asking in list(self._requests):
            if (asking.by is not None and not asking.by.finished) or asking.again_at > self.clock.now():
                continue
            self._ask(asking, at_once=at_once)

    def _ask(self, asking: Asking, *, at_once: bool) -> None:
        def work(made: Environment) -> None:
            asking.again_at = self.clock.now() + timedelta(seconds=30)
            try:
                made.recorder.record(asking.decision, asking.list_name, reply_from=None)
                self._requests.remove(asking)
            except ConsentError:
                asking.again_at = self.clock.now() + timedelta(seconds=1)

        asking.by = self._start(h.Function.REQUEST, work, frozenset({asking.decision.number}), at_once=at_once)

    def _sweep(self, made: Environment) -> None:
        try:
            swept = made.sweep.run(self.clock.now() + timedelta(seconds=h.Function.SWEEP.value))
            self._swept_elsewhere = swept.elsewhere
        except (TryAgain, Rejected):
            return  # the function fails, and its schedule starts it again

    # --- workers

    def _start(
        self,
        function: h.Function,
        work: Callable[[Environment], None],
        people: frozenset[str],
        *,
        at_once: bool = False,
    ) -> Invocation:
        name = f"{function.name.lower()}-{next(self._names)}"
        deadline = self.clock.now() + timedelta(seconds=function.value)
        invocation = Invocation(name, deadline, people)
        made = self._idle[function].pop() if self._idle[function] else self._environment(function)

        def job() -> None:
            try:
                work(made)
                self._idle[function].append(made)
            except Killed:
                self.witness.troubled |= people
                raise
            except Broken as failure:
                self._fail(failure)
            except Exception as error:  # noqa: BLE001  whatever a worker lets escape is a finding
                self._fail(error)

        if at_once:
            self._now_running = invocation
            invocation.run_at_once(job)
            self._now_running = None
            self._raise_failure()
            if invocation.died:
                raise Broken(Property.DUTY, f"{name} did not end in time, undisturbed")
        else:
            self._live.append(invocation)
            invocation.start(job)
        return invocation

    def _environment(self, function: h.Function) -> Environment:
        ledger, opt_out_list, texting = self._gated
        reach = Reach.ALL if self.history.terms.all_lists else Reach.SENDER
        return environment(
            ledger=ledger,
            opt_out_list=opt_out_list,
            texting=texting,
            clock=self.worker_clock(),
            new_token=lambda: f"token-{next(self._tokens)}",
            own_list=h.OWN_LIST,
            paced=function is h.Function.SWEEP,
            lease=self._lease,
            grace=timedelta(seconds=self.history.terms.grace),
            scope=Scope(opt_out=reach, opt_in=reach, own_list=h.OWN_LIST, lists=self._known_lists),
        )

    def worker_clock(self) -> Any:
        """Return a clock for a new environment."""
        return WaitingClock(self.clock.now, self.rest)

    def outage_of(self, where: Where) -> h.Ending | None:
        """Return how a call ends while its step has an outage."""
        if self._outage is None or where.call is None:
            return None
        kind, until, texting_only = self._outage
        return kind if self.clock.now() < until and (where.call is Call.SEND or not texting_only) else None

    def _known_lists(self) -> list[KnownList]:
        return self(Where("lists"), lambda: [KnownList(name=name) for name in h.LISTS])

    def _proceed(self, invocation: Invocation, calls: int, ending: h.Ending | None) -> None:
        self._now_running = invocation
        if self.clock.now() >= invocation.deadline:
            invocation.kill()
        else:
            invocation.go_on(calls, ending)
        self._now_running = None
        if invocation.finished:
            self._live.remove(invocation)
            if invocation.died:
                self.log.append(f"{self.elapsed:>12.3f} {invocation.name} died")

    def _fail(self, failure: BaseException) -> None:
        if self._failure is None:
            self._failure = failure

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    # --- time

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return (self.clock.now() - BEGINNING).total_seconds()

    def _pass(self, elapsed: timedelta) -> None:
        until = self.clock.now() + elapsed
        for due in sorted((each for each in self._in_flight if each[0] <= until), key=lambda each: each[0]):
            self._in_flight.remove(due)
            self.clock.move_to(due[0])
            self.log.append(f"{self.elapsed:>12.3f} a late effect lands")
            _quietly(due[1])
        self.clock.move_to(until)

    def rest(self, wait: timedelta) -> None:
        """A worker waits; others may run meanwhile."""
        wakes_at = self.clock.now() + wait
        invocation = self._running()
        ending = invocation.next_ending()
        if ending in (h.Ending.DIED_BEFORE, h.Ending.DIED_AFTER):
            raise Killed
        self._pass(wakes_at - self.clock.now())
        self._now_running = invocation

    def _running(self) -> Invocation:
        assert self._now_running is not None
        return self._now_running

    # --- the gate

    @property
    def worker(self) -> str:
        """Who runs."""
        return self._running().name

    def __call__(self, where: Where, effect: Callable[[], T]) -> T:
        """One call: it stops here until the scheduler lets it happen, and it ends as planned."""
        invocation = self._running()
        called = self.clock.now()
        if where.call is not None:
            key = where.number or "", where.list_name or ""
            self._judged(lambda: self.witness.about_to(where.call, key))
        ending = self._next_ending(invocation)
        if ending is h.Ending.REPEATED:
            if where.call is None:  # a call to the list or texting is never repeated under its caller's hands
                self.witness.faults[ending] += 1
                self._judged(lambda: _quietly(effect))
                self._pass(TIME_OUT)
                ending = self._next_ending(invocation)
            if ending is h.Ending.REPEATED:
                ending = h.Ending.WELL
        if ending is h.Ending.WELL:
            ending = self.outage_of(where) or ending
        self.witness.calls += 1
        if ending is not h.Ending.WELL:
            self.witness.faults[ending] += 1
            if where.call is None or ending not in (h.Ending.THROTTLED, h.Ending.UNREACHED):
                self.witness.troubled |= {where.number} if where.number is not None else invocation.people
        return self._judged(lambda: self._perform(where, effect, ending, called))

    def _next_ending(self, invocation: Invocation) -> h.Ending:
        ending = invocation.next_ending()
        self._now_running = invocation
        if self._failure is not None or self.clock.now() >= invocation.deadline:
            raise Killed
        return ending

    def _judged(self, act: Callable[[], T]) -> T:
        """The code under test catches what one record raises; what breaks a property must not be lost in it."""
        try:
            return act()
        except Broken as failure:
            self._fail(failure)
            raise Killed from failure

    def _perform(self, where: Where, effect: Callable[[], T], ending: h.Ending, called: datetime) -> T:
        key, worker = (where.number or "", where.list_name or ""), self.worker
        self._pass(LATENCY)
        answer = "died"
        try:
            result = self._ended(effect, ending)
            answer = "done"
        except Throttled:
            answer = "throttled"
            raise
        except TryAgain:
            answer = "unavailable"
            raise
        except (OptInRefused, RecipientOptedOut):
            answer = "refused"
            raise
        except Rejected:
            answer = "rejected"
            raise
        finally:
            self.log.append(
                f"{self.elapsed:>12.3f}   {worker} {where.name} {key[0][-4:]} {key[1]} {ending.value}: {answer}"
            )
            if where.call is not None:
                self._pass(LATENCY)
                self.witness.attempted(Attempt(where.call, key, worker, called, self.clock.now(), ending, answer))
        return result

    def _ended(self, effect: Callable[[], T], ending: h.Ending) -> T:
        match ending:
            case h.Ending.WELL:
                return effect()
            case h.Ending.THROTTLED:
                raise Throttled("simulated")
            case h.Ending.UNREACHED:
                raise Unreached("simulated")
            case h.Ending.REJECTED:
                raise Rejected("AccessDeniedException")
            case h.Ending.DIED_BEFORE:
                raise Killed
            case h.Ending.LOST_BEFORE | h.Ending.FAILED_BEFORE | h.Ending.LATE:
                if ending is h.Ending.LATE:
                    late_by = LATE_BY[self.witness.calls % len(LATE_BY)]
                    self._in_flight.append((self.clock.now() + TIME_OUT + late_by, effect))
            case h.Ending.LOST_AFTER | h.Ending.FAILED_AFTER | h.Ending.DIED_AFTER:
                _quietly(effect)
                if ending is h.Ending.DIED_AFTER:
                    raise Killed
        if ending in (h.Ending.LOST_BEFORE, h.Ending.LOST_AFTER, h.Ending.LATE):
            self._pass(TIME_OUT)
        raise Unavailable("simulated")


def _in_memory(terms: h.Terms, clock: FakeClock) -> tuple[MemoryLedger, MemoryService]:
    service = MemoryService(
        clock,
        h.LINES,
        quotas=DEFAULT_QUOTAS if terms.quotas else None,
        one_text_a_second=terms.one_text_a_second,
        hold_counts_per_list=terms.hold_counts_per_list,
        refusal="ConflictException" if terms.conflict else "PHONE_NUMBER_CANNOT_BE_OPTED_IN",
    )
    return MemoryLedger(h.SENDERS, clock), service


def _quietly(effect: Callable[[], object]) -> None:
    """Nobody hears the answer."""
    from sms_consent.domain.errors import Moved

    try:
        effect()
    except (ConsentError, Moved):
        return


@contextmanager
def _reported(world: World) -> Iterator[None]:
    try:
        yield
    except Broken as failure:
        failure.add_note("\n".join(world.log[-200:]))
        raise


def run(history: h.History, **options: Any) -> World:
    """Run a history and judge it; raises Broken."""
    from simulation.properties import judge

    world = World(history, **options)
    with _reported(world):
        world.run()
        judge(world)
    return world
