"""Histories in which reconcile runs beside everything else, while nobody but the workers themselves changes a list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from simulation import history as h
from simulation.broken import Broken, Property
from simulation.gated import Gated
from simulation.properties import judge
from simulation.strategies import random_history
from simulation.world import World
from support.reconciling import MemoryBook, MemoryCensus, MemoryListings

from sms_consent.adapters.clock import QuotaRateLimiter
from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.ports import Call
from sms_consent.reconciliation.reconciler import Reconciler

__all__ = ["Reconcile", "reconciled"]

SPAN = timedelta(seconds=50)


@dataclass(frozen=True, slots=True)
class Reconcile:
    """A reconcile starts, or goes on."""


@dataclass(frozen=True, slots=True)
class _Function:
    """Beside those that every history has. It is cut off early, to be gone on with."""

    name: str = "RECONCILE"
    value: int = 60


RECONCILE: Any = _Function()


class _World(World):
    """A reconcile is scheduled like everything else."""

    def __init__(self, history: h.History, **options: Any) -> None:
        super().__init__(history, **options)
        self._idle[RECONCILE] = []
        self.scan = MemoryCensus(self.ledger, 2)
        self.book = MemoryBook()
        self.listings = MemoryListings(self.service, 2)

    def _take(self, step: Any) -> None:
        if isinstance(step, Reconcile):
            self.log.append(f"{self.elapsed:>12.3f} {step}")
            self._start(RECONCILE, self._reconcile, frozenset())
        else:
            super()._take(step)

    def _environment(self, function: Any) -> Any:
        return None if function is RECONCILE else super()._environment(function)

    def _reconcile(self, _: None) -> None:
        ledger, opt_out_list, _texting = self._gated
        clock = self.worker_clock()
        made = Reconciler(
            lists=h.LISTS,
            ledger=ledger,
            scan=Gated(self.scan, self),
            progress_store=Gated(self.book, self),
            listings=Gated(self.listings, self),
            opt_out_list=opt_out_list,
            rate_limiter=QuotaRateLimiter(clock, {Call.FIND: 1}),
            clock=clock,
            new_token=lambda: f"token-{next(self._tokens)}",
        )
        try:
            made.run(clock.now() + SPAN, force=True)
        except (TryAgain, Rejected):
            return  # the function fails, and its schedule starts it again

    def last(self) -> None:
        """Once more, with nothing else going on."""
        self._pass(timedelta(days=1))
        self._start(RECONCILE, self._reconcile, frozenset(), at_once=True)
        self._raise_failure()


def reconciled(seed: int) -> int:
    """Raises Broken; how often reconcile ran. Nobody else changes a list here, so whatever it finds is no difference."""
    random = Random(seed)
    drawn = random_history(random)
    steps: list[Any] = []
    for step in drawn.steps:
        steps.append(step)
        if random.random() < 0.25:
            steps += [Reconcile(), h.Proceed(random.randrange(4), random.randint(1, 12))]
    world = _World(replace(drawn, before=(), steps=tuple(steps)))
    try:
        world.run()
        world.last()
        judge(world)
        _nothing_found(world)
    except Broken as failure:
        failure.add_note("\n".join(world.log[-200:]))
        raise
    return sum(isinstance(step, Reconcile) for step in steps)


def _nothing_found(world: _World) -> None:
    if world.scan.drifts:
        kinds = sorted(drift.kind for drift in world.scan.drifts.values())
        raise Broken(Property.AGREEMENT, f"reconcile took work under way for drift: {', '.join(kinds)}")
