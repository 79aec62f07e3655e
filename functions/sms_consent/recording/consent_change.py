"""Applies one decision to one consent with conditional writes, at its effective time.

The newest decision wins, so its time must be right:

- A text counts at the SNS timestamp. If the same text is published again, its earliest timestamp counts.
- Any other decision has the time that its source states and the time at which it was first recorded. The earlier one
  counts: a wrong clock on a person's machine cannot place a decision in the future, where it would overrule later texts.

If the earliest time cannot be determined, an opt-out stays in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from sms_consent.domain.consent import UNKNOWN_TIME, Consent, Lease, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.reply import Reply
from sms_consent.domain.transitions import decide, flush_outbox, moved_back, update

__all__ = ["Change", "ConsentChanger"]

COPIES_WITHIN = timedelta(days=40)
"""How far apart copies of one text can arrive: SNS retries for 23 days, and a queue keeps a message for 14."""

RETRIES_WITHIN = timedelta(hours=1)
"""How far apart requests with the same id are one request, if they are not texts. Some clients send the same id every time."""

MOST_COPIES = 500
"""How many decisions of one number are searched for a copy."""

TryLease = Callable[[Decision, Consent | None, datetime], tuple[Lease | None, Reply | None]]
"""Returns the lease to take for a decision, and the reply to send if it changes the stored consent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The effect of a decision on one consent."""

    outcome: Outcome
    consent: Consent
    decision: Decision  # at the time at which it counts
    lease: Lease | None = None
    is_written: bool = False
    in_history: bool = False  # whether the decision was written to the history as well

    @property
    def overruled_by(self) -> Author | None:
        """The author of a newer opt-in that overrules this STOP, unless the same person texted it."""
        decision, consent = self.decision, self.consent
        texted = decision.author is Author.END_USER and decision.asked is Asked.OPT_OUT
        if not texted or self.outcome is not Outcome.STALE or consent.status is Status.OPTED_OUT:
            return None
        author = consent.decided_author or Author.UNKNOWN
        return None if author is Author.END_USER else author


@dataclass(frozen=True, slots=True)
class _Step:
    """What a decision would do. ``changed`` is None if nothing is to be written."""

    outcome: Outcome
    changed: Consent | None
    decision: Decision
    lease: Lease | None = None


class ConsentChanger:
    """Applies decisions to consents."""

    def __init__(
        self, ledger: ConsentLedger, clock: Clock, *, counts_beyond: Callable[[Decision], bool] | None = None
    ) -> None:
        """``counts_beyond`` returns whether a decision counts for further lists."""
        self._ledger = ledger
        self._clock = clock
        self._counts_beyond = counts_beyond or (lambda _: False)

    def change(self, decision: Decision, list_name: str, *, try_lease: TryLease, alone: bool) -> Change:
        """Apply a decision and write the consent. Safe to repeat.

        A decision for one list (``alone``) that changes no status, such as a second STOP, is written to the history in the
        same transaction. Other decisions are not: a transaction costs double, and a changed consent is written again anyway
        after the list call.

        Raises:
            TryAgain: The ledger did not respond, or others wrote the consent before every attempt.
        """
        known = self._ledger.consent(decision.number, list_name) if decision.only_if_opted_out else None
        step = _Step(Outcome.STALE, None, decision)
        is_written = in_history = False

        def decided(stored: Consent | None) -> Consent | None:
            nonlocal step, is_written
            if stored is not None and step.lease is not None and stored.lease == step.lease.worker:
                is_written = True  # botocore repeated a write that had succeeded, and another decision came in between
                return None
            now = self._clock.now()
            limit = self._clock.latest() if decision.asked is Asked.OPT_OUT else now
            step = self._decided(_effective(step.decision, stored, limit), stored, list_name, try_lease, now)
            return step.changed

        def save(changed: Consent, stored: Consent | None) -> None:
            nonlocal is_written, in_history
            in_history = self._save(step, changed, stored, alone=alone)
            is_written = True

        # A conditional write without a read before it: most numbers have no consent when their first STOP arrives.
        consent = cast("Consent", update(known, decided, save))
        return Change(
            outcome=step.outcome, consent=consent, decision=step.decision, lease=step.lease if is_written else None,
            is_written=is_written, in_history=in_history,
        )  # fmt: skip

    def _decided(
        self, decision: Decision, stored: Consent | None, list_name: str, try_lease: TryLease, now: datetime
    ) -> _Step:
        lease, answer = try_lease(decision, stored, now)

        def step(decision: Decision, base: Consent | None, answer: Reply | None) -> _Step:
            outcome, changed = decide(base, decision, list_name, now=now, lease=lease, answer=answer)
            if changed is None and base is not stored:
                changed = base
            return _Step(outcome, changed, decision, lease)

        decided = step(decision, stored, answer)
        if stored is not None and _time_matters(decision, stored, decided.outcome):
            recorded = self._recorded(decision, stored, now)
            is_newest = stored.decided_by == decision.id
            would_opt_in = decided.outcome is Outcome.CHANGED and decision.asked is Asked.OPT_IN
            if recorded is None and would_opt_in and not is_newest:
                decided = _Step(Outcome.STALE, None, decision)
            elif recorded is not None or is_newest:
                earliest = _earliest([decision, *(recorded or ()), *_not_in_history(stored)])
                decision = earliest.pop(decision.id)
                if is_newest:
                    earliest[decision.id] = decision
                base = self._corrected(
                    self._at_a_known_time(stored, earliest, list_name), earliest, list_name,
                    undecided=recorded is None, now=now,
                )  # fmt: skip
                # A copy of a decision that was recorded before may have been answered: one confirmation is allowed.
                is_copy = any(each.id == decision.id for each in recorded or ())
                decided = step(decision, base, None if is_copy else answer)
        stale = decided.outcome is Outcome.STALE and decided.changed is None
        if stored is not None and stale and decision.author is not Author.IMPORT:
            # A copy of this text may be looked up right now: the new revision makes that look-up start again.
            return replace(decided, changed=replace(stored, revision=stored.revision + 1))
        return decided

    def _at_a_known_time(self, stored: Consent, earliest: Mapping[str, Decision], list_name: str) -> Consent:
        """Take the time of the newest decision from the history if the stored one cannot be read.

        Otherwise every redelivered older text would count as newer.
        """
        if stored.decided_at != UNKNOWN_TIME:
            return stored
        asked = Asked.OPT_OUT if stored.status is Status.OPTED_OUT else Asked.OPT_IN
        same = [each.at for each in earliest.values() if each.asked is asked and self._counts(each, list_name)]
        newest = earliest[stored.decided_by].at if stored.decided_by in earliest else max(same, default=UNKNOWN_TIME)
        return replace(stored, decided_at=newest, revision=stored.revision + 1)

    def _corrected(
        self, stored: Consent, earliest: Mapping[str, Decision], list_name: str, *, undecided: bool, now: datetime
    ) -> Consent:
        """Return the consent with its newest decision at that decision's earliest time.

        If another decision is newer than that, the other one counts again.
        """
        first = earliest.get(stored.decided_by)
        if first is None or first.at >= stored.decided_at:
            return stored
        others = [each for each in earliest.values() if each.id != first.id and self._counts(each, list_name)]
        newest = max(others, key=_order, default=None)
        if newest is not None and _order(newest) < _order(first):
            newest = None
        return moved_back(stored, first, newest, undecided=undecided, now=now)

    def _recorded(self, decision: Decision, stored: Consent, now: datetime) -> Sequence[Decision] | None:
        """Return the decisions in the history, or None if there are too many to search."""
        until = stored.decided_at if stored.decided_at != UNKNOWN_TIME else now
        recorded = self._ledger.recorded_between(decision.number, until - COPIES_WITHIN, until, most=MOST_COPIES)
        if recorded is None or decision.author is Author.END_USER:
            return recorded
        return [each for each in recorded if each.id != decision.id or decision.at - each.at < RETRIES_WITHIN]

    def _counts(self, decision: Decision, list_name: str) -> bool:
        """Return whether a recorded decision counts for this list. If that is not known, only an opt-out does."""
        if decision.asked not in {Asked.OPT_OUT, Asked.OPT_IN}:
            return False
        if decision.list_name is None:
            return decision.asked is Asked.OPT_OUT
        return decision.list_name == list_name or self._counts_beyond(decision)

    def _save(self, step: _Step, changed: Consent, stored: Consent | None, *, alone: bool) -> bool:
        """Write the change; return whether the decision went to the history with it. Raises Moved or TryAgain."""
        now = self._clock.now()
        if stored is not None:
            flush_outbox(self._ledger.append, stored, changed, now)
        if stored is not None and step.outcome is not Outcome.CHANGED and alone:
            self._ledger.save_and_append(changed, stored, step.decision, step.outcome, now)
            return True
        self._ledger.save(changed, replacing=stored)
        return False


def _order(decision: Decision) -> tuple[datetime, bool]:
    """Return a sort key by time; at equal times an opt-out is newer."""
    return decision.at, decision.asked is Asked.OPT_OUT


def _effective(decision: Decision, stored: Consent | None, limit: datetime) -> Decision:
    """Return the decision at its effective time, as far as the consent shows it.

    ``limit`` is the present time. The command line knows AWS's time to the second: ``limit`` is the end of that second for an
    opt-out and its start for an opt-in.
    """
    if decision.author is not Author.END_USER and decision.at > limit:
        decision = replace(decision, at=limit)
    if stored is None:
        return decision
    is_newest = stored.decided_by == decision.id and stored.decided_at != UNKNOWN_TIME
    known = [stored.decided_at] if is_newest else []
    if stored.outbox is not None and stored.outbox.id == decision.id:
        known.append(stored.outbox.at)
    return replace(decision, at=min(known)) if known and min(known) < decision.at else decision


def _earliest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return each decision at its earliest time, by id."""
    found: dict[str, Decision] = {}
    for each in decisions:
        if each.id not in found or each.at < found[each.id].at:
            found[each.id] = each
    return found


def _not_in_history(consent: Consent) -> tuple[Decision, ...]:
    """Return the decision that may still have to be written to the history."""
    return (consent.outbox,) if consent.outbox is not None else ()


def _time_matters(decision: Decision, stored: Consent, outcome: Outcome) -> bool:
    """Return whether an earlier copy, of this decision or of the newest one, could make a difference.

    A newest decision that confirms the status cannot undo anything. So the common cases need no look-up: a first request, a
    repeated one, a redelivery. Imported decisions are never published twice.
    """
    if stored.decided_by == decision.id:
        return decision.at < stored.decided_at
    if outcome is Outcome.CHANGED:
        outbox = stored.outbox
        return outbox is None or outbox.id != decision.id or decision.at < outbox.at
    return outcome is Outcome.STALE and decision.author is not Author.IMPORT
