"""What InboundFunction is made of, put together once, at its first event."""

from __future__ import annotations

import os
from functools import cache

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.adapters.sqs.inbound_queue import InboundQueue
from sms_consent.bootstrap.container import assemble
from sms_consent.bootstrap.event_report import OperationalReporter
from sms_consent.bootstrap.observability import logger, metrics
from sms_consent.bootstrap.setting_problems import problems_of
from sms_consent.bootstrap.settings import Problem, Settings
from sms_consent.inbound.batch import Batch, Texts
from sms_consent.inbound.concurrency import Runner, ThreadedRunner, run_in_sequence
from sms_consent.inbound.message import InboundMessage
from sms_consent.inbound.processor import ClassifiedMessage, InboundResult
from sms_consent.sync.reply_limits import FREE

__all__ = [
    "batch",
    "batch_that_fails",
    "deadline",
]

deadline = clients.deadline

_NO_DEAD_LETTER_QUEUE = Problem(
    "DEAD_LETTER_QUEUE_URL",
    "is missing; a record that cannot be read stays in the queue",
    "Set the function's environment as template.yaml has it.",
)

AT_ONCE = clients.CONNECTIONS
"""People whose texts are worked on at once: each needs one connection at a time."""


@cache
def batch() -> Batch:
    """Raises SettingsError if nothing can be recorded. Every other problem is logged and counted."""
    settings = Settings.from_environment(os.environ)
    reporter = OperationalReporter(logger("inbound"), metrics("inbound"))
    parts = assemble(
        settings, paced=False, observe=reporter, warn=reporter.unfit, looks_further=False, free_replies=FREE
    )
    inbound = parts.inbound()
    for problem in problems_of(settings, parts.replies, inbound.rules):
        reporter.problem(problem)
    if settings.dead_letter_queue_url is None:
        reporter.problem(_NO_DEAD_LETTER_QUEUE)
    return _batch(inbound, together=ThreadedRunner(AT_ONCE))


def batch_that_fails(error: Exception) -> Batch:
    """A batch in which every readable text fails with one error: unreadable and very old records are still moved."""
    return _batch(_Unusable(error), together=run_in_sequence)


class _Unusable:
    """Stands in for ``Inbound`` while the settings cannot be used."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def classify(self, _: InboundMessage) -> ClassifiedMessage:
        """Raise the error."""
        raise self._error

    def apply(self, _: ClassifiedMessage) -> InboundResult:
        """Raise the error."""
        raise self._error


def _batch(inbound: Texts, together: Runner) -> Batch:
    queue_url = os.environ.get("INBOUND_QUEUE_URL")
    return Batch(
        inbound=inbound,
        dead_letters=DeadLetters(clients.queues, os.environ.get("DEAD_LETTER_QUEUE_URL") or None),
        queue=InboundQueue(clients.queues, queue_url) if queue_url else None,
        clock=SystemClock(),
        logger=logger("inbound"),
        metrics=metrics("inbound"),
        has_time=lambda: deadline.allows(clients.RECORDING),
        together=together,
    )
