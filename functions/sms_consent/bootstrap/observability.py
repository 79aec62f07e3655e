"""Logs and metrics of every function, on Powertools."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics

from sms_consent.adapters.clock import deadline
from sms_consent.bootstrap.settings import Problem, log_level
from sms_consent.domain.error_description import described
from sms_consent.domain.observation import COUNT, SECONDS, Measurement
from sms_consent.domain.operational_events import OperationalEvent, OperationalEventKind
from sms_consent.domain.phone_number import mask, mask_id
from sms_consent.domain.ports import Clock
from sms_consent.domain.reply import ReplyKind, ReplyState

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from sms_consent.replies import Unfit

__all__ = ["Metrics", "OperationalReporter", "invocation", "logger", "metrics", "report_failed_item"]


_COUNTED = {
    OperationalEventKind.DEFERRED: "OptInsDeferred",
    OperationalEventKind.REFUSED: "OptInsRefused",
    OperationalEventKind.POSTPONED: "ListCallsPostponed",
    OperationalEventKind.BUDGET_FAILED: "ReplyBudgetErrors",
}
_REPLIES = {
    ReplyState.SENT: "RepliesSent",
    ReplyState.SKIPPED: "RepliesSkipped",
    ReplyState.FAILED: "RepliesFailed",
    ReplyState.UNKNOWN: "RepliesUnknown",
}


class Metrics(EphemeralMetrics):
    """Powertools' metrics behind a lock, with ``service`` as the only dimension.

    InboundFunction counts from several threads. Powertools' metrics are not thread-safe, and print and empty themselves at 100
    values of one metric.
    """

    def __init__(self, service: str, namespace: str) -> None:
        super().__init__(service=service, namespace=namespace)
        self._lock = Lock()

    def add_metric(self, name: str, unit: Any, value: float, resolution: Any = 60) -> None:
        """Add one value."""
        with self._lock:
            super().add_metric(name, unit, value, resolution)

    def add_metrics(self, measurements: Iterable[Measurement]) -> None:
        """Add several values."""
        with self._lock:
            for name, unit, value in measurements:
                super().add_metric(name, unit, value)

    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:
        """Print the values added since the last flush as one line in CloudWatch's embedded metric format, if there are any."""
        with self._lock:
            if self.metric_set:
                super().flush_metrics(raise_on_empty_metrics)


@cache
def logger(service: str) -> Logger:
    """Return a function's logger: one JSON object a line, with UTC times."""
    return Logger(service=service, level=log_level(os.environ), datefmt="%Y-%m-%dT%H:%M:%S.%FZ", utc=True)


@cache
def metrics(service: str) -> Metrics:
    """Return a function's metrics."""
    return Metrics(service, os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "SmsConsent"))


@contextmanager
def invocation(service: str, context: LambdaContext, *, limits_calls: bool = False, **keys: Any) -> Iterator[None]:
    """Observe one invocation: its log lines contain its ids, and its metrics are printed at its end, also after an exception.

    The first invocation in a process counts as ``ColdStart``.

    Args:
        limits_calls: No call to AWS is started that could outlast the invocation (``Deadline``).
        keys: further ids for every log line, such as API Gateway's request id.
    """
    logger(service).append_keys(request_id=context.aws_request_id, **keys)
    _count_cold_start(service)
    if limits_calls:
        deadline.remaining_ms = context.get_remaining_time_in_millis
    try:
        yield
    finally:
        if limits_calls:
            deadline.remaining_ms = None
        metrics(service).flush_metrics()


def report_failed_item(service: str, error: Exception, **fields: Any) -> None:
    """Log and count an item that is skipped: the type of the error and where it was raised, without its message."""
    logger(service).error("an item was skipped", **fields, **described(error))
    metrics(service).add_metric("ItemsFailed", COUNT, 1)


@cache
def _count_cold_start(service: str) -> None:
    metrics(service).add_metric("ColdStart", COUNT, 1)


class OperationalReporter:
    """Reports operational events and settings problems of one function. Log lines hold masked numbers and message ids only."""

    def __init__(self, service: str, clock: Clock) -> None:
        self._logger = logger(service)
        self._metrics = metrics(service)
        self._clock = clock

    def problem(self, problem: Problem, *, counted: bool = True) -> None:
        """Log a setting that cannot be used, and count it."""
        self._logger.error(
            "a setting cannot be used", setting=problem.setting, problem=problem.message, fix=problem.fix
        )
        if counted:
            self._metrics.add_metric("SettingsProblems", COUNT, 1)

    def unfit(self, unfit: Unfit) -> None:
        """Log and count a reply that is not sent as configured: its kind, language, length and limit."""
        self._logger.error(
            "a reply does not fit",
            setting=unfit.setting,
            reply=unfit.kind,
            language=unfit.language,
            problem=unfit.reason,
            sent="without the brand" if unfit.without_brand else "not at all",
        )
        self._metrics.add_metric("SettingsProblems", COUNT, 1)

    def __call__(self, events: Sequence[OperationalEvent]) -> None:
        """Log the events of one write, and count them."""
        masked = [
            (
                mask(event.number) if event.number is not None else None,
                mask_id(event.decision_id)
                if event.decision_id is not None
                else None,  # perhaps of another channel's decision
            )
            for event in events
        ]
        now = self._clock.now()
        counted: list[Measurement] = []
        for event, (number, message_id) in zip(events, masked, strict=True):
            seconds = round((now - event.since).total_seconds(), 3) if event.since is not None else None
            fields: dict[str, Any] = {
                "inbound_message_id": message_id,
                "number": number,
                "list": event.list_name,
                "seconds": seconds,
                "reply": event.reply,
                "state": event.state,
                "reason": event.reason,
                "attempts": event.attempts or None,
            }
            self._logger.info(event.kind.value, **{name: value for name, value in fields.items() if value is not None})
            if event.state is ReplyState.FAILED and (event.reason or "").startswith("AccessDenied"):
                self._logger.error("a reply was denied", list=event.list_name, reply=event.reply, reason=event.reason)
            counted += _measurements(event, seconds)
        self._metrics.add_metrics(counted)


def _measurements(event: OperationalEvent, seconds: float | None) -> Iterator[Measurement]:
    if event.kind in _COUNTED:
        yield _COUNTED[event.kind], COUNT, 1
    if event.kind is OperationalEventKind.LISTED and seconds is not None and not event.imported:
        yield "TimeToList", SECONDS, seconds
    if event.state is not None:
        yield _REPLIES[event.state], COUNT, 1
    if event.state is ReplyState.FAILED and (event.reason or "").startswith("AccessDenied"):
        yield "SettingsProblems", COUNT, 1
    if event.state is ReplyState.SKIPPED:
        from sms_consent.sync.reply_sender import BUDGET_REASONS, ENOUGH  # not loaded by functions that send no replies

        if event.reason == ENOUGH:
            yield "RepliesOverPersonalLimit", COUNT, 1
        if event.reason in BUDGET_REASONS:
            yield "RepliesOverBudget", COUNT, 1
    if event.state is ReplyState.SENT and event.reply is ReplyKind.OPT_OUT_CONFIRMATION and seconds is not None:
        yield "ConfirmationTime", SECONDS, seconds
