"""InboundFunction and SweepFunction behind their real handlers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.inbound_function import Inbound, inbound_function
from support.world import World, deployed


@pytest.fixture
def inbound(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbound]:
    """The function at its first event, in a fresh deployment."""
    with inbound_function(monkeypatch) as made:
        yield made


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh deployment without functions around its parts."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with deployed() as made:
        yield made
