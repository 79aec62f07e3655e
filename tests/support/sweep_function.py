"""SweepFunction behind its real handler, in the deployment of another, with waiting that takes no time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from handlers.sweep import container, handler
from sms_consent.adapters.clock import SystemClock
from support.lambda_context import Context
from support.world import World

__all__ = ["sweep"]


def sweep(world: World, event: dict[str, Any] | None = None) -> dict[str, Any]:
    """One run, at its cold start."""
    container.cache_clear()
    shift = world.time.shift
    with patch.object(SystemClock, "sleep", lambda _, seconds: shift(timedelta(seconds=seconds))):
        done = handler(event or {}, Context(milliseconds=60_000))  # type: ignore[arg-type]  # the members that the handler uses
    container.cache_clear()
    return done
