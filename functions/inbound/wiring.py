"""What InboundFunction is made of, put together once, at its first event."""

from __future__ import annotations

import os
from functools import cache

from inbound.batch import Batch
from inbound.together import SideBySide
from sms_consent.aws import clients
from sms_consent.aws.assembly import assemble
from sms_consent.aws.dead_letters import DeadLetters
from sms_consent.aws.reporting import Log, Metrics
from sms_consent.fact_report import Reporter
from sms_consent.settings import Settings, SettingsError

__all__ = ["batch", "logger", "metrics"]

AT_ONCE = clients.CONNECTIONS
"""People whose texts are worked on at once: each needs one connection at a time."""


@cache
def logger() -> Log:
    """Structured logs."""
    return Log("inbound", os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))


@cache
def metrics() -> Metrics:
    """Metrics in the logs."""
    return Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "SmsConsent"), service="inbound")


@cache
def batch() -> Batch:
    """Raises SettingsError or UnfitReply when the deployment's settings cannot work."""
    settings = Settings.from_environment(os.environ)
    if settings.dead_letter_queue_url is None:
        raise SettingsError("DEAD_LETTER_QUEUE_URL is missing")
    return Batch(
        inbound=assemble(settings, paced=False, observe=Reporter(logger(), metrics())).inbound(),
        dead_letters=DeadLetters(clients.queues, settings.dead_letter_queue_url),
        logger=logger(),
        metrics=metrics(),
        together=SideBySide(AT_ONCE),
    )
