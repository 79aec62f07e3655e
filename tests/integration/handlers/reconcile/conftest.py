"""ReconcileFunction beside the function that hears texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.inbound_function import Inbound, inbound_function
from support.reconcile_function import Reconcile, reconcile_beside


@pytest.fixture
def inbound(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbound]:
    """The function at its first event."""
    with inbound_function(monkeypatch) as made:
        yield made


@pytest.fixture
def reconcile(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reconcile]:
    """The function at its first turn."""
    with reconcile_beside(inbound.world, monkeypatch) as made:
        yield made
