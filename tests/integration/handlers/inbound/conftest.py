"""InboundFunction behind its real handler."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.inbound_function import Inbound, inbound_function


@pytest.fixture
def inbound(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbound]:
    """The function at its first event."""
    with inbound_function(monkeypatch) as made:
        yield made
