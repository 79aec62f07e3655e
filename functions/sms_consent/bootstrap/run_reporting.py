"""Logs and metrics of scheduled functions. Log lines contain neither full numbers nor messages of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_consent.bootstrap.observability import logger, metrics, report_failed_item
from sms_consent.domain.consent import Consent, Drift, DriftKind, Due
from sms_consent.domain.observation import COUNT
from sms_consent.domain.phone_number import mask
from sms_consent.reconciliation.progress import Counts
from sms_consent.reconciliation.reconciler import Observer, Reconciled, State
from sms_consent.sync.sweep import SweepObserver

__all__ = ["ReconcileReporter", "SweepReporter", "count_by_kind", "report_reconciled"]


class SweepReporter(SweepObserver):
    """Reports items that sweep skipped, and numbers that AWS rejects permanently."""

    def failed(self, kind: Due, error: Exception) -> None:
        """Log the type of the error and where it was raised."""
        report_failed_item("sweep", error, kind=kind.value)

    def rejected(self, consent: Consent) -> None:
        """Log why AWS rejects the number."""
        logger("sweep").error(
            "AWS rejects a number permanently",
            number=mask(consent.number),
            list=consent.list_name,
            reason=consent.rejection,
            attempts=consent.attempts,
        )
        metrics("sweep").add_metric("NumbersRejected", COUNT, 1)


def count_by_kind(prefix: str, counts: Mapping[Due, int]) -> dict[str, int]:
    """Add a metric of SweepFunction for each kind of due work, such as ``SweptOptOut`` for the prefix ``Swept``.

    Return the counts that are not zero.
    """
    for kind, count in counts.items():
        metrics("sweep").add_metric(f"{prefix}{kind.title().replace('_', '')}", COUNT, count)
    return {kind: count for kind, count in counts.items() if count}


class ReconcileReporter(Observer):
    """Reports drift, items that reconcile skipped, and how much was read."""

    def found(self, drift: Drift) -> None:
        """Log an opted-out number that is missing from the list."""
        if drift.kind is DriftKind.NOT_LISTED:
            logger("reconcile").warning(
                "opted out, and not on the list", number=mask(drift.number), opt_out_list=drift.list_name
            )

    def failed(self, error: Exception) -> None:
        """Log the type of the error and where it was raised."""
        report_failed_item("reconcile", error)

    def counted(self, counts: Counts) -> None:
        """Add to the metrics what was read and what differs since the last call."""
        counted = metrics("reconcile")
        for kind, count in counts.drifts.items():
            counted.add_metric(f"Drift{kind.title().replace('_', '')}", COUNT, count)
        counted.add_metric("NumbersReconciled", COUNT, counts.listed + counts.consents)
        counted.add_metric("ListPagesRead", COUNT, counts.pages)
        counted.flush_metrics()  # a long run reports as it goes


def report_reconciled(done: Reconciled) -> dict[str, Any]:
    """Log how an invocation ended, and return the same as the response of ReconcileFunction."""
    counts = done.run.counts
    found = {kind.value: count for kind, count in counts.drifts.items()}
    if done.state in (State.LEFT, State.FINISHED):
        logger("reconcile").info("reconciled", state=done.state, pages=counts.pages, listed=counts.listed, found=found)
    if done.state is State.FINISHED and done.run.unread:
        logger("reconcile").error("lists that the service does not show", opt_out_lists=list(done.run.unread))
    return {"state": done.state.value, "listed": counts.listed, "found": found}
