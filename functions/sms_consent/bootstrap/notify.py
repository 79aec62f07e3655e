"""What NotifyFunction is made of, put together once, at its first batch."""

from __future__ import annotations

import os
from functools import cache

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.stream_records import envelope_of
from sms_consent.adapters.eventbridge import EventBridgeBus
from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.bootstrap.observability import logger, metrics
from sms_consent.bootstrap.settings import SettingsError
from sms_consent.publishing.batch import Batch
from sms_consent.publishing.event_publisher import EventPublisher

__all__ = [
    "batch",
    "clock",
]


@cache
def clock() -> SystemClock:
    """The time."""
    return SystemClock()


@cache
def batch() -> Batch:
    """Raises SettingsError when the deployment's settings cannot work: then the stream waits."""
    settings = {name: os.environ.get(name, "") for name in ("EVENT_BUS_NAME", "DEAD_LETTER_QUEUE_URL")}
    if missing := [name for name, value in settings.items() if not value]:
        raise SettingsError("; ".join(f"{name} is missing" for name in missing))
    return Batch(
        read=envelope_of,
        announcer=EventPublisher(EventBridgeBus(clients.events(), settings["EVENT_BUS_NAME"]), clock()),
        dead_letters=DeadLetters(clients.queues, settings["DEAD_LETTER_QUEUE_URL"]),
        logger=logger("notify"),
        metrics=metrics("notify"),
    )
