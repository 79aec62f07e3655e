"""Files of numbers, and the commands that move them in and out of a deployment."""

from __future__ import annotations

import csv
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sms_consent.adapters import clients
from sms_consent.domain.consent import Consent
from sms_consent_cli.shared.deployment import Deployment
from support.configured import Configured, configured
from support.world import LIST

__all__ = ["HEADER", "Moving", "files_of_at_most", "moving"]

HEADER = "number,opted_out_at\n"


@dataclass
class Moving:
    """One of the commands, a folder, and the deployment."""

    configured: Configured
    folder: Path

    def file(self, content: str | bytes, name: str = "opt-outs.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *arguments: str | Path) -> Result:
        return self.configured.run(*map(str, arguments))

    def done(self, content: str | bytes, *arguments: str | Path) -> Result:
        """Import a file of which every line is taken."""
        result = self.run(self.file(content), *arguments)
        assert result.exit_code == 0, result.output
        return result

    def rejects(self, name: str = "opt-outs.rejects.csv") -> list[dict[str, str]]:
        with (self.folder / name).open(newline="") as file:
            return list(csv.DictReader(file))

    def consent(self, number: str, list_name: str = LIST) -> Consent | None:
        return self.configured.world.parts.ledger.consent(number, list_name)

    def opted_out(self) -> list[str]:
        """Whom the ledger has as opted out."""
        found = [item for item in self.configured.written() if item.get("status", {}).get("S") == "OPTED_OUT"]
        return sorted(item["pk"]["S"] for item in found)

    def listed(self) -> set[str]:
        numbers = self.configured.world.aws.describe_opted_out_numbers(OptOutListName=LIST)["OptedOutNumbers"]
        return {each["OptedOutNumber"] for each in numbers}


@contextmanager
def moving(monkeypatch: pytest.MonkeyPatch, command: str, folder: Path) -> Iterator[Moving]:
    """A deployment whose own list is the account's default one."""
    monkeypatch.setattr(Deployment, "dynamodb_for", _client)
    with configured(monkeypatch, command) as made:
        made.deploy()
        yield Moving(made, folder)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the operating system refuse to write more than so many bytes to a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _client(_: Deployment, workers: int) -> Any:
    assert workers
    return clients.dynamodb()
