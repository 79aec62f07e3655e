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
from sms_consent.setting_problems import problems_of
from sms_consent.settings import Problem, Settings, log_level

__all__ = ["batch", "logger", "metrics"]

_NO_DEAD_LETTER_QUEUE = Problem(
    "DEAD_LETTER_QUEUE_URL",
    "is missing; a record that cannot be read stays in the queue",
    "Set the function's environment as template.yaml has it.",
)

AT_ONCE = clients.CONNECTIONS
"""People whose texts are worked on at once: each needs one connection at a time."""


@cache
def logger() -> Log:
    """Structured logs."""
    return Log("inbound", log_level(os.environ))


@cache
def metrics() -> Metrics:
    """Metrics in the logs."""
    return Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "SmsConsent"), service="inbound")


@cache
def batch() -> Batch:
    """Raises SettingsError if nothing can be recorded. Every other problem is logged and counted."""
    settings = Settings.from_environment(os.environ)
    reporter = Reporter(logger(), metrics())
    parts = assemble(settings, paced=False, observe=reporter, warn=reporter.unfit)
    inbound = parts.inbound()
    for problem in problems_of(settings, parts.replies, inbound.reader):
        reporter.problem(problem)
    if settings.dead_letter_queue_url is None:
        reporter.problem(_NO_DEAD_LETTER_QUEUE)
    return Batch(
        inbound=inbound,
        dead_letters=DeadLetters(clients.queues, settings.dead_letter_queue_url),
        logger=logger(),
        metrics=metrics(),
        together=SideBySide(AT_ONCE),
    )
