"""Garbage collection during a cold start, which creates hundreds of thousands of objects and keeps them all."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["uncollected"]


@contextmanager
def uncollected(what: str) -> Iterator[None]:
    """Create objects that live as long as the process, with the garbage collector off: it would take a tenth of the cold start.

    A collector that is off already stays off.
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
    """Exclude existing objects from collection; once a process for each caller, so that no later garbage is excluded."""
    gc.freeze()
