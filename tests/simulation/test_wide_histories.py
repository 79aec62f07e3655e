"""With wrong clocks, frozen workers, outages of hours, broken settings and rejected numbers, no STOP is lost."""

from __future__ import annotations

from random import Random

import pytest
from simulation.broken import Broken
from simulation.on_dynamodb import aws_stage
from simulation.shared_table import random_wide_history_on_dynamodb, run_on_dynamodb
from simulation.wide import WideTally, random_large_history, random_wide_history, run_wide

SEEDED, ON_DYNAMODB = 150, (0, 1, 2, 4, 5, 8, 9, 14, 15, 36)


def test_no_stop_is_lost_in_histories_outside_the_narrow_model() -> None:
    """From fixed seeds; ``benchmarks/simulation_long.py`` runs 20,000."""
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


@pytest.mark.slow
def test_no_stop_is_lost_on_a_table_that_two_releases_share() -> None:
    """With items that cannot be read and senders that change lists; ``simulation_long.py --wide --on dynamodb`` runs more."""
    tally = WideTally()
    with aws_stage() as stage:
        for seed in ON_DYNAMODB:
            try:
                tally.count(run_on_dynamodb(random_wide_history_on_dynamodb(Random(seed)), stage))
            except Broken as failure:
                pytest.fail(f"seed {seed}: {failure.property.value}: {failure.what}")
    assert {"PreviousInbound", "PreviousSweep", "Spoil", "MoveSender"} <= tally.by_kind.keys()
