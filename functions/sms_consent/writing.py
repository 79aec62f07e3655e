"""Writes what a decision makes of a consent: one conditional write, on whatever stands by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from sms_consent.answer import Answer
from sms_consent.consent import Claim, Consent, decide
from sms_consent.decision import Decision, Outcome
from sms_consent.errors import Moved, Unavailable
from sms_consent.ports import Clock, ConsentLedger

__all__ = ["Written", "leave_to_sweep", "write_change"]

ATTEMPTS = 12
"""Conditional writes lost in a row before a record goes back to where it came from."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a decision did for one list, and the lease that was taken with it."""

    outcome: Outcome
    consent: Consent
    claim: Claim | None
    is_new: bool  # whether anything had to be written


def write_change(
    ledger: ConsentLedger,
    decision: Decision,
    list_name: str,
    *,
    clock: Clock,
    work: Callable[[], tuple[Claim | None, Answer | None]],
) -> Written:
    """The consent as this decision leaves it; safe to repeat. ``work`` gives the lease to take and the reply due, if any.

    Raises TryAgain if the ledger does not answer.
    """
    standing: Consent | None = None  # a guess, right for every first STOP: a conditional write spares the read
    for _ in range(ATTEMPTS):
        now = clock.now()
        claim, answer = work()
        outcome, changed = decide(standing, decision, list_name, now=now, claim=claim, answer=answer)
        if changed is None:
            return Written(outcome, cast("Consent", standing), None, is_new=False)
        if standing is not None and standing.outbox is not None and changed.outbox is not standing.outbox:
            ledger.append(standing.outbox, Outcome.CHANGED, now)
        try:
            ledger.save(changed, replacing=standing)
        except Moved as moved:
            standing = cast("Consent | None", moved.current)
            continue
        return Written(outcome, changed, claim, is_new=True)
    raise Unavailable("the consent changed under every attempt to write it")


def leave_to_sweep(ledger: ConsentLedger, decision: Decision, list_name: str, *, clock: Clock) -> Written:
    """Record, and call nothing. What changes a consent stands in its outbox: sweep takes it to the history with the rest.

    Safe to repeat, and raises TryAgain, likewise.
    """
    written = write_change(ledger, decision, list_name, clock=clock, work=lambda: (None, None))
    if written.outcome is Outcome.CHANGED:
        return written
    appended = ledger.append(decision, written.outcome, clock.now())
    return replace(written, is_new=written.is_new or appended)
