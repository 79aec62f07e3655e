"""One served stack per module: it takes seconds to start, and each test uses its own numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from integration.local.served import Served, served


@pytest.fixture(scope="module")
def stack() -> Iterator[Served]:
    """Served in a shell that would lead a careless process to a real account."""
    with served(AWS_PROFILE="production", AWS_REGION="eu-west-1", AWS_ENDPOINT_URL="http://127.0.0.1:9") as running:
        yield running
