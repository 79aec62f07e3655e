"""Fixtures: the `import` command, with a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.moving import Moving, moving


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Moving]:
    """A deployment whose own list is the account's default one."""
    with moving(monkeypatch, "import", tmp_path) as made:
        yield made
