"""What holds for every test: no function calls AWS without permission by template.yaml, logs a number or quotes a text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.discretion import OFFENCES, watched
from support.metrics import all_shown
from support.policies import enforced


@pytest.fixture(autouse=True, scope="session")
def policies() -> Iterator[None]:
    """Least privilege, over the whole suite."""
    with enforced():
        yield


@pytest.fixture(autouse=True, scope="session")
def watch() -> Iterator[None]:
    """Logs and metrics are looked at, over the whole suite."""
    with watched():
        yield


@pytest.fixture(autouse=True)
def discretion(watch: None) -> Iterator[None]:
    """A test in which a function says too much fails."""
    OFFENCES.clear()
    yield
    assert not OFFENCES, OFFENCES[:3]


@pytest.fixture(autouse=True, scope="session")
def metrics() -> Iterator[None]:
    """Nothing is emitted that the dashboard does not show."""
    with all_shown():
        yield
