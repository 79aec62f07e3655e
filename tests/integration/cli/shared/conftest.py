"""Commands run in this process, so that each costs milliseconds; one stack a module for those that read one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from integration.local.served import Served, served
from typer.testing import CliRunner

from sms_consent_cli.main import app

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """As in the tests of the local stack."""
    with served() as running:
        yield running


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in a shell without AWS settings; what it wrote and its exit code."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "LEDGER_TABLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str, stdin: str | bytes | None = None, **environment: str) -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, env=environment)

    return run
