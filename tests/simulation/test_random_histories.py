"""Whatever is texted, asked for, delivered twice, cut off, throttled or lost: the seven properties hold in the end."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from simulation.burst import Burst, judge
from simulation.history import History
from simulation.hunt import Tally, breaks, hunt
from simulation.on_dynamodb import aws_stage
from simulation.shrinking import shrunk
from simulation.strategies import histories
from simulation.world import run

# In the suite, always the same histories. SIMULATION_HISTORIES=5000 tries as many others, from a seed that hypothesis
# prints when one fails and takes back with --hypothesis-seed.
CHOSEN = os.environ.get("SIMULATION_HISTORIES")
EFFORT = settings(
    max_examples=int(CHOSEN or 150),
    derandomize=CHOSEN is None,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SEEDED, ON_DYNAMODB = 800, 20


@pytest.mark.slow
@EFFORT
@given(histories())
def test_every_property_holds_in_any_history(history: History) -> None:
    """Drawn by hypothesis, which shrinks a history that breaks one."""
    run(history)


@pytest.mark.slow
def test_every_property_holds_in_many_more_histories_from_fixed_seeds() -> None:
    """Drawn a hundred times as fast, some of them long stories of one person, and shrunk here."""
    found = hunt(0, SEEDED, Tally())
    if found is not None:
        broken = breaks(found.history)
        pytest.fail(
            f"seed {found.seed}: {found.property}: {found.what}\n{shrunk(found.history, lambda h: breaks(h) == broken)}"
        )


@pytest.mark.slow
def test_every_property_holds_on_dynamodb_and_the_services_api() -> None:
    """The same workers with the real adapters, on a table and lists of AWS in memory."""
    with aws_stage() as stage:
        found = hunt(10_000, ON_DYNAMODB, Tally(), stage)
    assert found is None, found


def test_a_burst_is_drained_at_the_rate_of_the_api() -> None:
    """Recorded at once, put at ten a second, oldest first, opt-outs before opt-ins, and no record goes back to its queue."""
    judge(Burst(stops=300, starts=30, pending=30, a_second=20).run())
