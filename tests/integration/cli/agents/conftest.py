"""Fixtures: the commands of a support agent, with a stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.connectable import Connectable, connectable


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """A deployment as the commands find it."""
    with connectable(monkeypatch) as made:
        yield made
