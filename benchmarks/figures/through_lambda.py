"""The same cold start through Lambda's own runtime client and the Runtime Interface Emulator that the SAM CLI brings along."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from figures.artefacts import BUILDS, Artefacts, environment, python313, uv
from figures.cold_start import aws
from figures.first_stop import event
from figures.pairs import Compared, take_turns

__all__ = ["measure"]

WHERE = "import samcli, pathlib; print(pathlib.Path(samcli.__file__).parent / 'local' / 'rapid')"


def measure(artefacts: Artefacts, turns: int) -> Compared:
    """From the runtime's start to the answer of the first invocation, in milliseconds."""
    client = BUILDS / "runtime-client"
    if not client.exists():
        install = [uv(), "pip", "install", "-q", "--target", str(client), "--python", python313(), "awslambdaric"]
        subprocess.run(install, check=True, capture_output=True)
    command = [uv(), "tool", "run", "--from", "aws-sam-cli==1.170.0", "python", "-c", WHERE]
    folder = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    machine = "arm64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    emulator = Path(folder) / f"aws-lambda-rie-{machine}"
    places = {
        "bare": (artefacts.baselines, "bare.handler"),
        "typical": (artefacts.baselines, "typical.handler"),
        "sms-consent": (artefacts.ours, "handlers.inbound.handler"),
        "sms-consent, compiled": (artefacts.ours.with_name("InboundFunction-compiled"), "handlers.inbound.handler"),
    }
    with aws() as port:
        return take_turns(
            {name: lambda place=place: _cold(emulator, client, *place, port) for name, place in places.items()}, turns
        )


def _cold(emulator: Path, client: Path, folder: Path, handler: str, port: int) -> dict[str, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = free.getsockname()[1]
    variables = environment(port) | {
        "LAMBDA_TASK_ROOT": str(folder),
        "PYTHONPATH": f"{folder}:{client}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    }
    address = ["--runtime-interface-emulator-address", f"127.0.0.1:{at}"]
    runtime = [python313(), "-S", "-m", "awslambdaric", handler]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([str(emulator), *address, *runtime], env=variables, cwd=folder, **quiet) as process:
        try:
            _wait_for(at)
            url = f"http://127.0.0.1:{at}/2015-03-31/functions/function/invocations"
            begun = time.perf_counter()
            # The emulator starts the runtime at the first invocation: this is init and invoke.
            with urllib.request.urlopen(url, json.dumps(event()).encode(), timeout=60) as answer:
                said = json.load(answer)
            took = (time.perf_counter() - begun) * 1000
        finally:
            process.terminate()
    if said != {"batchItemFailures": []}:
        raise SystemExit(f"{handler} through the runtime client: {said}")
    return {"first STOP": took}


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit("the Runtime Interface Emulator does not start")
