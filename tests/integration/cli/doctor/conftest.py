"""Fixtures: the `doctor` command, with a deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.configured import Configured, configured


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """An account without a stack."""
    with configured(monkeypatch, "doctor") as made:
        yield made
