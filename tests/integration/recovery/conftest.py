"""A stack that is deleted, restored and created again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.recovery import Recovery, recovery_in


@pytest.fixture
def recovery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recovery]:
    """An empty account."""
    with recovery_in(monkeypatch) as made:
        yield made
