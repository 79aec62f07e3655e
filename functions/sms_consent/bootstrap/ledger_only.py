"""Builds the objects of NotifyFunction and RetentionFunction, which use the ledger only.

They are not in ``container``, whose imports would be most of their cold start.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache, partial

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.message_bodies import DynamoMessageBodies
from sms_consent.adapters.dynamodb.stream_records import envelope_of
from sms_consent.adapters.eventbridge import EventBridgeBus
from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.bootstrap.observability import logger, metrics, report_failed_item
from sms_consent.bootstrap.settings import SettingsError
from sms_consent.publishing.batch import Batch
from sms_consent.publishing.event_publisher import EventPublisher
from sms_consent.retention.body_retention import Retention

__all__ = ["clock", "event_batch", "retention"]

clock = SystemClock()


@cache
def event_batch() -> Batch:
    """Return the publisher of ledger changes. Raises SettingsError if a setting is missing; the stream then waits."""
    bus, queue_url = _required("EVENT_BUS_NAME", "DEAD_LETTER_QUEUE_URL")
    return Batch(
        read=envelope_of,
        publisher=EventPublisher(EventBridgeBus(clients.events(), bus), clock),
        dead_letters=DeadLetters(clients.queues, queue_url),
        logger=logger("notify"),
        metrics=metrics("notify"),
    )


@cache
def retention() -> Retention:
    """Return the service that deletes old texts. Raises SettingsError if no number of days is set, since nothing may be
    deleted then."""
    (table,) = _required("LEDGER_TABLE")
    days = os.environ.get("BODY_RETENTION_DAYS", "")
    if not (days.isascii() and days.isdecimal() and int(days) > 0):
        raise SettingsError("BODY_RETENTION_DAYS must be a whole number of days, from 1 on")
    bodies = DynamoMessageBodies(clients.dynamodb(), table)
    return Retention(bodies, clock, timedelta(days=int(days)), partial(report_failed_item, "retention"))


def _required(*names: str) -> list[str]:
    """Return environment variables. Raises SettingsError if one is missing or empty."""
    values = [os.environ.get(name, "") for name in names]
    if missing := [name for name, value in zip(names, values, strict=True) if not value]:
        raise SettingsError("; ".join(f"{name} is missing" for name in missing))
    return values
