"""When Python need not look for garbage: a cold start makes hundreds of thousands of objects, and keeps them all."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["uncollected"]


@contextmanager
def uncollected(what: str) -> Iterator[None]:
    """What is made here is for good: looking through it again and again would take a tenth of the cold start.

    Where the collector is off already, whoever switched it off decides.
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
    """Out of the collector's sight; once a process, so that no garbage of later times is kept with it."""
    gc.freeze()
