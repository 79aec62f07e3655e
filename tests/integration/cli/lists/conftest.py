"""Fixtures: the `lists` command, with an account's lists and a ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.configured import Configured, configured


@pytest.fixture
def undeployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """An account without a stack."""
    with configured(monkeypatch, "lists") as made:
        yield made


@pytest.fixture
def lists(undeployed: Configured) -> Configured:
    """A deployment whose own list is the account's default one."""
    undeployed.deploy()
    return undeployed
