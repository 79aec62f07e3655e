"""Breaks the code on purpose, one way at a time, and shows which property of the simulation, or which test, notices.

``python benchmarks/mutations.py`` makes one change in a copy of the code, runs histories until one breaks a property,
or the tests that are named for it until one fails, and goes on with the next change. A change that nothing notices is a
hole in the tests: the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from simulation.mutants import MUTANTS  # noqa: E402  the path comes first
from simulation.mutants_for_tests import MUTANTS_FOR_TESTS  # noqa: E402
from simulation.mutation import Mutant, MutationError, Symbols  # noqa: E402

ROOT = TESTS.parent
KEPT_OUT = shutil.ignore_patterns("__pycache__", ".git", ".venv", ".uv", ".*_cache", ".aws-sam", "corpus")
ON_TESTS = "tests"
LONGEST = 240
"""Seconds for one change's tests: one that never ends has been noticed."""


@cache
def symbols() -> Symbols:
    """Return the symbols of this checkout."""
    return Symbols(ROOT)


def verdict(mutant: Mutant, histories: int, seed: int) -> dict[str, object]:
    """Return what the simulation, or the tests, say of the code with this change."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if mutant.on == ON_TESTS:
            _copy_tree(root)
            _change(root, mutant)
            return _tested(root, mutant.tests)
        shutil.copytree(ROOT / "functions", root / "functions", ignore=KEPT_OUT)
        _change(root, mutant)
        run = ["-m", "simulation.hunt", "--on", mutant.on, "--histories", str(histories), "--seed", str(seed)]
        done = _run(run, root, [root / "functions", TESTS])
    if not done.stdout:
        return {"broken": "it does not run", "what": done.stderr.strip().splitlines()[-1], "histories": 0, "seconds": 0}
    report: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return report


def rotten() -> list[str]:
    """Return what is wrong with the table: mutations that cannot be applied."""
    found = []
    for mutant in (*MUTANTS, *MUTANTS_FOR_TESTS):
        try:
            symbols().mutated(mutant)
        except MutationError as error:
            found.append(f"{mutant.name}: {error}")
    return found


def _change(root: Path, mutant: Mutant) -> None:
    for path, source in symbols().mutated(mutant).items():
        (root / path).write_text(source, encoding="utf-8")


def _copy_tree(root: Path) -> None:
    shutil.copytree(ROOT, root, ignore=KEPT_OUT, dirs_exist_ok=True)
    (root / "tests" / "corpus").symlink_to(TESTS / "corpus")  # large, and never changed


def _tested(root: Path, tests: Sequence[str]) -> dict[str, object]:
    started = time.monotonic()
    run = [
        "-m",
        "pytest",
        "-n0",
        "-x",
        "-m",
        "slow or not slow",
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "--tb=line",
        *tests,
    ]
    try:
        done = _run(run, root, [root / "functions", root / "cli", root / "emulator", root], timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"broken": "a test", "what": "does not end", "histories": "", "seconds": LONGEST}
    seconds = round(time.monotonic() - started, 1)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode == 0:
        return {"broken": None, "what": " ".join(tests), "histories": "", "seconds": seconds}
    if failed is None:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        return {"broken": "it does not run", "what": "".join(last), "histories": "", "seconds": seconds}
    what = failed[1].replace("tests/", "", 1)
    return {"broken": "a test", "what": f"`{what}`", "histories": "", "seconds": seconds}


def _run(
    arguments: Sequence[str], folder: Path, path: Sequence[Path], timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    known = {"PYTHONPATH": ":".join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, *arguments],
        env=os.environ | known,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def _unchanged(chosen: Sequence[Mutant]) -> dict[str, object]:
    """Run the tests without any change: where they fail as it is, they notice nothing."""
    tests = dict.fromkeys(test for mutant in chosen for test in mutant.tests)
    with tempfile.TemporaryDirectory() as folder:
        _copy_tree(Path(folder))
        return _tested(Path(folder), tuple(tests))


def main() -> int:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=20_000, help="give up on a change after so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="changes whose names contain this")
    parser.add_argument("--on", default="", help="memory, dynamodb, burst, wide or tests: only changes for that")
    arguments = parser.parse_args()
    if moved := rotten():
        sys.stderr.write("\n".join(["the code has moved on:", *moved]) + "\n")
        return 2
    known = (*MUTANTS, *MUTANTS_FOR_TESTS)
    chosen = [each for each in known if arguments.only in each.name and arguments.on in ("", each.on)]
    if any(mutant.tests for mutant in chosen) and (as_it_is := _unchanged(chosen))["broken"] is not None:
        sys.stderr.write(f"without any change: {as_it_is['broken']}, {as_it_is['what']}\n")
        return 2
    survivors = 0
    sys.stdout.write("| change | noticed by | how | histories |\n|---|---|---|---|\n")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        reports = pool.map(lambda mutant: verdict(mutant, arguments.histories, arguments.seed), chosen)
        for mutant, report in zip(chosen, reports, strict=True):
            survivors += report["broken"] in (None, "it does not run")
            noticed = report["broken"] or "**nothing**"
            sys.stdout.write(f"| {mutant.name} | {noticed} | {report['what'] or ''} | {report['histories']} |\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{len(chosen) - survivors} of {len(chosen)} noticed\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
