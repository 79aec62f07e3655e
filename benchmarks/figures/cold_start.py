"""A fresh interpreter imports a handler from its artefact and handles its first STOP."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from figures.artefacts import Artefacts, compiled, environment, python313
from figures.pairs import Compared, take_turns

__all__ = ["aws", "costly_imports", "measure"]

HERE = Path(__file__).parent
ISOLATED = ["-I", "-S", "-B"]  # nothing but the artefact, and no bytecode left behind: Lambda's /var/task is read-only
COSTLY = 5.0
"""Milliseconds."""


@contextmanager
def aws(latency_ms: float = 0) -> Iterator[int]:
    """The port of an AWS that answers over the loopback."""
    command = [python313(), str(HERE / "aws_stub.py"), str(latency_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdout is not None
        try:
            yield int(stub.stdout.readline())
        finally:
            stub.kill()


def measure(artefacts: Artefacts, turns: int) -> Compared:
    """Imports, imports and the STOP, and the processor's share of both, in milliseconds."""
    places = {
        "bare": (artefacts.baselines, "bare"),
        "bare with a STOP": (artefacts.baselines, "bare_stop"),
        "typical": (artefacts.baselines, "typical"),
        "sms-consent": (artefacts.ours, "handlers.inbound"),
    }
    ready = {name: compiled(folder) for name, folder in (("ours", artefacts.ours), ("baselines", artefacts.baselines))}
    for name, (folder, module) in list(places.items()):
        places[f"{name}, compiled"] = (ready["ours" if folder == artefacts.ours else "baselines"], module)
    with aws() as port:
        return take_turns(
            {name: lambda place=place: _first_stop(*place, environment(port)) for name, place in places.items()}, turns
        )


def _first_stop(folder: Path, module: str, variables: Mapping[str, str]) -> dict[str, float]:
    command = [python313(), *ISOLATED, str(HERE / "first_stop.py"), str(folder), module]
    done = subprocess.run(command, env=dict(variables), capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOOK")]
    imported, handled, processor = (float(part) * 1000 for part in line.split()[1:])
    return {"import": imported, "first STOP": handled, "processor": processor}


def costly_imports(artefacts: Artefacts, port: int, runs: int = 5) -> list[tuple[str, float, float]]:
    """Modules that take long by themselves, and with what they import first; the best of some runs."""
    command = [python313(), *ISOLATED, "-X", "importtime", str(HERE / "first_stop.py"), str(artefacts.ours)]
    best: dict[str, tuple[float, float]] = {}
    for _ in range(runs):
        done = subprocess.run(
            [*command, "handlers.inbound"], env=environment(port), capture_output=True, text=True, check=True
        )
        for own, whole, name in re.findall(r"^import time: +(\d+) \| +(\d+) \| +(\S+)$", done.stderr, re.MULTILINE):
            found = float(own) / 1000, float(whole) / 1000
            best[name] = min(best.get(name, found), found)
    return sorted(
        ((name, own, whole) for name, (own, whole) in best.items() if own >= COSTLY), key=lambda each: -each[1]
    )
