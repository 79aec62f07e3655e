"""Fixtures: the `export` command, with a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.moving import Moving, moving


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Moving]:
    """A deployment whose own list is the account's default one."""
    with moving(monkeypatch, "export", tmp_path) as made:
        yield made
