"""`connect` beside a stack that hears texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.connectable import Connectable, connectable


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """A number that AWS looks after."""
    with connectable(monkeypatch) as made:
        yield made
