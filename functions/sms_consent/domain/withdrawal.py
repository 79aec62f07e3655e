"""Withdrawal of an imported decision: the consent becomes what it would be if the import had never been made. Pure.

The newest of the other decisions counts again, at its own time. If there is none, the consent is open for a decision of any
time: a STOP that was texted before the withdrawal and arrives after it must count, and so must the same line of a corrected
file. A person's own request is never withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sms_consent.domain.consent import Consent, Due, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.transitions import by_end_user, decide

__all__ = ["NO_REQUEST", "THROUGH", "Withdrawal", "WithdrawalEffect", "is_withdrawal", "withdraw", "withdrawn_imports"]

THROUGH = "import-undo"
"""The channel of a withdrawal."""
NO_REQUEST = datetime(2000, 1, 1, tzinfo=UTC)
"""The time of a consent without a remaining request. Imports refuse earlier times, so every request is later."""


class WithdrawalEffect(StrEnum):
    """What the withdrawal of an import does to one number on one list."""

    SUPERSEDED = "superseded"  # a newer decision counts already
    STAYS_OPTED_OUT = "staysOptedOut"  # another request asks for the same, such as the person's own STOP
    STAYS_OPTED_IN = "staysOptedIn"
    NOT_LISTED = "notListed"  # opted in; the number had not been put on the list, so no deletion is needed
    DELETION = "deletion"  # opted in; sweep deletes the number from the list
    PENDING = "pending"  # opt-in pending: AWS allows the deletion only 30 days after the last one
    OPTED_OUT_AGAIN = "optedOutAgain"  # an imported opt-in is withdrawn, and an earlier opt-out counts again
    TEXTED = "texted"  # the person texted it, according to an imported message log: unchanged unless requested
    DONE_BEFORE = "doneBefore"  # withdrawn by an earlier run
    UNDECIDED = "undecided"  # the number has too many decisions to find the one that would count: unchanged
    ERASED = "erased"  # the person's history was erased: unchanged


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The effect, and what is to be written in one transaction; nothing without a consent."""

    effect: WithdrawalEffect
    consent: Consent | None = None
    decision: Decision | None = None
    outcome: Outcome | None = None


def is_withdrawal(decision: Decision) -> bool:
    """Return whether a decision is the withdrawal of an import, not a request."""
    return decision.through == THROUGH


def withdrawn_imports(decisions: Iterable[Decision], list_name: str) -> set[str]:
    """Return the ids of the imports that a number's decisions withdraw, for one list."""
    return {
        each.import_id
        for each in decisions
        if is_withdrawal(each) and each.list_name == list_name and each.import_id is not None
    }


def withdraw(
    stored: Consent | None,
    recorded: Collection[Decision] | None,
    import_id: str,
    *,
    counts: Callable[[Decision], bool],
    actor: str,
    now: datetime,
    texted: bool = False,
) -> Withdrawal:
    """Withdraw what an import recorded for one number on one list.

    Args:
        stored: The consent, or None.
        recorded: Every decision in the number's history; None if there are too many to read.
        import_id: The import.
        counts: Returns whether an opt-out or opt-in in the history counts for this list.
        actor: Who withdraws it.
        now: The time.
        texted: Whether to withdraw also what people texted themselves, from an imported message log.
    """
    if recorded is None:
        return Withdrawal(WithdrawalEffect.UNDECIDED)
    if stored is None:
        return Withdrawal(WithdrawalEffect.ERASED)
    history = _at_earliest_times([*recorded, *([stored.outbox] if stored.outbox is not None else [])])
    withdrawn = withdrawn_imports(history, stored.list_name)
    own = [
        each
        for each in history
        if each.import_id == import_id and each.list_name == stored.list_name and not is_withdrawal(each)
    ]
    is_newest = stored.decided_by in {each.id for each in own}
    if import_id in withdrawn and not is_newest:
        return Withdrawal(WithdrawalEffect.DONE_BEFORE)
    if not own:
        return Withdrawal(WithdrawalEffect.ERASED)
    if not texted and any(each.author is Author.END_USER for each in own):
        return Withdrawal(WithdrawalEffect.TEXTED)
    withdrawn.add(import_id)
    others = [each for each in history if each.import_id not in withdrawn and _is_request(each) and counts(each)]
    base = replace(_without(stored, own, others), withdrawn_at=now)
    marker = Decision(
        id=f"undo-{import_id}-{sha256(stored.list_name.encode('utf-8', 'replace')).hexdigest()[:8]}",
        number=stored.number, asked=Asked.OPT_IN, at=max(each.at for each in own), author=Author.AGENT, through=THROUGH,
        actor=actor, reference=import_id, list_name=stored.list_name, import_id=import_id,
    )  # fmt: skip
    erased = _erased_opt_out(stored, recorded) or _opt_out_before(stored, own, history)
    if not is_newest:
        return Withdrawal(WithdrawalEffect.SUPERSEDED, _with_requests(base, others, erased), marker, Outcome.STALE)
    found = _newest_again(base, max(others, key=_order, default=None), marker, now, erased)
    return replace(found, consent=_with_requests(found.consent, others, erased) if found.consent is not None else None)


def _erased_opt_out(stored: Consent, recorded: Iterable[Decision]) -> datetime | None:
    """Return the time of the first opt-out request if it is missing from the history, such as after an erasure.

    It may be an agent's entry for the person, so it counts like any other request.
    """
    first = stored.first_asked_out_at
    if stored.status is not Status.OPTED_OUT or first is None:
        return None
    known = {each.at for each in recorded} | ({stored.outbox.at} if stored.outbox is not None else set())
    return first if first not in known else None


def _opt_out_before(stored: Consent, own: Collection[Decision], history: Iterable[Decision]) -> datetime | None:
    """Return the time of a withdrawn opt-in if the number was on the list before it and the history has no opt-out."""
    at = max(each.at for each in own)
    deleted = stored.deleted_at is not None and stored.deleted_at >= at
    if stored.status is Status.OPTED_OUT or not (deleted or stored.listed is True):
        return None
    return None if any(each.asked is Asked.OPT_OUT and not is_withdrawal(each) for each in history) else at


def _newest_again(
    base: Consent, newest: Decision | None, marker: Decision, now: datetime, erased: datetime | None
) -> Withdrawal:
    """Return the withdrawal after which ``newest``, the newest of the other decisions, counts again.

    ``erased`` is the time of an opt-out request that is no longer in the history.
    """
    asked, at = (newest.asked, newest.at) if newest is not None else (Asked.OPT_IN, NO_REQUEST)
    if erased is not None and erased >= at:
        newest, asked, at = None, Asked.OPT_OUT, erased
    if _asked_since(base, at):
        newest, asked, at = (
            None,
            Asked.OPT_OUT,
            base.asked_out_at or at,
        )  # recorded, but not yet or no longer in the history
    marker = replace(marker, asked=asked, at=at)
    by = newest or marker
    opted_out = base.status is Status.OPTED_OUT
    if (asked is Asked.OPT_OUT) is opted_out:
        urgent = base.due is Due.IMPORTED and newest is not None and not newest.waits_behind_texts
        same = replace(
            base, decided_at=at, decided_by=by.id, decided_author=by.author,
            due=Due.OPT_OUT if urgent else base.due,
        )  # fmt: skip
        effect = WithdrawalEffect.STAYS_OPTED_OUT if opted_out else WithdrawalEffect.STAYS_OPTED_IN
        return Withdrawal(effect, same, marker, Outcome.CONFIRMED)
    older = replace(base, decided_at=at - timedelta(milliseconds=1), revision=base.revision - 1)
    changed = decide(older, marker, base.list_name, now=now, lease=None, answer=None)[1]
    assert changed is not None  # noqa: S101  it is newer than ``older``, and asks for something else
    changed = replace(
        changed, decided_by=by.id, decided_author=by.author, asked_out_at=base.asked_out_at,
        opted_in_at=base.opted_in_at, outbox=None,
    )  # fmt: skip
    changed = _with_end_user(changed)
    if asked is Asked.OPT_OUT:
        return Withdrawal(WithdrawalEffect.OPTED_OUT_AGAIN, changed, marker, Outcome.CHANGED)
    if changed.status is Status.OPT_IN_PENDING:
        return Withdrawal(WithdrawalEffect.PENDING, changed, marker, Outcome.CHANGED)
    if not _was_never_put(base):
        return Withdrawal(WithdrawalEffect.DELETION, changed, marker, Outcome.CHANGED)
    settled = replace(changed, applied_version=changed.version, due=None, due_at=None)
    return Withdrawal(WithdrawalEffect.NOT_LISTED, settled, marker, Outcome.CHANGED)


def _without(stored: Consent, own: Collection[Decision], others: Collection[Decision]) -> Consent:
    """Return the consent without the times and the outbox of the withdrawn decisions. Its status is unchanged."""
    asked_out_at, opted_in_at = stored.asked_out_at, stored.opted_in_at
    if any(by_end_user(each) and each.asked is Asked.OPT_OUT and each.at == asked_out_at for each in own):
        asked_out_at = max((e.at for e in others if by_end_user(e) and e.asked is Asked.OPT_OUT), default=None)
    if any(each.asked is Asked.OPT_IN and each.at == opted_in_at for each in own):
        opted_in_at = max((each.at for each in others if each.asked is Asked.OPT_IN), default=None)
    return _with_end_user(
        replace(
            stored, asked_out_at=asked_out_at, opted_in_at=opted_in_at, revision=stored.revision + 1, outbox=None,
        )
    )  # fmt: skip


def _with_requests(consent: Consent, others: Collection[Decision], erased: datetime | None) -> Consent:
    """Return the consent with the first opt-out since the newest opt-in, and the number of opt-outs since then, from
    ``others`` and the erased one."""
    if consent.status is not Status.OPTED_OUT:
        return replace(consent, first_asked_out_at=None, asked_out_count=0)
    opted_in_at = consent.opted_in_at
    asked = [e.at for e in others if e.asked is Asked.OPT_OUT and (opted_in_at is None or e.at >= opted_in_at)]
    asked += [erased] if erased is not None else []
    return replace(
        consent, first_asked_out_at=min(asked, default=consent.decided_at), asked_out_count=max(len(asked), 1)
    )


def _asked_since(consent: Consent, at: datetime) -> bool:
    """Return whether the person's own newest opt-out is later than ``at``, and no opt-in followed it."""
    asked, opted_in = consent.asked_out_at, consent.opted_in_at
    return asked is not None and asked > at and (opted_in is None or asked >= opted_in)


def _with_end_user(consent: Consent) -> Consent:
    asked, opted_in = consent.asked_out_at, consent.opted_in_at
    stands = asked is not None and (opted_in is None or asked >= opted_in)
    return replace(consent, end_user_opted_out=stands and consent.status is Status.OPTED_OUT)


def _was_never_put(consent: Consent) -> bool:
    """Return whether the opt-out is certainly not on the list: no put was made for it, and the list matched before it."""
    return (
        consent.version - consent.applied_version == 1
        and consent.listed is not True
        and consent.lease is None
        and consent.deleting is None
        and consent.uncertain_delete_at is None
        and consent.in_flight_until is None
    )


def _at_earliest_times(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions without later copies of a text: SNS may publish it again under a later time."""
    found: dict[tuple[str, datetime | None], Decision] = {}
    for each in sorted(decisions, key=lambda decision: decision.at):
        found.setdefault((each.id, None if each.author is Author.END_USER else each.at), each)
    return list(found.values())


def _is_request(decision: Decision) -> bool:
    return decision.asked in {Asked.OPT_OUT, Asked.OPT_IN} and not is_withdrawal(decision)


def _order(decision: Decision) -> tuple[datetime, bool]:
    """Return a sort key by time; at equal times an opt-out is newer."""
    return decision.at, decision.asked is Asked.OPT_OUT
