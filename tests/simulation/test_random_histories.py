"""Whatever is texted, however it is delivered and whatever fails: what the newest decision says is what is done."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from simulation.burst import Burst, judge
from simulation.history import History
from simulation.hunt import Tally, hunt
from simulation.on_dynamodb import aws_stage
from simulation.strategies import histories
from simulation.world import run

AT_ONCE = 100
ANY_PACE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=ANY_PACE, print_blob=True)
@given(histories())
def test_every_history_keeps_every_property(history: History) -> None:
    """Drawn and shrunk by hypothesis; ``simulation.properties`` judges each while it runs and when it has drained."""
    run(history)


@pytest.mark.parametrize("chunk", range(6))
def test_many_more_histories_keep_every_property(chunk: int) -> None:
    """Drawn a hundred times as fast; a failure names the seed that repeats it."""
    found = hunt(chunk * AT_ONCE, AT_ONCE, Tally())
    assert found is None, f"seed {found.seed} breaks {found.property}: {found.what}"


def test_histories_on_dynamodb_keep_every_property() -> None:
    """The real adapters, the emulator's list, and the table of template.yaml."""
    with aws_stage() as stage:
        found = hunt(0, 12, Tally(), stage)
    assert found is None, f"seed {found.seed} breaks {found.property}: {found.what}"


def test_a_burst_is_drained_at_the_rate_of_the_api() -> None:
    """Recorded at once, put at ten a second, oldest first, opt-outs before opt-ins, and no record goes back to its queue."""
    judge(Burst(stops=300, starts=30, pending=30, a_second=20).run())
