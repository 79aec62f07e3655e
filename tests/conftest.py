"""What holds for every test: a function that calls AWS without permission by template.yaml fails where it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.policies import enforced


@pytest.fixture(autouse=True, scope="session")
def policies() -> Iterator[None]:
    """Least privilege, over the whole suite."""
    with enforced():
        yield
