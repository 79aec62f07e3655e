"""Garbage collection during a cold start, which creates hundreds of thousands of objects and keeps them all."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["uncollected"]


@contextmanager
def uncollected(what: str) -> Iterator[None]:
    """Create objects that live as long as the process, with the garbage collector off: it would take a tenth of the cold
    start.

    If the collector was off before, it stays off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _keep(what)
        gc.enable()


@cache
def _keep(_what: str) -> None:
    """Exclude the existing objects from collection. Runs once per caller and process, so that later garbage is not
    excluded."""
    gc.freeze()
