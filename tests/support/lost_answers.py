"""Calls to AWS that take effect, and whose answers are lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ReadTimeoutError

from sms_consent.adapters import clients

__all__ = ["after_effect", "hooked", "timed_out", "written_twice"]


@contextmanager
def hooked(client: Any, event: str, hook: Callable[..., Any]) -> Iterator[None]:
    """Have an event of a client call a function first."""
    client.meta.events.register_first(event, hook)
    try:
        yield
    finally:
        client.meta.events.unregister(event, hook)


@contextmanager
def after_effect(operation: str, error: BaseException) -> Iterator[None]:
    """Raise an error once, after a call to AWS End User Messaging SMS took effect."""
    left = [error]

    def hook(**_: Any) -> None:
        if left:
            raise left.pop()

    with hooked(clients.sms_voice(), f"after-call.pinpoint-sms-voice-v2.{operation}", hook):
        yield


@contextmanager
def written_twice() -> Iterator[None]:
    """Have the DynamoDB client send each PutItem a second time, as it does after a read time-out."""

    def hook(attempts: int, **_: Any) -> int | None:
        return 0 if attempts == 1 else None  # seconds to wait before the next attempt

    with hooked(clients.dynamodb(), "needs-retry.dynamodb.PutItem", hook):
        yield


def timed_out() -> ReadTimeoutError:
    """Return what the client raises if no answer comes in time."""
    return ReadTimeoutError(endpoint_url="https://aws.example")
