"""Facts and the evidence chain: what happened after each decision, and digests that show whether an entry was changed.

Facts are derived from a record before and after a write, as operational events are. So no code can write a state without its
facts, and they are written in the same transaction. Decisions and facts of one number form a chain: each entry has a sequence
number, the digest of the entry before it, and the digest of its content. docs/evidence.md defines the encoding.

A reader gets everything about a person from ``queries.evidence``::

    person = evidence_queries.person("+14255550182")       # PersonEvidence
    for entry in person.decisions:                         # oldest first
        entry.decision, entry.outcome, entry.recorded_at   # who asked for what, and when it was recorded
        for fact in entry.facts:                           # in the order in which they were recorded
            fact.kind, fact.at, fact.listing, fact.text    # on the list, AWS's answer, the reply's exact words, …
    person.chain.findings                                  # empty if no entry was changed, removed or inserted
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sms_consent.domain.consent import UNKNOWN_TIME, ChainHead, Consent, DriftKind, Listing, Status
from sms_consent.domain.decision import Decision
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.reply import RecentReply, Reply, ReplyKind, ReplyState, ReplyThread

__all__ = [
    "ChainHead",
    "Fact",
    "FactKind",
    "digest_of_content",
    "digest_of_text",
    "dropped_from_outbox",
    "facts_of",
    "facts_of_thread",
]

_ENDINGS = frozenset({ReplyState.SENT, ReplyState.SKIPPED, ReplyState.FAILED, ReplyState.UNKNOWN})


class FactKind(StrEnum):
    """The kind of a fact."""

    LISTED = "LISTED"  # the list accepted the number: ``listing`` is AWS's answer
    FOUND_LISTED = "FOUND_LISTED"  # a look-up before a deferred opt-in found the number on the list
    REMOVED = "REMOVED"  # the number is off the list: deleted at ``deleted_at``, or None if it was not listed
    DEFERRED = "DEFERRED"  # an opt-in waits for the 30 days, until ``until``
    RELEASED = "RELEASED"  # a deferred opt-in was carried out; otherwise like REMOVED
    REFUSED = "REFUSED"  # AWS refused an opt-in for ``reason``; it is tried again at ``until``
    REJECTED = "REJECTED"  # AWS rejected a list call for ``reason``
    REPLIED = "REPLIED"  # a reply was sent, or was not for ``reason``: see ``state``
    DRIFT = "DRIFT"  # reconcile found a difference between list and ledger, and corrected it
    ERASED = "ERASED"  # the history before this entry was erased
    UNKNOWN = "UNKNOWN"  # replaces a value that a newer version wrote; never written


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact about a number. Fields that its kind does not have are None."""

    kind: FactKind
    number: str
    at: datetime = UNKNOWN_TIME  # when it was recorded: the ledger sets it
    list_name: str | None = None
    decision_id: str | None = None  # the decision that it results from
    since: datetime | None = None  # the time since which list and ledger differ; of ERASED, when the chain began
    listing: Listing | None = None
    deleted_at: datetime | None = None
    until: datetime | None = None
    reason: str | None = None
    reply: ReplyKind | None = None
    state: ReplyState | None = None
    message_id: str | None = None
    text: str | None = None  # the exact words of a reply that was sent, or may have been
    language: str | None = None
    sender: str | None = None  # the origination identity that the reply was sent from
    drift: DriftKind | None = None
    status: Status | None = None  # of DRIFT: the status in the ledger; None if there was no consent
    entries: int | None = None  # of ERASED: how many entries were erased
    actor: str | None = None  # of ERASED: who erased them
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @property
    def delay(self) -> timedelta | None:
        """The time from the request, or from the finding of the drift, to this fact; None if neither is known."""
        return self.at - self.since if self.since is not None and self.kind is not FactKind.ERASED else None


def digest_of_content(content: Mapping[str, Any], not_covered: Collection[str] = ()) -> str:
    """Return the SHA-256, in hexadecimal, of an entry's canonical encoding: JSON with sorted keys, without spaces, in UTF-8.

    Args:
        content: Strings, whole numbers, booleans, lists and maps, by name: the entry's key, its sequence number and the digest of
            the entry before it among them, and in place of each text its digest. Bytes, which only other software writes, count
            in Base64.
        not_covered: Names that are left out.
    """
    if not_covered:
        content = {name: value for name, value in content.items() if name not in not_covered}
    text = json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_base64
    )
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def digest_of_text(salt: str, text: str) -> str:
    """Return the SHA-256 of a salt and a text, in UTF-8. Without the salt the text cannot be guessed from it."""
    return sha256((salt + text).encode("utf-8", "surrogatepass")).hexdigest()


def facts_of(before: Consent | None, after: Consent) -> list[Fact]:
    """Return the facts that a consent's write records, in order. ``before`` is the consent that is replaced, or None."""
    facts = []
    is_drift = after.drift_found_at is not None and (before is None or before.drift_found_at != after.drift_found_at)
    if is_drift:
        facts.append(_fact(FactKind.DRIFT, after, {
            "drift": after.drift, "status": before.status if before is not None else None,
            "listing": after.listing if after.drift is not DriftKind.NOT_LISTED else None,
        }))  # fmt: skip
    listed = _of_the_list(before, after, is_drift=is_drift)
    if listed is not None:
        facts.append(_fact(listed, after, _details(listed, before, after)))
    if after.rejection is not None and (before is None or before.rejection != after.rejection):
        facts.append(_fact(FactKind.REJECTED, after, {"reason": after.rejection}))
    if after.answer is not None and after.answer.state in _ENDINGS:
        facts += _replied(before.answer if before is not None else None, after.answer, after.number)
    if after.recent_replies:
        known = before.recent_replies if before is not None else ()
        facts += _superseded(known, after.recent_replies[-1], after.answer, after.number)
    return facts


def dropped_from_outbox(before: Consent | None, after: Consent) -> Decision | None:
    """Return the decision that a write drops from a consent's outbox: the ledger moves it to the history in the same write."""
    outbox = before.outbox if before is not None else None
    if outbox is None or (after.outbox is not None and after.outbox.id == outbox.id):
        return None
    return outbox


def facts_of_thread(before: ReplyThread | None, after: ReplyThread) -> list[Fact]:
    """Return the facts that a reply thread's write records."""
    facts = []
    if after.answer.state in _ENDINGS:
        facts += _replied(before.answer if before is not None else None, after.answer, after.number)
    if after.recent_replies:
        known = before.recent_replies if before is not None else ()
        facts += _superseded(known, after.recent_replies[-1], after.answer, after.number)
    return facts


def _fact(kind: FactKind, after: Consent, details: Mapping[str, Any]) -> Fact:
    return Fact(kind=kind, number=after.number, list_name=after.list_name, decision_id=after.decided_by, **details)


def _details(kind: FactKind, before: Consent | None, after: Consent) -> Mapping[str, Any]:
    if kind is FactKind.DEFERRED:
        return {"until": after.held_until}
    if kind is FactKind.REFUSED:
        return {"until": after.held_until, "reason": after.refusal}
    since = {"since": before.out_of_sync_since if before is not None else None}
    if kind in {FactKind.LISTED, FactKind.FOUND_LISTED}:
        return {**since, "listing": after.listing}
    is_new = before is None or before.deleted_at != after.deleted_at
    return {**since, "deleted_at": after.deleted_at if is_new else None}


def _of_the_list(before: Consent | None, after: Consent, *, is_drift: bool) -> FactKind | None:
    """Return the fact about the list that a write records, or None. At most one thing happens to the list between two
    writes."""
    pending = after.status is Status.OPT_IN_PENDING
    was_pending = before is not None and before.status is Status.OPT_IN_PENDING
    again = before is None or after.attempts > before.attempts
    if pending and after.refusal is not None and (again or not was_pending):
        return FactKind.REFUSED
    if pending and not was_pending:
        return FactKind.DEFERRED
    if before is None or is_drift:
        return None  # the entry on the list is part of the drift
    if before.withdrawn_at != after.withdrawn_at:
        return None  # an import was undone, without a look at the list
    newly_settled = after.settled and not before.settled
    opted_out = after.status is Status.OPTED_OUT
    if after.listed is True and (before.listed is not True or (newly_settled and opted_out)):
        return FactKind.FOUND_LISTED if pending else FactKind.LISTED
    carried_out = after.status is Status.OPTED_IN and after.settled and (was_pending or not before.settled)
    if carried_out or (after.listed is False and before.listed is not False):
        return FactKind.RELEASED if carried_out and was_pending else FactKind.REMOVED
    return None


def _superseded(known: Sequence[RecentReply], newest: RecentReply, answer: Reply | None, number: str) -> list[Fact]:
    """Return the fact about a reply that was sent although a newer request had replaced it, or nothing."""
    reply = newest.reply
    if reply is None or newest in known or (answer is not None and answer.decision_id == reply.decision_id):
        return []
    return _replied(None, reply, number)


def _replied(before: Reply | None, after: Reply, number: str) -> list[Fact]:
    if before is not None and (before.decision_id, before.state) == (after.decision_id, after.state):
        return []
    return [Fact(
        kind=FactKind.REPLIED, number=number, decision_id=after.decision_id, reply=after.kind, state=after.state,
        message_id=after.message_id, text=after.text, language=after.language, sender=after.sent_from or after.sender,
        reason=after.reason,
    )]  # fmt: skip
