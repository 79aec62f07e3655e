"""A long run of the simulation and a burst of 5,000 STOPs, in figures.

``python benchmarks/simulation_long.py --histories 20000 --seed 1`` exits with 1 if a property breaks, and names the seed.
``--wide`` runs histories outside the narrow model instead: 20,000 small ones and 200 large ones. ``--wide --on dynamodb`` runs
small ones on DynamoDB in memory, with two releases, unreadable items and senders that change lists.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from simulation.broken import Broken
from simulation.burst import Burst, judge
from simulation.hunt import Tally, hunt
from simulation.on_dynamodb import aws_stage
from simulation.shared_table import random_wide_history_on_dynamodb, run_on_dynamodb
from simulation.wide import WideTally, random_large_history, random_wide_history, run_wide

from sms_consent.domain.ports import Call


def main() -> int:
    """Print what was tried, and how the burst went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stops", type=int, default=5_000)
    parser.add_argument("--wide", action="store_true", help="histories outside the narrow model, small and large")
    parser.add_argument(
        "--large", type=int, default=200, help="with --wide: how many, each with 3,000 rejected numbers"
    )
    parser.add_argument("--on", choices=("memory", "dynamodb"), default="memory", help="with --wide: where they run")
    arguments = parser.parse_args()
    if arguments.wide and arguments.on == "dynamodb":
        return _on_dynamodb(arguments.seed, arguments.histories)
    if arguments.wide:
        return _wide(arguments.seed, arguments.histories, arguments.large)
    tally, started = Tally(), time.monotonic()
    found = hunt(arguments.seed, arguments.histories, tally)
    if found is not None:
        sys.stdout.write(f"seed {found.seed} breaks {found.property}: {found.what}\n{found.history}\n")
        return 1
    sys.stdout.write(
        f"{tally.histories} histories, {tally.steps} steps, {tally.calls} calls, {tally.faults.total()} faults, "
        f"{tally.decisions} decisions, {tally.texts} replies, {tally.deletions} deletions, "
        f"{tally.days / 365:.0f} simulated years, in {time.monotonic() - started:.0f} s\n"
    )
    for ending, count in tally.faults.most_common():
        sys.stdout.write(f"  {count:7} {ending.value}\n")
    course = Burst(stops=arguments.stops).run()
    judge(course)
    sys.stdout.write(
        f"burst: {arguments.stops} STOPs, recorded after {course.recorded_after:.0f} s, drained after "
        f"{course.drained_after:.0f} s (simulated), {len(course.puts) / course.drained_after:.1f} puts a second, at most "
        f"{course.most_in_a_second[Call.PUT]}; {course.confirmed} confirmed within the grace, "
        f"{course.refused[Call.PUT]} puts and {course.refused[Call.SEND]} texts refused, {course.redelivered} redelivered\n"
    )
    return 0


def _wide(first_seed: int, histories: int, large: int) -> int:
    tally, started = WideTally(), time.monotonic()
    draws = [(seed, random_wide_history) for seed in range(first_seed, first_seed + histories)]
    draws += [(seed, random_large_history) for seed in range(first_seed, first_seed + large)]
    for seed, draw in draws:
        try:
            tally.count(run_wide(draw(Random(seed))))
        except Broken as failure:
            sys.stdout.write(f"seed {seed} of {draw.__name__} breaks {failure.property.value}: {failure.what}\n")
            return 1
    _tell(tally, f"{tally.histories} wide histories, {large} of them large", started)
    return 0


def _on_dynamodb(first_seed: int, histories: int) -> int:
    tally, started = WideTally(), time.monotonic()
    with aws_stage() as stage:
        for seed in range(first_seed, first_seed + histories):
            try:
                tally.count(run_on_dynamodb(random_wide_history_on_dynamodb(Random(seed)), stage))
            except Broken as failure:
                sys.stdout.write(f"seed {seed} breaks {failure.property.value}: {failure.what}\n")
                return 1
    _tell(tally, f"{tally.histories} wide histories on DynamoDB", started)
    return 0


def _tell(tally: WideTally, what: str, started: float) -> None:
    sys.stdout.write(
        f"{what}, {tally.calls} calls, {tally.faults} faults, "
        f"{tally.days / 365:.0f} simulated years, in {time.monotonic() - started:.0f} s\n"
    )
    for kind, count in sorted(tally.by_kind.items()):
        sys.stdout.write(f"  {count:7} {kind}\n")


if __name__ == "__main__":
    sys.exit(main())
