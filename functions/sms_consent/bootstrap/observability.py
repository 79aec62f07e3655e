"""Logs, metrics and what frames an invocation: one module for every function, on Powertools."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics

from sms_consent.bootstrap.settings import log_level
from sms_consent.domain.error_description import described
from sms_consent.domain.observation import COUNT

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["Metrics", "invocation", "logger", "metrics", "report_failed_item"]


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
def invocation(service: str, context: LambdaContext, **keys: Any) -> Iterator[None]:
    """Frame one invocation: its log lines have its ids, and its metrics are printed at its end, after an exception too.

    The first invocation in a process counts as ``ColdStart``.

    Args:
        keys: further ids for every log line, such as API Gateway's request id.
    """
    logger(service).append_keys(request_id=context.aws_request_id, **keys)
    _count_cold_start(service)
    try:
        yield
    finally:
        metrics(service).flush_metrics()


def report_failed_item(service: str, error: Exception, **fields: Any) -> None:
    """Log and count an item that is skipped: the kind of error and where it was raised, without its message."""
    logger(service).error("an item was skipped", **fields, **described(error))
    metrics(service).add_metric("ItemsFailed", COUNT, 1)


@cache
def _count_cold_start(service: str) -> None:
    metrics(service).add_metric("ColdStart", COUNT, 1)
