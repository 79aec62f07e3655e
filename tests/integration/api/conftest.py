"""Fixtures of the API's tests: ApiFunction's handler behind the local gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.api_function import Api, api_function


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Return the API before its first request."""
    with api_function(monkeypatch) as made:
        yield made
