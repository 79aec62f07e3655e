"""What SweepFunction logs and counts of single items: never a number as it is, nor an error's message."""

from __future__ import annotations

from sms_consent.domain.consent import Consent, Due
from sms_consent.domain.error_description import described
from sms_consent.domain.observation import COUNT, Logger, Metrics
from sms_consent.domain.phone_number import mask
from sms_consent.sync.sweep import SweepObserver

__all__ = ["Report"]


class Report(SweepObserver):
    """Writes to the function's log and metrics."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics

    def failed(self, kind: Due, error: Exception) -> None:
        """Log the kind of error and where it was raised."""
        self._logger.error("an item was skipped", kind=kind.value, **described(error))
        self._metrics.add_metric("ItemsFailed", COUNT, 1)

    def rejected(self, consent: Consent) -> None:
        """Log the reason."""
        self._logger.error(
            "AWS rejects a number permanently",
            number=mask(consent.number),
            list=consent.list_name,
            reason=consent.rejection,
            attempts=consent.attempts,
        )
        self._metrics.add_metric("NumbersRejected", COUNT, 1)
