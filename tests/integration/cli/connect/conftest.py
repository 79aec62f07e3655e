"""Fixtures: `connect`, with a stack that processes texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.connectable import Connectable, connectable


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """A number whose STOPs AWS handles."""
    with connectable(monkeypatch) as made:
        yield made
