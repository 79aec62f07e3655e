"""The deployment's daily budget of replies: shared by execution environments, and by the threads of one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import chain, repeat
from threading import Barrier

import pytest
from support.fake_clock import NOON, FakeClock
from support.world import World

from sms_consent.adapters import clients
from sms_consent.domain.errors import Rejected, Throttled
from sms_consent.sync.reply_sender import BLOCK, FREE, Priority, Refusal, ReplyBudget

LOW, OPT_OUT, FIRST = Priority.LOW, Priority.OPT_OUT, Priority.FIRST_OPT_OUT


class Counter:
    """The day's counter, and every reservation."""

    def __init__(self) -> None:
        self.totals: dict[date, int] = {}
        self.calls: list[int] = []

    def __call__(self, day: date, replies: int) -> int:
        self.calls.append(replies)
        self.totals[day] = self.totals.get(day, 0) + replies
        return self.totals[day]


def _taken(budget: ReplyBudget, priority: Priority, times: int, now: datetime = NOON) -> int:
    return sum(budget.take(priority, now) is None for _ in range(times))


def _budget(counter: Callable[[date, int], int], per_day: int = 1000, free: int = FREE) -> ReplyBudget:
    return ReplyBudget(counter, per_day=per_day, free=free)


@pytest.mark.parametrize("per_day", [1, 3, 5, 19, 100, 1000])
@pytest.mark.parametrize("free", [0, FREE])
def test_low_priority_has_four_fifths_and_opt_outs_have_the_whole(per_day: int, free: int) -> None:
    """Of one environment, to the reply, but for what it may send before it first looks."""
    budget = _budget(Counter(), per_day, free)
    low = _taken(budget, LOW, 2 * per_day)
    assert low == max(per_day * 4 // 5, min(free, per_day) if per_day * 4 // 5 else 0)
    assert low + _taken(budget, OPT_OUT, 2 * per_day) == per_day
    assert budget.would_refuse(OPT_OUT, NOON) is Refusal.SPENT
    assert _taken(budget, FIRST, 10) == 10


def test_first_confirmations_make_no_call_and_are_counted(  # the next reservation adds them
) -> None:
    """Of a burst of STOPs, none waits for the budget; HELP does not get what they used."""
    counter = Counter()
    budget = _budget(counter)
    assert _taken(budget, FIRST, 900) == 900
    assert counter.calls == []
    assert budget.take(LOW, NOON) is Refusal.SPENT
    assert counter.totals[NOON.date()] == 900 + BLOCK


def test_blocks_grow_to_their_size() -> None:
    """An environment that ends has left unused at most as much as it used."""
    counter = Counter()
    budget = _budget(counter, 10_000)
    for sent in range(1, 1001):
        assert budget.take(LOW, NOON) is None
        assert sum(counter.calls) <= 2 * sent
    assert max(counter.calls[1:]) == BLOCK
    assert len(counter.calls) <= 16


@pytest.mark.parametrize("environments", [2, 7])
@pytest.mark.parametrize("priority", [LOW, OPT_OUT])
def test_environments_together_keep_to_the_budget(environments: int, priority: Priority) -> None:
    """In any order of reservations."""
    counter = Counter()
    budgets = [_budget(counter, 500, free=0) for _ in range(environments)]
    sent = sum(budget.take(priority, NOON) is None for budget in chain.from_iterable(repeat(budgets, 500)))
    assert 500 * 0.5 <= sent <= (500 if priority is OPT_OUT else 400)


def test_a_day_begins_at_midnight_utc() -> None:
    """Also for an environment that lives on."""
    counter, clock = Counter(), FakeClock(NOON)
    budget = ReplyBudget(counter, per_day=50, free=0)
    assert _taken(budget, LOW, 100, clock.now()) == 40
    clock.advance(timedelta(hours=11, minutes=59))
    assert _taken(budget, LOW, 100, clock.now()) == 0
    clock.advance(timedelta(minutes=1))
    assert _taken(budget, LOW, 100, clock.now()) == 40
    assert len(counter.totals) == 2


def test_what_was_not_sent_is_given_back() -> None:
    """It neither uses the budget nor makes reservations."""
    counter = Counter()
    budget = _budget(counter, 100, free=0)
    for _ in range(500):
        assert budget.take(LOW, NOON) is None
        budget.give_back()
    assert len(counter.calls) == 1
    assert _taken(budget, LOW, 500) == 80


@pytest.mark.parametrize("error", [Throttled("ThrottlingException"), Rejected("AccessDeniedException")])
def test_a_counter_that_fails_is_tried_again_after_a_minute(error: Exception) -> None:
    """Meanwhile STOPs are confirmed, and others as far as the environment's own allowance goes."""
    clock, counter, failures, calls = FakeClock(NOON), Counter(), list[str](), list[int]()
    works = False

    def reserve(day: date, replies: int) -> int:
        calls.append(replies)
        if not works:
            raise error
        return counter(day, replies)

    budget = ReplyBudget(reserve, per_day=1000, free=FREE, failed=lambda: failures.append("failed"))
    assert _taken(budget, LOW, 100) == FREE + 20
    assert budget.take(LOW, clock.now()) is Refusal.UNKNOWN
    assert _taken(budget, OPT_OUT, 50) == 50
    clock.advance(timedelta(seconds=59))
    assert budget.take(LOW, clock.now()) is Refusal.UNKNOWN
    assert (len(calls), failures) == (1, ["failed"])
    clock.advance(timedelta(seconds=1))
    works = True
    assert _taken(budget, LOW, 10, clock.now()) == 10
    assert counter.totals[NOON.date()] >= FREE + 20 + 50 + 10


def test_threads_of_one_environment_take_each_reply_once() -> None:
    """And wait for one reservation together."""
    counter = Counter()
    budget = _budget(counter, 1000, free=0)
    start = Barrier(16)

    def work() -> int:
        start.wait()
        return _taken(budget, LOW, 100)

    with ThreadPoolExecutor(16) as threads:
        sent = sum(each.result() for each in [threads.submit(work) for _ in range(16)])
    assert sent == 800
    assert len(counter.calls) < 30


def test_environments_reserve_from_one_item_of_the_ledger(world: World) -> None:
    """One atomic addition: no reservation is lost between two, and DynamoDB deletes the item after a week."""
    ledger, clock = world.parts.ledger, world.parts.clock
    budgets = [ReplyBudget(ledger.reserve_replies, per_day=300, free=0) for _ in range(4)]
    start = Barrier(4)

    def work(budget: ReplyBudget) -> int:
        start.wait()
        return _taken(budget, OPT_OUT, 150)

    with ThreadPoolExecutor(4) as threads:
        sent = sum(each.result() for each in [threads.submit(work, budget) for budget in budgets])
    assert 200 <= sent <= 300
    (item,) = clients.dynamodb().scan(TableName=world.table)["Items"]
    assert item["pk"]["S"] == f"BUDGET#{clock.now().date()}"
    assert int(item["reserved"]["N"]) >= sent
    kept = int(item["expires"]["N"]) - clock.now().timestamp()
    assert timedelta(days=7) < timedelta(seconds=kept) < timedelta(days=8)
