"""Fixtures: `doctor --deep`, with a deployment on AWS in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.connectable import Connectable, connectable
from support.deep_account import DeepAccount, deep_account


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeepAccount]:
    """A healthy one."""
    with deep_account(monkeypatch) as made:
        yield made


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """A stack whose functions run."""
    with connectable(monkeypatch) as made:
        yield made
