"""Operational events: changes that operators see in logs and metrics, derived from a record before and after a write.

Writes are conditional, so exactly one of many workers and repetitions makes a change, and reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sms_consent.domain.consent import Consent, Due, Status
from sms_consent.domain.ports import ConsentLedger
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState, ReplyThread

__all__ = ["OperationalEvent", "OperationalEventKind", "Report", "observed", "of_consent", "of_thread"]

_ENDINGS = frozenset({ReplyState.SENT, ReplyState.SKIPPED, ReplyState.FAILED, ReplyState.UNKNOWN})


class OperationalEventKind(StrEnum):
    """The kind of an operational event. The value is the log message."""

    LISTED = "on the list"
    RELEASED = "off the list"
    DEFERRED = "an opt-in waits for the 30 days"
    REFUSED = "the service refused an opt-in"
    POSTPONED = "put off"
    REPLIED = "a reply came to its end"
    BUDGET_FAILED = "the day's number of replies could not be counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationalEvent:
    """One change that operators see. ``number`` must be masked before it is shown."""

    kind: OperationalEventKind
    number: str | None = None
    decision_id: str | None = None  # of a text, the inbound message's id
    list_name: str | None = None
    since: datetime | None = None  # when it was asked for
    imported: bool = False
    reply: ReplyKind | None = None
    state: ReplyState | None = None
    reason: str | None = None
    attempts: int = 0


def of_consent(before: Consent | None, after: Consent) -> list[OperationalEvent]:
    """Return the events of a consent's write: at most one about the list, then one about the reply."""
    events = []
    if after.answer is not None and _ended(before.answer if before is not None else None, after.answer):
        events.append(_replied(after.number, after.answer, _asked_at(after, after.answer), after.list_name))
    kind = _of_the_list(before, after)
    if kind is not None:
        matches = kind in {OperationalEventKind.LISTED, OperationalEventKind.RELEASED}
        event = OperationalEvent(
            kind=kind,
            number=after.number,
            decision_id=after.decided_by,
            list_name=after.list_name,
            since=after.out_of_sync_since if matches else None,
            imported=before is not None and before.due is Due.IMPORTED,
            reason=after.refusal if kind is OperationalEventKind.REFUSED else None,
            attempts=after.attempts,
        )
        events.insert(0, event)
    return events


def of_thread(before: ReplyThread | None, after: ReplyThread) -> list[OperationalEvent]:
    """Return the events of a reply thread's write."""
    ended = _ended(before.answer if before is not None else None, after.answer)
    return [_replied(after.number, after.answer, after.asked_at, None)] if ended else []


def _of_the_list(before: Consent | None, after: Consent) -> OperationalEventKind | None:
    pending = after.status is Status.OPT_IN_PENDING
    was_pending = before is not None and before.status is Status.OPT_IN_PENDING
    again = before is None or after.attempts > before.attempts
    if pending and after.refusal is not None and (again or not was_pending):
        return OperationalEventKind.REFUSED
    if pending and not was_pending:
        return OperationalEventKind.DEFERRED
    if before is None:
        return None
    if after.settled and not pending and (not before.settled or was_pending):
        return OperationalEventKind.LISTED if after.status is Status.OPTED_OUT else OperationalEventKind.RELEASED
    return OperationalEventKind.POSTPONED if after.attempts > before.attempts else None


def _ended(before: Reply | None, after: Reply) -> bool:
    if after.state not in _ENDINGS:
        return False
    return before is None or (before.decision_id, before.state) != (after.decision_id, after.state)


def _replied(number: str, answer: Reply, since: datetime, list_name: str | None) -> OperationalEvent:
    return OperationalEvent(
        kind=OperationalEventKind.REPLIED, number=number, decision_id=answer.decision_id, list_name=list_name, since=since,
        reply=answer.kind, state=answer.state, reason=answer.reason,
    )  # fmt: skip


def _asked_at(consent: Consent, answer: Reply) -> datetime:
    """Return the time of the decision that the reply answers, also if a later decision has confirmed it."""
    if consent.decided_by == answer.decision_id:
        return consent.decided_at
    known = consent.asked_out_at if answer.kind is ReplyKind.OPT_OUT_CONFIRMATION else consent.opted_in_at
    return known or consent.decided_at


Report = Callable[[Sequence[OperationalEvent]], None]
"""Report the events of one write."""


def observed(ledger: ConsentLedger, report: Report) -> ConsentLedger:
    """Return a ledger that reports the operational events of each write, in one call, once it has succeeded."""
    return cast("ConsentLedger", _ObservedLedger(ledger, report))


class _ObservedLedger:
    def __init__(self, ledger: ConsentLedger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self.append = ledger.append

    def __getattr__(self, name: str) -> Any:
        """Return a method of the ledger that has no events to report. Each is looked up once."""
        method = getattr(self._ledger, name)
        setattr(self, name, method)
        return method

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        events = of_consent(replacing, consent)
        written = self._ledger.save(consent, replacing)
        if events:
            self._report(events)
        return written

    def save_thread(self, key: str, thread: ReplyThread, replacing: ReplyThread | None) -> None:
        events = of_thread(replacing, thread)
        self._ledger.save_thread(key, thread, replacing)
        if events:
            self._report(events)
