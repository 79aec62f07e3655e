"""What SweepFunction is made of, put together once, at its first run."""

from __future__ import annotations

import os
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics

from sms_consent.aws import clients
from sms_consent.aws.assembly import Parts, assemble
from sms_consent.aws.due_count import due_by_kind
from sms_consent.consent import Due
from sms_consent.fact_report import Reporter
from sms_consent.settings import Settings

__all__ = ["due", "logger", "metrics", "parts"]


@cache
def logger() -> Logger:
    """Structured logs."""
    return Logger(service="sweep")


@cache
def metrics() -> Metrics:
    """Metrics in the logs."""
    return Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "SmsConsent"), service="sweep")


@cache
def parts() -> Parts:
    """Raises SettingsError or UnfitReply when the deployment's settings cannot work."""
    observe = Reporter(logger(), metrics())
    return assemble(Settings.from_environment(os.environ), paced=True, observe=observe)


def due() -> dict[Due, int]:
    """What is left, by kind. Raises TryAgain or Rejected."""
    made = parts()
    return due_by_kind(clients.dynamodb(), made.settings.table, made.clock.now())
