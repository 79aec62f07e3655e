"""Concurrent with texts, sweeps and faults, reconcile keeps every property of the simulation, and finds no drift."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from simulation.reconciling import reconciled

pytestmark = pytest.mark.slow

AT_ONCE = 60


@pytest.fixture(autouse=True)
def small_sketch() -> Iterator[None]:
    """Eight megabytes are for millions."""
    with patch("sms_consent.reconciliation.bloom_snapshot.BITS", 1 << 14):
        yield


@pytest.mark.parametrize("chunk", range(3))
def test_reconcile_beside_everything_else_breaks_no_property_and_finds_no_drift(chunk: int) -> None:
    """Nobody but sync changes a list here: whatever looked like a difference would be work under way."""
    runs = sum(reconciled(seed) for seed in range(chunk * AT_ONCE, (chunk + 1) * AT_ONCE))
    assert runs > AT_ONCE
