"""What is measured: the artefact that `sam build` makes, and beside it the baselines with the same packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

__all__ = ["REPOSITORY", "Artefacts", "build", "compiled", "environment", "python313"]

REPOSITORY = Path(__file__).resolve().parents[2]
BUILDS = REPOSITORY / ".aws-sam" / "benchmark"
SAM = ["tool", "run", "--from", "aws-sam-cli==1.170.0", "sam"]


@dataclass(frozen=True)
class Artefacts:
    """Folders with handlers and all that they import."""

    ours: Path
    baselines: Path


@cache
def python313() -> str:
    """The functions' own runtime."""
    places = [
        *Path.home().glob(".pyenv/versions/3.13*/bin/python3.13"),
        "/usr/local/bin/python3.13",
        "/opt/python3.13/bin/python3.13",
    ]
    for candidate in ("python3.13", *places):
        with_pip = [str(candidate), "-c", "import pip, sys; print(sys.executable)"]
        try:
            found = subprocess.run(with_pip, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return found.stdout.strip()
    raise SystemExit(
        "the built artefact needs Python 3.13 with pip, the functions' runtime: install it, or put it on PATH"
    )


@cache
def uv() -> str:
    """The one that runs the project, or any on PATH."""
    own = REPOSITORY / ".uv" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        raise SystemExit("no uv: run the first command of README.md, which puts one into .uv")
    return found


def build() -> Artefacts:
    """Both, for this machine's processor."""
    shutil.rmtree(BUILDS, ignore_errors=True)
    machine = "arm64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    path = f"{Path(python313()).parent}:{os.environ['PATH']}"
    command = [uv(), *SAM, "build", "InboundFunction", "--parameter-overrides", f"Architecture={machine}"]
    _run([*command, "--build-dir", str(BUILDS / "sam")], os.environ | {"PATH": path, "SAM_CLI_TELEMETRY": "0"})
    baselines = BUILDS / "baselines"
    locked = (REPOSITORY / "functions" / "requirements.txt").read_text()
    packages = re.findall(r"^[a-z0-9-]+==[^ ]+", locked, re.MULTILINE)
    packages += [f"{name}=={version(name)}" for name in ("boto3", "phonenumbers")]
    _run([uv(), "pip", "install", "-q", "--target", str(baselines), "--python", python313(), *packages], os.environ)
    for handler in (Path(__file__).parents[1] / "baselines").glob("*.py"):
        shutil.copy(handler, baselines)
    return Artefacts(BUILDS / "sam" / "InboundFunction", baselines)


def compiled(artefact: Path) -> Path:
    """A copy with bytecode that is used whatever the files' times are, as one command before `sam deploy` makes it."""
    copy = artefact.with_name(artefact.name + "-compiled")
    shutil.copytree(artefact, copy, dirs_exist_ok=True)
    _run([python313(), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(copy)], os.environ)
    return copy


def environment(port: int) -> dict[str, str]:
    """What the template and Lambda give a function, with AWS at a port of this machine."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "InboundFunction",
        "LEDGER_TABLE": "ledger",
        "OPT_OUT_LIST": "Default",
        "BRAND": "Example",
        "SUPPORT_CONTACT": "help.example.com",
        "PYDANTIC_DISABLE_PLUGINS": "true",
        "DEAD_LETTER_QUEUE_URL": f"http://127.0.0.1:{port}/123456789012/dead-letters",
        "PATH": os.environ["PATH"],
    }


def _run(command: list[str], environment: os._Environ[str] | dict[str, str]) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
