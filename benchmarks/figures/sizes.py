"""A first STOP and batches at Lambda's memory sizes: in a container that may use no more memory, nor more of a processor.

Lambda gives a function a processor's share in proportion to its memory, a whole one at 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). Whether it gives more while a function begins is not
known, and not counted here. A container that needs more memory than its size is killed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from figures.artefacts import Artefacts, environment
from figures.cold_start import ISOLATED, aws
from figures.warm import LATENCY, RAISED
from integration.handlers.lambda_runtime.invoke_events import IMAGE, Unavailable, require_image

__all__ = ["SIZES", "Unavailable", "measure"]

SIZES = (128, 256, 512, 1024, 1769)
ONE_PROCESSOR = 1769
HERE = Path(__file__).parent
BATCHES = {"one": 1, "ten": 10, "hundred": 100}


def measure(artefacts: Artefacts, turns: int) -> dict[int, dict[str, float]]:
    """Milliseconds by the clock and the peak of memory in MB, by size in MB; medians. Raises Unavailable."""
    if shutil.which("docker") is None:
        raise Unavailable("there is no docker command on this machine")
    require_image()
    with aws() as port, aws(LATENCY) as slow_port:
        return {size: _measured(size, artefacts.ours, (port, slow_port), turns) for size in SIZES}


def _measured(size: int, artefact: Path, ports: tuple[int, int], turns: int) -> dict[str, float]:
    with _container(size, artefact) as container:
        starts = [_took(container, environment(ports[0]), "first_stop.py") for _ in range(turns)]
        found = {"cold start": median(float(start.split()[1]) * 1000 for start in starts), "peak": 0.0}
        for name, texts in BATCHES.items():
            line = _took(container, environment(ports[1]) | RAISED, "batches.py", str(texts), str(turns))
            took = json.loads(line)
            found[name] = median(took["wall"])
            found["peak"] = max(found["peak"], took["peak"])
    return found


@contextmanager
def _container(size: int, artefact: Path) -> Iterator[str]:
    started = _docker(
        "run", "--detach", "--rm", "--network", "host", "--memory", f"{size}m", "--memory-swap", f"{size}m",
        "--cpus", f"{size / ONE_PROCESSOR:.4f}", "--volume", f"{artefact}:/var/task:ro", "--volume", f"{HERE}:/figures:ro",
        "--entrypoint", "sleep", IMAGE, "infinity",
    )  # fmt: skip
    if started.returncode:
        raise Unavailable(started.stderr.strip())
    container = started.stdout.strip()
    try:
        yield container
    finally:
        _docker("kill", container)


def _took(container: str, variables: dict[str, str], program: str, *arguments: str) -> str:
    settings = [part for name, value in variables.items() if name != "PATH" for part in ("--env", f"{name}={value}")]
    done = _docker(
        "exec", *settings, container, "/var/lang/bin/python3", *ISOLATED, f"/figures/{program}", "/var/task",
        "handlers.inbound", *arguments,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("TOOK")]
    if done.returncode or not lines:
        raise RuntimeError(
            f"{program} {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-500:]}"
        )
    return lines[0].removeprefix("TOOK")


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    docker = shutil.which("docker") or "docker"
    return subprocess.run([docker, *arguments], capture_output=True, text=True, check=False)
