"""With wrong clocks, frozen workers, outages of hours, broken settings and rejected numbers, no STOP is lost."""

from __future__ import annotations

from random import Random

import pytest
from simulation.broken import Broken
from simulation.wide import WideTally, random_large_history, random_wide_history, run_wide

SEEDED = 150


def test_no_stop_is_lost_in_histories_outside_the_narrow_model() -> None:
    """From fixed seeds; ``tests/benchmarks/simulation_long.py`` runs 20,000."""
    tally = WideTally()
    for seed in range(SEEDED):
        try:
            tally.count(run_wide(random_wide_history(Random(seed))))
        except Broken as failure:
            pytest.fail(f"seed {seed}: {failure.property.value}: {failure.what}")
    assert tally.faults > SEEDED
    assert {"Freeze", "Skew", "StepOutage", "BrokenSettings"} <= tally.by_kind.keys()


def test_no_stop_is_lost_behind_a_backlog_of_rejected_numbers() -> None:
    """A small one here; the long run has 3,000 rejected numbers."""
    run_wide(random_large_history(Random(1), backlog=30))
