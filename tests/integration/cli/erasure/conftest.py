"""Fixtures: what is stored about a person, and what deletes it."""

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
    """The function that publishes events, and its stream."""
    with notify_function(monkeypatch) as made:
        yield made
