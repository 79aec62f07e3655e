"""The `ledger` command beside tables that no stack has created."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session
from support.configured import Configured, configured

from sms_consent_cli.shared.deployment import Deployment


@cache
def _client(service: str) -> Any:
    return get_session().create_client(service)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """An account with a ledger in the table ``ledger``, without stream, recovery, protection, time to live and key."""
    with configured(monkeypatch, "ledger") as made:
        monkeypatch.setattr(Deployment, "client", lambda _, service: _client(service))
        yield made


@pytest.fixture
def key(ledger: Configured) -> str:
    """The ARN of a key of the account."""
    return str(_client("kms").create_key()["KeyMetadata"]["Arn"])
