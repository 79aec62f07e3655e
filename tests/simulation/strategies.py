"""Which histories are tried: small ones with much going on, in which everything meets everything else.

Each part is drawn at once from a catalogue of all that it can be, plainest first: drawing is then fast, and a failure
shrinks towards what is plain.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import TypeVar

from hypothesis import strategies as st
from simulation.history import (
    Ask,
    Before,
    Deliver,
    Ending,
    History,
    Lag,
    Outage,
    Proceed,
    Request,
    Step,
    Sweep,
    Terms,
    Text,
    Wait,
)

from sms_consent.domain.decision import Asked, Author

__all__ = ["histories", "random_history"]

T = TypeVar("T")

DAY = 86_400.0
# Few people, lines and times, so that they meet, and many times are equal; some lie on either side of the 30 days.
PEOPLE = (0, 0, 0, 1, 2)
LINES = (0, 0, 1, 2)
LISTS = (0, 0, 1)
TIMES = (0.0, 1.0, 1.001, 2.0, 3.0, 61.0, DAY, 29 * DAY, 31 * DAY)
ASKS = (Ask.STOP, Ask.START, Ask.STOP, Ask.START, Ask.STOP, Ask.START, Ask.YES, Ask.HELP, Ask.UNCLEAR, Ask.OTHER)
COPIES = (1, 1, 2, 3)

TEXTS = [
    Text(person, line, ask, at, copies) for copies, at, ask, line, person in product(COPIES, TIMES, ASKS, LINES, PEOPLE)
]
# One person who cannot make up their mind, so that decisions meet each other in the middle of their work.
FOCUSED_TEXTS = [
    Text(0, 0, ask, at, copies)
    for copies, at, ask in product(COPIES, (0.0, 1.0, 2.0, 3.0, 4.0, 61.0), (Ask.STOP, Ask.START, Ask.STOP, Ask.YES))
]
REQUESTS = [
    Request(person, list_, asked, author, at)
    for at, author, asked, list_, person in product(
        TIMES, (Author.AGENT, Author.IMPORT), (Asked.OPT_OUT, Asked.OPT_IN), LISTS, PEOPLE
    )
]
BEFORE = [
    Before(person, list_, listed, days)
    for days, listed, list_, person in product((None, None, 0, 15, 29, 40), (True, False), LISTS, PEOPLE)
]
TERMS = [
    Terms(*each)
    for each in product(
        (False, True),
        (False, True),
        (True, False),
        (False, True),
        (False, False, False, True),
        (False, True),
        (60.0, 300.0),
    )
]

WORKERS = range(4)
DELIVERIES = [Deliver(picks) for size in (1, 2, 3) for picks in product(range(4), repeat=size)]
RUNS = [Proceed(worker, calls) for calls in range(1, 13) for worker in WORKERS]
ENDINGS = [ending for ending in Ending if ending is not Ending.WELL]
DISTURBANCES = [
    Proceed(worker, calls, ending) for ending, calls, worker in product(ENDINGS, (0, 1, 2, 3, 4, 6), WORKERS)
]
WAITS = [Wait(seconds) for seconds in (0.5, 1.0, 5.0, 10.0, 31.0, 61.0, 95.0, 200.0, 400.0, DAY, 29 * DAY, 30 * DAY)]
LAGS = [Lag(writes) for writes in range(5)]
OUTAGES = [
    Outage(ending, seconds, texting_only)
    for ending in (Ending.THROTTLED, Ending.LOST_BEFORE, Ending.FAILED_AFTER, Ending.REJECTED)
    for texting_only, seconds in ((False, 2.0), (False, 30.0), (False, 600.0), (True, 30.0), (True, 3600.0))
]


def _mixed(**parts: tuple[int, Sequence[Step]]) -> list[Step]:
    """A catalogue in which each part has its share, whatever its length."""
    longest = max(len(steps) for _, steps in parts.values())
    return [steps[at % len(steps)] for share, steps in parts.values() for at in range(share * longest)]


CALM_STEPS = _mixed(runs=(3, RUNS), deliveries=(2, DELIVERIES), sweeps=(1, [Sweep()]))
STEPS = _mixed(
    runs=(3, RUNS),
    deliveries=(2, DELIVERIES),
    sweeps=(1, [Sweep()]),
    disturbances=(3, DISTURBANCES),
    waits=(1, WAITS),
    lags=(1, LAGS),
    outages=(1, OUTAGES),
)


def _one_of(catalogue: Sequence[T]) -> st.SearchStrategy[T]:
    """By its place: ``sampled_from`` would hash the whole catalogue again and again."""
    return st.integers(0, len(catalogue) - 1).map(catalogue.__getitem__)


def _several(each: Sequence[T], least: int, most: int) -> st.SearchStrategy[tuple[T, ...]]:
    """Any number is as likely as any other; lists of hypothesis's own choosing are mostly short."""
    sizes = st.integers(least, most)
    return sizes.flatmap(lambda size: st.lists(_one_of(each), min_size=size, max_size=most)).map(tuple)


def _histories(steps: Sequence[Step], most_steps: int, texts: Sequence[Text] = TEXTS) -> st.SearchStrategy[History]:
    return st.builds(
        History,
        texts=_several(texts, 1, 7),
        requests=st.lists(_one_of(REQUESTS), max_size=2).map(tuple),
        before=st.lists(_one_of(BEFORE), max_size=2).map(tuple),
        steps=_several(steps, 0, most_steps),
        terms=_one_of(TERMS),
    )


def random_history(random: Random, most_steps: int = 40) -> History:
    """The same histories, a hundred times as fast to draw, for long runs; they are shrunk by ``simulation.shrinking``."""

    def several(each: Sequence[T], least: int, most: int) -> tuple[T, ...]:
        return tuple(random.choices(each, k=random.randint(least, most)))

    kind, terms = random.random(), random.choice(TERMS)
    if kind < 0.30:
        return _told_in_order(random, terms)
    if kind < 0.35:
        return _second_attempt(random, terms)
    if kind < 0.65:
        return History(texts=several(FOCUSED_TEXTS, 2, 5), steps=several(STEPS, 5, most_steps), terms=terms)
    return History(
        texts=several(TEXTS, 1, 7),
        requests=several(REQUESTS, 0, 2),
        before=several(BEFORE, 0, 2),
        steps=several(STEPS if kind < 0.9 else CALM_STEPS, 0, most_steps),
        terms=terms,
    )


def _told_in_order(random: Random, terms: Terms) -> History:
    """STOP, START, STOP … of one person, each delivered when it is sent, and only a few things go wrong: what takes a
    long story to go wrong is rarely met where everything happens at once."""

    def ending() -> Ending | None:
        return random.choice(ENDINGS) if random.random() < 0.3 else None

    asks = [Ask.STOP, Ask.START] * 3
    asks = asks[random.randrange(2) :][: random.randint(2, 4)]
    steps: list[Step] = []
    for _ in asks:
        steps += [Deliver((0,)), Proceed(random.randrange(2), random.randrange(7), ending())]
        if random.random() < 0.3:  # between two of its calls, a worker stands still
            steps += [
                Wait(random.choice((1.0, 5.0, 20.0))),
                Proceed(random.randrange(2), random.randrange(2), ending()),
            ]
        if random.random() < 0.6:
            steps.append(Proceed(random.randrange(2), random.randint(1, 12), ending()))
        if random.random() < 0.2:
            steps.append(random.choice(WAITS))
        if random.random() < 0.2:
            steps += [Sweep(), Proceed(random.randrange(2), random.randint(1, 12), ending())]
    return History(
        texts=tuple(Text(0, 0, ask, at / 1000) for at, ask in enumerate(asks)), steps=tuple(steps), terms=terms
    )


def _second_attempt(random: Random, terms: Terms) -> History:
    """An answer is lost, sweep tries again, and in the middle of that somebody changes their mind; then once more. Each step
    of it is common, and all of them in a row are not."""
    asks = [Ask.STOP, Ask.START] * 2
    asks = asks if random.random() < 0.7 else [Ask.START, *asks[:3]]
    lost = random.choice((Ending.LOST_AFTER, Ending.FAILED_AFTER, Ending.LATE, Ending.LOST_BEFORE))
    end = random.choice((Ending.DIED_AFTER, Ending.DIED_AFTER, Ending.LOST_AFTER, None))
    steps: list[Step] = [
        Deliver((0,)), Proceed(0, random.randint(2, 5), lost), Proceed(0, 12), Wait(random.choice((6.0, 31.0, 61.0))),
        Sweep(), Proceed(0, random.randint(4, 10)), Deliver((0,)), Proceed(1, 12), Proceed(0, random.randrange(7), end),
        Wait(random.choice((1.0, 95.0, 200.0))), Sweep(), Proceed(0, 20), Proceed(0, 20),
        Deliver((0,)), Proceed(0, random.randint(1, 12), random.choice((None, end))), Proceed(0, 12), Deliver((0,)),
    ]  # fmt: skip
    texts = tuple(Text(0, 0, ask, at / 1000) for at, ask in enumerate(asks))
    return History(texts=texts, steps=tuple(steps), terms=terms)


def histories(most_steps: int = 40) -> st.SearchStrategy[History]:
    """Three in four are disturbed; in the others workers only get in each other's way."""
    disturbed, calm = _histories(STEPS, most_steps), _histories(CALM_STEPS, most_steps)
    focused = _histories(STEPS, most_steps, FOCUSED_TEXTS)
    return st.one_of(disturbed, focused, focused, calm)
