"""Runs histories, each from its own seed, until one breaks a property or there are no more: the long run, and the mutations'.

``python -m simulation.hunt --histories 1000 --seed 0`` prints one line of JSON and exits with 1 if a property broke.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from simulation.broken import Broken
from simulation.burst import Burst, judge
from simulation.history import Ending, History
from simulation.strategies import random_history
from simulation.wide import random_wide_history, run_wide
from simulation.world import Stage, World, run

__all__ = ["Found", "Tally", "breaks", "hunt", "hunt_wide"]


@dataclass(slots=True)
class Tally:
    """How much was tried."""

    histories: int = 0
    steps: int = 0
    calls: int = 0
    texts: int = 0
    decisions: int = 0
    deletions: int = 0
    faults: Counter[Ending] = field(default_factory=Counter)
    days: float = 0.0

    def count(self, world: World) -> None:
        """One more history."""
        self.histories += 1
        self.steps += len(world.history.steps)
        self.calls += world.witness.calls
        self.texts += len(world.service.texts)
        self.decisions += len(world.decisions)
        self.deletions += len(world.witness.releases)
        self.faults += world.witness.faults
        self.days += world.elapsed / 86_400


@dataclass(frozen=True, slots=True)
class Found:
    """A history that breaks something."""

    seed: int
    property: str
    what: str
    history: History


def breaks(history: History) -> tuple[str, str] | None:
    """The property that a history breaks, and how; whatever else a worker lets escape counts as well."""
    try:
        run(history)
    except Broken as failure:
        return failure.property.value, failure.what
    except Exception as error:  # noqa: BLE001  any error is a finding
        return type(error).__name__, str(error)
    return None


def hunt(first_seed: int, histories: int, tally: Tally, stage: Stage | None = None) -> Found | None:
    """The first history that breaks something."""
    for seed in range(first_seed, first_seed + histories):
        history = random_history(Random(seed))
        try:
            tally.count(run(history, stage=stage))
        except Broken as failure:
            return Found(seed, failure.property.value, failure.what, history)
        except Exception as error:  # noqa: BLE001  any error is a finding
            return Found(seed, type(error).__name__, str(error), history)
    return None


def burst(seed: int, tally: Tally) -> Found | None:
    """One burst in place of histories."""
    try:
        judge(Burst(stops=300, starts=30, pending=30, a_second=20).run())
    except Broken as failure:
        return Found(seed, failure.property.value, failure.what, History())
    tally.histories += 1
    return None


def hunt_wide(first_seed: int, histories: int, tally: Tally) -> Found | None:
    """Likewise, for histories outside the narrow model."""
    for seed in range(first_seed, first_seed + histories):
        try:
            run_wide(random_wide_history(Random(seed)))
        except Broken as failure:
            return Found(seed, failure.property.value, failure.what, History())
        except Exception as error:  # noqa: BLE001  any error is a finding
            return Found(seed, type(error).__name__, str(error), History())
        tally.histories += 1
    return None


def main() -> int:
    """Report in JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--on", choices=("memory", "dynamodb", "burst", "wide"), default="memory")
    arguments = parser.parse_args()
    tally, started = Tally(), time.monotonic()
    found: Found | None
    if arguments.on == "dynamodb":
        from simulation.on_dynamodb import aws_stage

        with aws_stage() as stage:
            found = hunt(arguments.seed, arguments.histories, tally, stage)
    elif arguments.on == "burst":
        found = burst(arguments.seed, tally)
    elif arguments.on == "wide":
        found = hunt_wide(arguments.seed, arguments.histories, tally)
    else:
        found = hunt(arguments.seed, arguments.histories, tally)
    report = {
        "histories": tally.histories + (found is not None),
        "seconds": round(time.monotonic() - started, 1),
        "broken": found.property if found else None,
        "what": found.what if found else None,
        "seed": found.seed if found else None,
    }
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
