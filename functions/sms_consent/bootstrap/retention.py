"""What RetentionFunction is made of, put together once, at its first run."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache

from aws_lambda_powertools.metrics import MetricUnit

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.message_bodies import DynamoMessageBodies
from sms_consent.bootstrap.observability import logger, metrics
from sms_consent.bootstrap.settings import SettingsError
from sms_consent.domain.error_description import described
from sms_consent.retention.body_retention import Retention

__all__ = ["clock", "retention"]


@cache
def clock() -> SystemClock:
    """The time."""
    return SystemClock()


@cache
def retention() -> Retention:
    """Raises SettingsError when the deployment's settings cannot work. Without a number of days, nothing may be taken out."""
    table, days = os.environ.get("LEDGER_TABLE", ""), os.environ.get("BODY_RETENTION_DAYS", "")
    if not table:
        raise SettingsError("LEDGER_TABLE is missing")
    if not (days.isascii() and days.isdecimal() and int(days) > 0):
        raise SettingsError("BODY_RETENTION_DAYS must be a whole number of days, from 1 on")
    return Retention(DynamoMessageBodies(clients.dynamodb(), table), clock(), timedelta(days=int(days)), _failed)


def _failed(error: Exception) -> None:
    logger("retention").error("an item was skipped", **described(error))
    metrics("retention").add_metric("ItemsFailed", MetricUnit.Count, 1)
