"""Every event of events/ through `sam local invoke`: the built function, in Lambda's own runtime, against the local stack.

    uv run --frozen python tests/integration/handlers/lambda_runtime/invoke_events.py [EVENT.json…]

Needs Docker, and Python 3.13 for `sam build`. Prints what became of each event; exits with 1 if it is not what
events/README.md says, and with 2 if this machine lacks something. The suite runs it where Docker is.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from integration.local.served import REPOSITORY, Served, served

__all__ = ["IMAGE", "Outcome", "Unavailable", "invoke_all", "require_image"]

FUNCTION = "InboundFunction"
EVENTS = REPOSITORY / "events"
SAM = "aws-sam-cli==1.170.0"
ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"


class Unavailable(Exception):
    """This machine lacks what Lambda's runtime takes; the message says what."""


@dataclass(frozen=True)
class Outcome:
    """What an event left behind in the stack, beyond what was there before it."""

    event: str
    answer: Any
    put_on_list: frozenset[str]
    taken_off: frozenset[str]
    texted: tuple[tuple[str, str], ...]  # to whom, and what
    put_aside: tuple[str, ...]  # reasons


def invoke_all(only: Collection[str] = ()) -> Iterator[Outcome]:
    """In the order of events/README.md, which is that of the people's lives. Raises Unavailable before the first."""
    host, address = _reachable_at()
    require_image()
    with TemporaryDirectory(prefix="sms-consent-build-") as folder, served("--host", host) as stack:
        build = Path(folder) / "build"
        _sam("build", FUNCTION, "--build-dir", str(build), "--parameter-overrides", f"Architecture={ARCHITECTURE}")
        variables = stack.get("/_local/env-vars")
        port = stack.endpoint.rpartition(":")[2]
        for each in variables.values():
            each["AWS_ENDPOINT_URL"] = f"http://{address}:{port}"
        settings = Path(folder) / "env.json"
        settings.write_text(json.dumps(variables))
        for name in re.findall(r"^\| `(\w+\.json)`", (EVENTS / "README.md").read_text(), re.MULTILINE):
            if only and name not in only:
                continue
            yield _outcome(stack, name, build, settings)


def _outcome(stack: Served, name: str, build: Path, settings: Path) -> Outcome:
    before, texts = _listed(stack), len(stack.get("/_local/texts"))
    answered = _sam(
        "local", "invoke", FUNCTION, "--event", str(EVENTS / name), "--template", str(build / "template.yaml"),
        "--env-vars", str(settings), "--parameter-overrides", f"Architecture={ARCHITECTURE}", "--skip-pull-image",
    )  # fmt: skip
    after = _listed(stack)
    return Outcome(
        event=name,
        answer=json.loads(answered.strip().splitlines()[-1]),
        put_on_list=after - before,
        taken_off=before - after,
        texted=tuple((text["to"], text["body"]) for text in stack.get("/_local/texts")[texts:]),
        put_aside=tuple(stack.put_aside()),
    )


def _listed(stack: Served) -> frozenset[str]:
    sms = stack.client("pinpoint-sms-voice-v2")
    pages = sms.get_paginator("describe_opted_out_numbers").paginate(OptOutListName=stack.about["opt_out_list"])
    return frozenset(each["OptedOutNumber"] for page in pages for each in page["OptedOutNumbers"])


# --- this machine


def _reachable_at() -> tuple[str, str]:
    """Where the stack is served here, and the address at which a container finds it."""
    if shutil.which("docker") is None:
        raise Unavailable("there is no docker command on this machine")
    asked = _run("docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}")
    if asked.returncode:
        raise Unavailable("no Docker engine answers: start it")
    if platform.system() != "Linux":  # Docker Desktop: engine and bridge are in a virtual machine
        return "127.0.0.1", "host.docker.internal"
    (network,) = json.loads(asked.stdout)
    gateway = network.get("Gateway") or str(next(ip_network(network["Subnet"]).hosts()))  # older engines do not say
    return gateway, gateway


def require_image() -> None:
    """The runtime's image: what is here already, else pulled. Raises Unavailable."""
    if _run("docker", "image", "inspect", IMAGE).returncode and (pulled := _run("docker", "pull", IMAGE)).returncode:
        raise Unavailable(f"{IMAGE} is neither here nor can it be pulled: {pulled.stderr.strip().splitlines()[-1]}")


@cache
def _sam_command() -> tuple[str, ...]:
    uv = shutil.which("uv") or shutil.which("uv", path=str(REPOSITORY / ".uv" / "bin"))
    if uv is not None:
        return (uv, "tool", "run", "--quiet", "--from", SAM, "sam")
    if (sam := shutil.which("sam")) is not None:
        return (sam,)
    raise Unavailable("there is neither uv nor sam on this machine")


@cache
def _python() -> str:
    """The folder of the functions' Python, which `sam build` looks for by its name."""
    elsewhere = [str(each) for each in (Path.home() / ".pyenv" / "versions").glob("3.13*/bin")]
    for folder in [*os.environ["PATH"].split(os.pathsep), *elsewhere, "/usr/local/bin"]:
        python = Path(folder) / "python3.13"
        if python.is_file() and not _run(str(python), "-c", "import pip").returncode:
            return folder
    raise Unavailable("sam build needs Python 3.13 with pip, the functions' runtime")


def _sam(*arguments: str) -> str:
    """Its standard output. AssertionError with what it said if it fails."""
    path = os.pathsep.join((_python(), os.environ["PATH"]))
    for _ in range(5):
        done = _run(*_sam_command(), *arguments, PATH=path, SAM_CLI_TELEMETRY="0")
        # A busy machine's engine may take over the minute that SAM waits for a container. None was there yet, so nothing ran.
        if not ("containers.create(" in done.stderr and "Read timed out" in done.stderr):
            break
    assert done.returncode == 0, f"sam {arguments[0]}: {done.stderr}"
    return done.stdout


def _run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  docker, sam and python as they were found
        command, cwd=REPOSITORY, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


# --- by hand


def main() -> int:
    """One line an event."""
    from test_events_in_lambda import EXPECTED, differences

    wrong = 0
    try:
        for outcome in invoke_all([Path(each).name for each in sys.argv[1:]]):
            differing = differences(outcome, EXPECTED[outcome.event])
            wrong += bool(differing)
            say = [f"put on the list: {', '.join(sorted(outcome.put_on_list))}"] if outcome.put_on_list else []
            say += [f"taken off: {', '.join(sorted(outcome.taken_off))}"] if outcome.taken_off else []
            say += [f"texted: {body}" for _, body in outcome.texted]
            say += [f"put aside: {reason}" for reason in outcome.put_aside]
            print(f"{outcome.event:28} {'NOT AS EXPECTED' if differing else 'as expected'}", flush=True)
            for line in [*differing, *(say or ["nothing changed"])]:
                print(f"{'':28} {line}", flush=True)
    except Unavailable as lacking:
        print(f"not run: {lacking}", file=sys.stderr)
        return 2
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
