"""How facts are told: one line in the log, with the inbound message's id and a masked number, and counts without either."""

from __future__ import annotations

from sms_consent.bootstrap.settings import Problem
from sms_consent.domain.observation import COUNT, SECONDS, Logger, Metrics
from sms_consent.domain.operational_events import OperationalEvent, OperationalEventKind
from sms_consent.domain.phone_number import mask, mask_id
from sms_consent.domain.reply import ReplyKind, ReplyState
from sms_consent.replies import Unfit
from sms_consent.sync.reply_limits import BUDGET_REASONS, ENOUGH

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
    """Tells facts in one function's name."""

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

    def __call__(self, fact: OperationalEvent) -> None:
        """Tell one."""
        seconds = round(fact.delay.total_seconds(), 3) if fact.delay is not None else None
        number, decision_id = fact.number, fact.decision_id
        told = {
            # Of what did not come by text, the decision's id.
            "inbound_message_id": mask_id(decision_id) if decision_id is not None else None,
            "number": mask(number) if number is not None else None,
            "list": fact.list_name,
            "seconds": seconds,
            "reply": fact.reply,
            "state": fact.state,
            "reason": fact.reason,
            "attempts": fact.attempts or None,
        }
        self._logger.info(fact.kind.value, **{name: value for name, value in told.items() if value is not None})
        if fact.kind in _COUNTED:
            self._metrics.add_metric(_COUNTED[fact.kind], COUNT, 1)
        if fact.kind is OperationalEventKind.LISTED and seconds is not None and not fact.imported:
            self._metrics.add_metric("TimeToList", SECONDS, seconds)
        if fact.state is not None:
            self._metrics.add_metric(_REPLIES[fact.state], COUNT, 1)
        if fact.state is ReplyState.FAILED and (fact.reason or "").startswith("AccessDenied"):
            self._logger.error("a reply was denied", list=fact.list_name, reply=fact.reply, reason=fact.reason)
            self._metrics.add_metric("SettingsProblems", COUNT, 1)
        if fact.state is ReplyState.SKIPPED and fact.reason == ENOUGH:
            self._metrics.add_metric("RepliesOverPersonalLimit", COUNT, 1)
        if fact.state is ReplyState.SKIPPED and fact.reason in BUDGET_REASONS:
            self._metrics.add_metric("RepliesOverBudget", COUNT, 1)
        if fact.state is ReplyState.SENT and fact.reply is ReplyKind.OPT_OUT_CONFIRMATION and seconds is not None:
            self._metrics.add_metric("ConfirmationTime", SECONDS, seconds)
