"""What holds for every test: no function calls AWS without permission by template.yaml, logs a number or quotes a text."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from support.discretion import OFFENCES, watched
from support.metrics import all_shown
from support.policies import enforced

# A busy machine misses a deadline of 200 ms, and takes longer to generate examples.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking moto, botocore and the collected tests again and again: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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
