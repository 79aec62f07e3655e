"""What is known of a person, beside what takes it away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.connectable import Connectable, connectable
from support.notify_function import Notify, notify_function


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """A deployment as the commands find it."""
    with connectable(monkeypatch) as made:
        yield made


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """The function that tells others, and what it reads."""
    with notify_function(monkeypatch) as made:
        yield made
