"""ReconcileFunction: compare the opt-out lists with the ledger, daily, in as many invocations as needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sms_consent.bootstrap.container import Container
from sms_consent.bootstrap.observability import invocation, logger, metrics
from sms_consent.bootstrap.run_reporting import ReconcileReporter, report_reconciled
from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.observation import COUNT, SECONDS

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["container", "handler"]

MARGIN = timedelta(seconds=30)
"""Time kept for the page under way, its writes, and the checkpoint."""


@cache
def container() -> Container:
    """Return the function's dependencies, created once per execution environment."""
    return Container()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  a schedule's event is empty
    """Start the daily run, or resume the unfinished one. Does nothing if neither is due."""
    with invocation("reconcile", context):
        clock = container().clock
        until = clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN
        _copy_lists(until)
        done = container().reconciler.run(until, observer=ReconcileReporter())
        metrics("reconcile").add_metric("ReconcileAge", SECONDS, done.run.age(clock.now()).total_seconds())
        metrics("reconcile").add_metric("ListsUnread", COUNT, len(done.run.unread))
        return report_reconciled(done)


def _copy_lists(until: datetime) -> None:
    """Copy opt-outs between lists that changed. The next invocation retries what fails."""
    try:
        left = container().list_copies.run(until)
    except (TryAgain, Rejected) as error:
        logger("reconcile").error("opt-outs of a list that changed are not copied yet", error=type(error).__name__)
        return
    for copy in left:
        logger("reconcile").warning("opt-outs are copied to another list", source=copy.source, target=copy.target)
    if left:
        metrics("reconcile").add_metric("ListsToCarry", COUNT, len(left))
