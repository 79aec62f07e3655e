"""NotifyFunction behind its real handler, beside the function that hears texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.notify_function import Notify, notify_function


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """The function at its first batch."""
    with notify_function(monkeypatch) as made:
        yield made
