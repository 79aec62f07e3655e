"""Breaks the code on purpose, one way at a time, and shows which property of the simulation notices.

``python tests/benchmarks/mutations.py`` copies ``functions/`` aside, makes one change, runs histories until one breaks a
property, and goes on with the next change. A change that nothing notices is a hole in the tests: the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from simulation.mutants import MUTANTS, Mutant, mutated  # noqa: E402  the path comes first

FUNCTIONS = TESTS.parent / "functions"


def verdict(mutant: Mutant, histories: int, seed: int) -> dict[str, object]:
    """What the simulation says of the code with this change."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "functions"
        shutil.copytree(FUNCTIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / mutant.path
        path.write_text(mutated(path.read_text(), mutant))
        run = ["-m", "simulation.hunt", "--on", mutant.on, "--histories", str(histories), "--seed", str(seed)]
        environment = os.environ | {"PYTHONPATH": f"{copy}:{TESTS}", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, *run], env=environment, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter
    if not done.stdout:
        return {"broken": "it does not run", "what": done.stderr.strip().splitlines()[-1], "histories": 0, "seconds": 0}
    report: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return report


def main() -> int:
    """A table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=20_000, help="give up on a change after so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="changes whose names contain this")
    arguments = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if arguments.only in mutant.name]
    survivors = 0
    sys.stdout.write("| change | noticed by | how | histories |\n|---|---|---|---|\n")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        reports = pool.map(lambda mutant: verdict(mutant, arguments.histories, arguments.seed), chosen)
        for mutant, report in zip(chosen, reports, strict=True):
            survivors += report["broken"] is None
            noticed = report["broken"] or "**nothing**"
            sys.stdout.write(f"| {mutant.name} | {noticed} | {report['what'] or ''} | {report['histories']} |\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{len(chosen) - survivors} of {len(chosen)} noticed\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
