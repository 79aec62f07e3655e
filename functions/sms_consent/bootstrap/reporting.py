"""Operational events and settings problems, as log lines and metrics. Log lines hold message ids and masked numbers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sms_consent.bootstrap.settings import Problem
from sms_consent.domain.observation import COUNT, SECONDS, Logger, Metrics
from sms_consent.domain.operational_events import OperationalEvent, OperationalEventKind
from sms_consent.domain.phone_number import mask, mask_id
from sms_consent.domain.reply import ReplyKind, ReplyState
from sms_consent.sync.reply_sender import BUDGET_REASONS, ENOUGH

if TYPE_CHECKING:
    from sms_consent.replies import Unfit

__all__ = ["OperationalReporter"]

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


class OperationalReporter:
    """Reports to one function's log and metrics."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics

    def problem(self, problem: Problem, *, counted: bool = True) -> None:
        """Log a setting that cannot be used, and count it."""
        self._logger.error(
            "a setting cannot be used", setting=problem.setting, problem=problem.message, fix=problem.fix
        )
        if counted:
            self._metrics.add_metric("SettingsProblems", COUNT, 1)

    def unfit(self, unfit: Unfit) -> None:
        """Log a reply that is not sent as configured, with its kind, language, length and limit, and count it."""
        self._logger.error(
            "a reply does not fit",
            setting=unfit.setting,
            reply=unfit.kind,
            language=unfit.language,
            problem=unfit.reason,
            sent="without the brand" if unfit.without_brand else "not at all",
        )
        self._metrics.add_metric("SettingsProblems", COUNT, 1)

    def __call__(self, event: OperationalEvent) -> None:
        """Log one event and count it."""
        seconds = round(event.delay.total_seconds(), 3) if event.delay is not None else None
        number, decision_id = event.number, event.decision_id
        fields = {
            # For a request by another channel, the id of its decision.
            "inbound_message_id": mask_id(decision_id) if decision_id is not None else None,
            "number": mask(number) if number is not None else None,
            "list": event.list_name,
            "seconds": seconds,
            "reply": event.reply,
            "state": event.state,
            "reason": event.reason,
            "attempts": event.attempts or None,
        }
        self._logger.info(event.kind.value, **{name: value for name, value in fields.items() if value is not None})
        if event.kind in _COUNTED:
            self._metrics.add_metric(_COUNTED[event.kind], COUNT, 1)
        if event.kind is OperationalEventKind.LISTED and seconds is not None and not event.imported:
            self._metrics.add_metric("TimeToList", SECONDS, seconds)
        if event.state is not None:
            self._metrics.add_metric(_REPLIES[event.state], COUNT, 1)
        if event.state is ReplyState.FAILED and (event.reason or "").startswith("AccessDenied"):
            self._logger.error("a reply was denied", list=event.list_name, reply=event.reply, reason=event.reason)
            self._metrics.add_metric("SettingsProblems", COUNT, 1)
        if event.state is ReplyState.SKIPPED and event.reason == ENOUGH:
            self._metrics.add_metric("RepliesOverPersonalLimit", COUNT, 1)
        if event.state is ReplyState.SKIPPED and event.reason in BUDGET_REASONS:
            self._metrics.add_metric("RepliesOverBudget", COUNT, 1)
        if event.state is ReplyState.SENT and event.reply is ReplyKind.OPT_OUT_CONFIRMATION and seconds is not None:
            self._metrics.add_metric("ConfirmationTime", SECONDS, seconds)
