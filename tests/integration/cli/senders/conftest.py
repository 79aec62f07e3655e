"""Fixtures: the `senders` command, with a ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.changing_lists import Changing, changing_lists
from support.configured import Configured, configured


@pytest.fixture
def undeployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """An account without a stack."""
    with configured(monkeypatch, "senders") as made:
        yield made


@pytest.fixture
def senders(undeployed: Configured) -> Configured:
    """A deployment whose own list is the account's default one."""
    undeployed.deploy()
    return undeployed


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Changing]:
    """The same deployment, with all of its functions."""
    with changing_lists(monkeypatch) as made:
        yield made
