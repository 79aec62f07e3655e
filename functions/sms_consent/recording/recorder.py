"""Recording of opt-outs and opt-ins, the same for every channel: into the ledger, and then onto the opt-out list.

Each consent is changed by conditional writes. The newest decision wins, so its time must be right:

- A text counts at the SNS timestamp. If the same text is published again, its earliest timestamp counts.
- Any other decision has the time that its source states and the time at which it was first recorded. The earlier one
  counts: a wrong clock on a person's machine cannot place a decision in the future, where it would overrule later texts.

If the earliest time cannot be determined, an opt-out stays in force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from sms_consent.domain.consent import UNKNOWN_TIME, Consent, Lease, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Rejected, TryAgain
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState
from sms_consent.domain.transitions import OPT_IN_ANSWER_USEFUL_FOR, decide, moved_back, update
from sms_consent.domain.withdrawal import withdrawn_imports

if TYPE_CHECKING:  # not loaded by a process that only records
    from sms_consent.domain.propagation import Scope
    from sms_consent.sync.sync import Sync

__all__ = ["Recorded", "Recorder"]

COPIES_WITHIN = timedelta(days=40)
"""The longest time between two copies of one text: SNS retries for 23 days, and a queue keeps a message for 14."""

RETRIES_WITHIN = timedelta(hours=1)
"""Requests other than texts with the same id are one request within this time. Some clients always send the same id."""

MOST_COPIES = 500
"""How many decisions of one number are searched for a copy."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The effect of a decision on all the lists that it counts for, and the consent on the sender's own list after it."""

    outcome: Outcome
    consent: Consent
    overruled_by: Author | None = None  # of a newer opt-in that the same person did not text, and that overrules a STOP
    is_new: bool = True  # whether anything was written


class Recorder:
    """Records opt-outs and opt-ins in the ledger."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        clock: Clock,
        sync: Sync | None = None,
        grace: timedelta = timedelta(),
        scope: Scope | None = None,
    ) -> None:
        """Create a recorder.

        Args:
            ledger: Where decisions are recorded.
            clock: The time.
            sync: Makes list calls; None only records and leaves the calls to sweep.
            grace: How long a put waits for its confirmation, which AWS refuses once the number is on the list.
            scope: The further lists that a decision counts for; None: the given list only.
        """
        self._ledger = ledger
        self._sync = sync
        self._clock = clock
        self._grace = grace
        self._scope = scope

    def record(
        self,
        decision: Decision,
        list_name: str,
        *,
        reply_from: str | None = None,
        sync_now: bool = True,
        now: datetime | None = None,
    ) -> Recorded:
        """Record a decision, and make the list calls that can be made now. Safe to repeat after any failure.

        The consents for all lists are changed before the first list call.

        Args:
            decision: The decision.
            list_name: The sender's own list.
            reply_from: The number or agent that a confirmation is sent from; None sends none.
            sync_now: False leaves the list calls to sweep. A changed consent then holds the decision in its outbox, and sweep
                writes it to the history too: one write for each list.
            now: The time, if the caller has just read it.

        Raises:
            TryAgain: The ledger did not respond. Everything else is done; recording the same decision again completes it.
        """
        sync = self._sync if sync_now else None
        recorded = self._record(decision, list_name, reply_from, sync, now or self._clock.now())
        return cast("Recorded", recorded)  # only decisions that count ``only_if_opted_out`` are ignored

    def record_if_opted_out(
        self, decision: Decision, list_name: str, *, reply_from: str | None, now: datetime
    ) -> Recorded | None:
        """Record an opt-in by an everyday word on each list whose newest decision is an older opt-out.

        Return None if there is no such list; nothing was written then, after one read per list. Each write is conditional, so
        a decision that arrives meanwhile is not overruled.
        """
        return self._record(replace(decision, only_if_opted_out=True), list_name, reply_from, self._sync, now)

    def _record(
        self, decision: Decision, list_name: str, reply_from: str | None, sync: Sync | None, now: datetime
    ) -> Recorded | None:
        """Change the consents for all lists, then sync them. An error for one list is raised after the others are done."""
        failures: list[TryAgain | Rejected] = []
        decision = replace(decision, list_name=list_name)
        reply = self._confirmation(decision, reply_from, now)
        changes = self._change_all(decision, list_name, reply, sync, now, failures)
        consents = []
        for change in changes:
            try:
                consents.append(change.synced())
            except (TryAgain, Rejected) as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        if not changes:
            return None
        # The history says CHANGED if any list's consent was changed.
        outcome = min([change.outcome for change in changes], key=list(Outcome).index)
        is_new = any(change.is_written for change in changes)
        in_history = outcome is Outcome.CHANGED and (
            sync is None or all(consent.outbox is None for consent in consents)
        )
        if not in_history and not changes[0].in_history:
            is_new |= self._ledger.append(changes[0].decision, outcome, self._clock.now())
        overruled = [author for author in [change.overruled_by() for change in changes] if author is not None]
        return Recorded(outcome, consents[0], overruled[0] if overruled else None, is_new)

    def _change_all(
        self,
        decision: Decision,
        list_name: str,
        reply: Reply | None,
        sync: Sync | None,
        now: datetime,
        failures: list[TryAgain | Rejected],
    ) -> list[_ConsentChange]:
        """Change the consent for each list: first the sender's own list, whose consent alone has the reply."""
        further: tuple[str, ...] = ()
        is_only = self._scope is None
        if self._scope is not None:
            try:
                further = self._scope.beyond(decision, list_name)
                is_only = not further
            except (TryAgain, Rejected) as failure:
                failures.append(failure)
        changes = []
        for name in (list_name, *further):
            change = _ConsentChange(
                ledger=self._ledger, sync=sync, scope=self._scope, decision=decision, list_name=name, reply=reply,
                is_only=is_only, now=now,
            )  # fmt: skip
            reply = None
            try:
                change.apply(self._clock)
            except (TryAgain, Rejected) as failure:
                failures.append(failure)
                continue
            decision = change.decision if name == list_name else decision
            if change.outcome is not Outcome.IGNORED:
                changes.append(change)
        return changes

    def _confirmation(self, decision: Decision, reply_from: str | None, now: datetime) -> Reply | None:
        """Return the confirmation to send, or None. Only people who texted get one, once, without marketing (47 CFR
        64.1200(a)(12))."""
        if reply_from is None or decision.author is not Author.END_USER:
            return None
        opting_out = decision.asked is Asked.OPT_OUT
        return Reply(
            decision_id=decision.id,
            kind=ReplyKind.OPT_OUT_CONFIRMATION if opting_out else ReplyKind.OPT_IN_CONFIRMATION,
            language=decision.language,
            sender=reply_from,
            until=now + (self._grace if opting_out else OPT_IN_ANSWER_USEFUL_FOR),
        )


class _ConsentChange:
    """The change that one decision makes to the consent for one list."""

    outcome: Outcome
    consent: Consent

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        sync: Sync | None,
        scope: Scope | None,
        decision: Decision,
        list_name: str,
        reply: Reply | None,
        is_only: bool,
        now: datetime,
    ) -> None:
        """``reply`` is the confirmation to send. With ``is_only``, the decision counts for this list only."""
        self._ledger = ledger
        self._sync = sync
        self._scope = scope
        self._list_name = list_name
        self._reply = reply
        self._is_only = is_only
        self._now = now
        self._lease: Lease | None = None
        self.decision = decision  # with the time at which it counts
        self.is_written = False
        self.in_history = False  # whether the decision was written to the history as well

    def apply(self, clock: Clock) -> None:
        """Apply the decision and write the consent. Safe to repeat.

        A decision for one list that changes no status, such as a second STOP, is written to the history in the same
        transaction. Other decisions are not: a transaction costs double, and a changed consent is written again anyway after
        the list call.

        Raises:
            TryAgain: The ledger did not respond, or others wrote the consent before every attempt.
        """
        decision = self.decision
        if decision.author is not Author.END_USER:
            # The command line knows AWS's time to the second: an opt-out counts at its end at the latest, an opt-in at its start.
            limit = clock.latest() if decision.asked is Asked.OPT_OUT else self._now
            self.decision = replace(decision, at=min(decision.at, limit))
        # A conditional write without a read before it: most numbers have no consent when their first STOP arrives.
        known = self._ledger.consent(decision.number, self._list_name) if decision.only_if_opted_out else None
        self.consent = cast("Consent", update(known, self._decide, self._save))

    def synced(self) -> Consent:
        """Make the list calls that can be made now, and return the consent after them."""
        if self._sync is None:
            return self.consent
        if self._lease is not None and self.consent.lease == self._lease.worker:
            return self._sync.sync_with_lease(self.consent, self._lease.worker, self._now)
        # No lease was taken, or another worker has one and sees this change after its call. Other due work is done now.
        return self._sync.sync_if_due(self.consent)

    def overruled_by(self) -> Author | None:
        """Return the author of a newer opt-in that overrules this STOP; None if the same person texted it, or there is
        none."""
        texted = self.decision.author is Author.END_USER and self.decision.asked is Asked.OPT_OUT
        if not texted or self.outcome is not Outcome.STALE or self.consent.status is Status.OPTED_OUT:
            return None
        author = self.consent.decided_author or Author.UNKNOWN
        return None if author is Author.END_USER else author

    def _decide(self, stored: Consent | None) -> Consent | None:
        """Return the consent after the decision, or None if nothing is to be written."""
        if stored is not None and self._lease is not None and stored.lease == self._lease.worker:
            self.is_written = True  # botocore repeated a write that had succeeded, and another decision came in between
            return None
        if stored is not None:
            self.decision = _at_known_time(self.decision, stored)
        reply = self._reply_after(stored)
        self._lease = lease = self._try_lease(reply)
        self.outcome, changed = decide(stored, self.decision, self._list_name, now=self._now, lease=lease, answer=reply)
        if stored is None:
            return changed
        if _time_matters(self.decision, stored, self.outcome):
            changed = self._decided_at_earliest_time(stored, changed, reply)
        if changed is None and self.outcome is Outcome.STALE and not self.decision.waits_behind_texts:
            # A copy of this text may be looked up right now: the new revision makes that look-up start again.
            return replace(stored, revision=stored.revision + 1)
        return changed

    def _reply_after(self, stored: Consent | None) -> Reply | None:
        """Return the confirmation; skipped if a limit withholds it, so that the put of an opt-out does not wait for it.

        The worker that sends a reply checks the limits too. The confirmation of an opt-in may be sent weeks later, so its
        limits are checked only then.
        """
        reply = self._reply
        if reply is None or stored is None or self._sync is None or self.decision.asked is not Asked.OPT_OUT:
            return reply
        withheld = self._sync.withholds(reply.kind, stored.recent_replies, self._now)
        return reply.skipped(withheld) if withheld is not None else reply

    def _try_lease(self, reply: Reply | None) -> Lease | None:
        if self._sync is None:
            return None
        answering = reply is not None and reply.state is ReplyState.DUE
        return self._sync.try_lease(opting_out=self.decision.asked is Asked.OPT_OUT, answering=answering, now=self._now)

    def _decided_at_earliest_time(
        self, stored: Consent, changed: Consent | None, reply: Reply | None
    ) -> Consent | None:
        """Decide again with the earliest time in the history, both of this decision and of the consent's newest one."""
        recorded = self._recorded(stored)
        is_newest = stored.decided_by == self.decision.id
        would_opt_in = self.outcome is Outcome.CHANGED and self.decision.asked is Asked.OPT_IN
        if recorded is None and would_opt_in and not is_newest:
            self.outcome = Outcome.STALE
            return None
        if recorded is None and not is_newest:
            return changed
        earliest = _earliest([self.decision, *(recorded or ()), *_not_in_history(stored)])
        self.decision = earliest.pop(self.decision.id)
        if is_newest:
            earliest[self.decision.id] = self.decision
        base = self._corrected(self._at_a_known_time(stored, earliest), earliest, undecided=recorded is None)
        # A copy of a decision that was recorded before may have been answered: one confirmation is allowed.
        is_copy = any(each.id == self.decision.id for each in recorded or ())
        reply = None if is_copy else reply
        self.outcome, changed = decide(
            base, self.decision, self._list_name, now=self._now, lease=self._lease, answer=reply, repeated=is_copy
        )
        return base if changed is None and base is not stored else changed

    def _at_a_known_time(self, stored: Consent, earliest: Mapping[str, Decision]) -> Consent:
        """Return the consent with the time of its newest decision from the history, if the stored time cannot be read.

        Without it, every redelivered older text would count as newer.
        """
        if stored.decided_at != UNKNOWN_TIME:
            return stored
        asked = Asked.OPT_OUT if stored.status is Status.OPTED_OUT else Asked.OPT_IN
        same = [each.at for each in earliest.values() if each.asked is asked and self._counts(each)]
        newest = earliest[stored.decided_by].at if stored.decided_by in earliest else max(same, default=UNKNOWN_TIME)
        return replace(stored, decided_at=newest, revision=stored.revision + 1)

    def _corrected(self, stored: Consent, earliest: Mapping[str, Decision], *, undecided: bool) -> Consent:
        """Return the consent with its newest decision moved to that decision's earliest time.

        If another decision is newer than this time, that one counts instead.
        """
        first = earliest.get(stored.decided_by)
        if first is None or first.at >= stored.decided_at:
            return stored
        withdrawn = withdrawn_imports(earliest.values(), self._list_name)
        others = [
            each
            for each in earliest.values()
            if each.id != first.id and self._counts(each) and not _may_be_withdrawn(each, stored, withdrawn)
        ]
        newest = max(others, key=_order, default=None)
        if newest is not None and _order(newest) < _order(first):
            newest = None
        return moved_back(stored, first, newest, undecided=undecided, now=self._now)

    def _recorded(self, stored: Consent) -> Sequence[Decision] | None:
        """Return the number's decisions in the history; None if there are too many to search."""
        decision = self.decision
        until = stored.decided_at if stored.decided_at != UNKNOWN_TIME else self._now
        recorded = self._ledger.recorded_between(decision.number, until - COPIES_WITHIN, until, most=MOST_COPIES)
        if recorded is None or decision.author is Author.END_USER:
            return recorded
        return [each for each in recorded if each.id != decision.id or decision.at - each.at < RETRIES_WITHIN]

    def _counts(self, decision: Decision) -> bool:
        """Return whether a decision in the history counts for this list. If that is not known, an opt-out counts and an
        opt-in does not."""
        if decision.asked not in {Asked.OPT_OUT, Asked.OPT_IN}:
            return False
        if decision.list_name is None:
            return decision.asked is Asked.OPT_OUT
        if decision.list_name == self._list_name:
            return True
        return self._scope is not None and self._scope.is_wider(decision)

    def _save(self, changed: Consent, stored: Consent | None) -> None:
        """Write the consent and, if no later write will do it, the decision to the history. Raises Moved or TryAgain."""
        if stored is not None and self.outcome is not Outcome.CHANGED and self._is_only:
            self._ledger.save_and_append(changed, stored, self.decision, self.outcome, self._now)
            self.in_history = True
        else:
            self._ledger.save(changed, replacing=stored)
        self.is_written = True


def _at_known_time(decision: Decision, stored: Consent) -> Decision:
    """Return the decision with the earliest time that the consent has of it."""
    known = [decision.at]
    if stored.decided_by == decision.id and stored.decided_at != UNKNOWN_TIME:
        known.append(stored.decided_at)
    if stored.outbox is not None and stored.outbox.id == decision.id:
        known.append(stored.outbox.at)
    return replace(decision, at=min(known))


def _may_be_withdrawn(decision: Decision, stored: Consent, withdrawn: Collection[str]) -> bool:
    """Return whether a decision in the history may belong to an import that was undone.

    If that is not known, an opt-out counts as not withdrawn, and an opt-in as withdrawn.
    """
    if decision.import_id is None:
        return False
    return decision.import_id in withdrawn or (stored.withdrawn_at is not None and decision.asked is Asked.OPT_IN)


def _order(decision: Decision) -> tuple[datetime, bool]:
    """Return a sort key by time; at equal times an opt-out is newer."""
    return decision.at, decision.asked is Asked.OPT_OUT


def _earliest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return each decision at its earliest time, by id."""
    found: dict[str, Decision] = {}
    for each in decisions:
        if each.id not in found or each.at < found[each.id].at:
            found[each.id] = each
    return found


def _not_in_history(consent: Consent) -> tuple[Decision, ...]:
    """Return the decision in the outbox, which may not be in the history yet, or nothing."""
    return (consent.outbox,) if consent.outbox is not None else ()


def _time_matters(decision: Decision, stored: Consent, outcome: Outcome) -> bool:
    """Return whether the effect could differ if an earlier copy of this decision or of the newest one exists.

    A newest decision that confirms the status cannot undo anything. So the common cases need no look-up: a first request, a
    repeated one, a redelivery. Imported decisions are never published twice.
    """
    if stored.decided_by == decision.id:
        return decision.at < stored.decided_at
    if outcome is Outcome.CHANGED:
        outbox = stored.outbox
        return outbox is None or outbox.id != decision.id or decision.at < outbox.at
    return outcome is Outcome.STALE and not decision.waits_behind_texts
