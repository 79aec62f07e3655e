"""Batches in an environment that is warm, with 20 ms of latency on each AWS call; and how much memory they take."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from figures.artefacts import Artefacts, environment, python313
from figures.cold_start import ISOLATED, aws
from figures.pairs import Compared, take_turns

__all__ = ["LATENCY", "measure"]

LATENCY = 20
RAISED = dict.fromkeys(("TEXT_RATE", "PUT_RATE", "DELETE_RATE", "DESCRIBE_RATE"), "1000")
HERE = Path(__file__).parent


def measure(artefacts: Artefacts, turns: int) -> Compared:
    """Wall time and processor time of a batch in milliseconds, by handler, size and quotas; peak memory in MB."""
    with aws(LATENCY) as port:
        variables = environment(port)
        places: dict[str, tuple[Path, str, int, dict[str, str]]] = {
            "one": (artefacts.ours, "handlers.inbound", 1, RAISED),
            "ten": (artefacts.ours, "handlers.inbound", 10, RAISED),
            "hundred": (artefacts.ours, "handlers.inbound", 100, RAISED),
            "ten, default quotas": (artefacts.ours, "handlers.inbound", 10, {}),
            "typical, one": (artefacts.baselines, "typical", 1, {}),
            "typical, ten": (artefacts.baselines, "typical", 10, {}),
        }
        return take_turns(
            {name: lambda place=place: _batches(*place[:3], variables | place[3]) for name, place in places.items()},
            turns,
        )


def _batches(folder: Path, module: str, texts: int, variables: dict[str, str]) -> dict[str, float]:
    command = [python313(), *ISOLATED, str(HERE / "batches.py"), str(folder), module, str(texts), "3"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOOK")]
    took: dict[str, Any] = json.loads(line.removeprefix("TOOK"))
    return {"wall": median(took["wall"]), "processor": median(took["processor"]) / texts, "peak": took["peak"]}
