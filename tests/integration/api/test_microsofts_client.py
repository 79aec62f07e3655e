"""Microsoft's own JavaScript client from npm against the local stack: the code of an application that uses Azure, unchanged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import pytest
from integration.local.served import OURS, Served, served

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).parent / "node"
PACKAGE, LOCK, SCRIPT = (SOURCES / name for name in ("package.json", "package-lock.json", "opt_outs.js"))
ACCESS_KEY = "YSBrZXkgZm9yIHRlc3RzLCBvbiB0aGlzIG1hY2hpbmU="  # pragma: allowlist secret
ABOUT_US = ("EINTEGRITY", "EUSAGE", "EJSONPARSE", "ERESOLVE")
"""Codes of npm for a package or lock file that is wrong, as against a registry that cannot be reached."""
DONE = {"httpStatusCode": 200, "errorMessage": ""}
INVALID = {"to": "+123", "httpStatusCode": 400, "errorMessage": "Invalid recipient phone number format"}


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the client as locked. It is kept between runs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not here")
    cache: Any = getattr(request.config, "cache", None)
    folder = cache.mkdir("microsofts-client") if cache is not None else tmp_path_factory.mktemp("microsofts-client")
    digest = hashlib.sha256(LOCK.read_bytes() + PACKAGE.read_bytes()).hexdigest()[:16]
    installed: Path = folder / digest
    if not installed.exists():
        with TemporaryDirectory(dir=installed.parent) as scratch:
            for each in (PACKAGE, LOCK):
                shutil.copy(each, scratch)
            options = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000")
            done = subprocess.run(  # noqa: S603  npm as it was found
                [npm, "ci", *options], cwd=scratch, capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode:
                assert not any(code in done.stderr for code in ABOUT_US), done.stderr
                pytest.skip("npm cannot install the client here: " + done.stderr.strip().partition("\n")[0])
            Path(scratch, "ready").mkdir()
            for each in ("node_modules", "package.json"):
                Path(scratch, each).rename(Path(scratch, "ready", each))
            try:
                Path(scratch, "ready").rename(installed)
            except OSError:  # another worker was faster
                assert installed.exists()
    shutil.copy(SCRIPT, installed)
    return installed


@pytest.fixture(scope="module")
def stack(client: Path) -> Iterator[Served]:
    """Start the local stack, only if the client is installed."""
    with served("--api-port", "0", "--access-key", ACCESS_KEY) as running:
        yield running


def _transcript(stack: Served, client: Path, *calls: str, key: str = ACCESS_KEY) -> list[tuple[str, Any]]:
    """Return the client's result of each call. The client trusts the stack's certificate."""
    with urlopen(f"{stack.endpoint}/_local/certificate") as answer:  # noqa: S310  http, on this machine
        certificate = client / f"{stack.process.pid}.pem"
        certificate.write_bytes(answer.read())
    endpoint = stack.about["api_endpoint"].replace("http://", "https://")
    done = subprocess.run(  # noqa: S603  node as it was found
        [str(shutil.which("node")), SCRIPT.name, OURS, *calls],
        cwd=client,
        env=os.environ
        | {"CONNECTION_STRING": f"endpoint={endpoint};accesskey={key}", "NODE_EXTRA_CA_CERTS": str(certificate)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [(call, answer) for call, answer in map(json.loads, done.stdout.splitlines())]


def test_it_adds_checks_and_removes(stack: Served, client: Path) -> None:
    """The results are those that the application gets from the client."""
    one, other = stack.person(), stack.person()
    transcript = _transcript(
        stack, client, f"check={one}", f"add={one},+123,{other}", f"check={one},{other},+123", f"remove={one}", f"check={one}"
    )  # fmt: skip
    assert transcript == [
        (f"check={one}", [{"to": one, "isOptedOut": False, **DONE}]),
        (f"add={one},+123,{other}", [{"to": one, **DONE}, INVALID, {"to": other, **DONE}]),
        (
            f"check={one},{other},+123",
            [
                {"to": one, "isOptedOut": True, **DONE},
                {"to": other, "isOptedOut": True, **DONE},
                {**INVALID, "isOptedOut": False},  # the client's own default
            ],
        ),
        (f"remove={one}", [{"to": one, **DONE}]),
        (f"check={one}", [{"to": one, "isOptedOut": False, **DONE}]),
    ]
    assert stack.listed(one) is None
    assert stack.listed(other) is not None


def test_a_removal_within_30_days_is_accepted_and_takes_effect_later(stack: Served, client: Path) -> None:
    """The application gets the date, and on it the person is opted in.

    The second removal has another body: within one second, the same body would have the signature of the first.
    """
    person = stack.person()
    calls = [f"{operation}={person}" for operation in ("add", "remove", "add", "remove")]
    answers = _transcript(stack, client, *calls[:3], f"{calls[3]},+123")
    ((item, _),) = [answer for _, answer in answers[3:]]
    assert item["httpStatusCode"] == 202
    assert "released on 20" in item["errorMessage"]
    stack.advance(31 * 24 * 3600)
    ((_, (later,)),) = _transcript(stack, client, f"check={person}")
    assert later == {"to": person, "isOptedOut": False, **DONE}


def test_it_finds_a_stop_by_text(stack: Served, client: Path) -> None:
    """All channels share one ledger, and a START by text ends an opt-out."""
    person = stack.person()
    stack.publish(person, "STOP")
    stack.drain()
    assert _transcript(stack, client, f"check={person}")[0][1][0]["isOptedOut"] is True
    stack.publish(person, "START")
    stack.drain()
    assert _transcript(stack, client, f"check={person}")[0][1][0]["isOptedOut"] is False


def test_a_wrong_key_is_unauthorized(stack: Served, client: Path) -> None:
    """The client understands the error's form."""
    ((_, error),) = _transcript(stack, client, f"add={stack.person()}", key="d3Jvbmc=")
    assert (error["name"], error["status"]) == ("RestError", 401)
    assert json.loads(error["body"]) == {"error": {"code": "Unauthorized", "message": ""}}
