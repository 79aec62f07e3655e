"""ReconcileFunction: once a day, and as long as that takes, whether the lists are what the ledger says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.bootstrap.reconcile import carries, reconciler
from sms_consent.domain.consent import Drift, DriftKind
from sms_consent.domain.error_description import described
from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.phone_number import mask
from sms_consent.reconciliation.progress import Counts
from sms_consent.reconciliation.reconciler import Observer, Reconciled, State

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handler"]

MARGIN = timedelta(seconds=30)
"""What is left of the function's time for the page under way, its writes, and the checkpoint."""


class _Reporter(Observer):
    def found(self, drift: Drift) -> None:
        if drift.kind is DriftKind.NOT_LISTED:
            logger("reconcile").warning(
                "opted out, and not on the list", number=mask(drift.number), opt_out_list=drift.list_name
            )

    def failed(self, error: Exception) -> None:
        logger("reconcile").error("an item was skipped", **described(error))
        metrics("reconcile").add_metric("ItemsFailed", MetricUnit.Count, 1)

    def counted(self, counts: Counts) -> None:
        for kind, count in counts.drifts.items():
            metrics("reconcile").add_metric(f"Drift{kind.title().replace('_', '')}", MetricUnit.Count, count)
        metrics("reconcile").add_metric("NumbersReconciled", MetricUnit.Count, counts.listed + counts.consents)
        metrics("reconcile").add_metric("ListPagesRead", MetricUnit.Count, counts.pages)
        metrics("reconcile").flush_metrics()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  a schedule says nothing
    """Begin the day's run, go on with the one that is open, or see at once that there is nothing to do."""
    clock = reconciler().clock
    until = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
    with invocation("reconcile", context):
        _carry(until)
        done = reconciler().run(until, observer=_Reporter())
        metrics("reconcile").add_metric("ReconcileAge", MetricUnit.Seconds, done.run.age(clock.now()).total_seconds())
        metrics("reconcile").add_metric("ListsUnread", MetricUnit.Count, len(done.run.unread))
        return _reported(done)


def _carry(until: datetime) -> None:
    """Copy opt-outs between lists that changed; a failure is tried again at the next turn."""
    try:
        left = carries().run(until)
    except (TryAgain, Rejected) as error:
        logger("reconcile").error("opt-outs of a list that changed are not copied yet", error=type(error).__name__)
        return
    for carry in left:
        logger("reconcile").warning("opt-outs are copied to another list", source=carry.source, target=carry.target)
    if left:
        metrics("reconcile").add_metric("ListsToCarry", MetricUnit.Count, len(left))


def _reported(done: Reconciled) -> dict[str, Any]:
    counts = done.run.counts
    found = {kind.value: count for kind, count in counts.drifts.items()}
    if done.state in (State.LEFT, State.FINISHED):
        logger("reconcile").info("reconciled", state=done.state, pages=counts.pages, listed=counts.listed, found=found)
    if done.state is State.FINISHED and done.run.unread:
        logger("reconcile").error("lists that the service does not show", opt_out_lists=list(done.run.unread))
    return {"state": done.state.value, "listed": counts.listed, "found": found}
