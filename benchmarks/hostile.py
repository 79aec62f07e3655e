"""Mutated real events by the ten thousand, each between two good ones; and what 100,000 characters cost beside 10,000.

``python benchmarks/hostile.py --cases 10000``
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import pytest
from support.hostile import NUMBER, hear_beside, mutated
from support.inbound_function import inbound_function

from sms_consent.domain.time import as_text
from sms_consent.intent import RuleSet

A_DEPLOYMENT = 250


def main() -> int:
    """Print how many cases went through, and how reading grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    arguments = parser.parse_args()
    started = time.monotonic()
    for first in range(0, arguments.cases, A_DEPLOYMENT):
        with pytest.MonkeyPatch.context() as patch, inbound_function(patch) as inbound:
            for seed in range(first, min(first + A_DEPLOYMENT, arguments.cases)):
                printed = io.StringIO()
                at = as_text(inbound.world.parts.clock.now())
                before, after = (f"+1{201 + seed % 200 + offset}555{100 + seed // 200 % 100:04}" for offset in (0, 400))
                with contextlib.redirect_stdout(printed):
                    shown = hear_beside(inbound, mutated(Random(seed), at), before, after, at)
                if NUMBER[1:] in shown + printed.getvalue() or "Ebenezer" in shown + printed.getvalue():
                    sys.stdout.write(f"seed {seed} prints what it must not\n")
                    return 1
    sys.stdout.write(f"{arguments.cases} cases in {time.monotonic() - started:.0f} s: nothing lost, nothing shown\n")
    rules = RuleSet()
    for text in ("stop ", "please do not text me any more ", "x", "🛑"):
        short, long = (min(_seconds(rules, (text * size)[:size]) for _ in range(5)) for size in (10_000, 100_000))
        sys.stdout.write(f"{text!r:36} 100,000 characters {long * 1000:6.1f} ms, {long / short:5.1f} times 10,000\n")
    return 0


def _seconds(rules: RuleSet, text: str) -> float:
    started = time.perf_counter()
    rules.classify(text)
    return time.perf_counter() - started


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    sys.exit(main())
