"""The API behind its real handlers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.api_function import Api, api_function


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API at its first request."""
    with api_function(monkeypatch) as made:
        yield made
