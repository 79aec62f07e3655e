"""The evidence chain in the ledger's table: its items, and the transactions that write them with their head.

Every entry has ``sequence``, ``previous`` and ``digest``. The digest covers the whole item as DynamoDB's API returns it, without
``digest`` itself, the texts and their salts: texts are in it by their salted digests. docs/evidence.md shows how to recompute it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from sms_consent.adapters.dynamodb.codec import (
    Attributes,
    decode,
    encode,
    from_attributes,
    integer,
    member,
    moment,
    nested,
    register,
    text,
)
from sms_consent.adapters.error_mapping import AWS_ERRORS, ConditionFailed, TransactionCancelled, translation_of
from sms_consent.domain.consent import ChainHead, Consent, DriftKind, Listing, Status
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Throttled, Unreadable
from sms_consent.domain.evidence import Fact, FactKind, digest_of_content, digest_of_text
from sms_consent.domain.reply import ReplyKind, ReplyState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = [
    "CHAIN", "FACT", "IN_CHAIN", "SALTS", "EvidenceChain", "NewEntry", "Put", "content_of", "decision_entry", "fact_entries",
    "linked", "outside_writes",
]  # fmt: skip

FACT, CHAIN = "FACT#", "CHAIN"

SALTS = {"body": "salt", "matched": "matched_salt"}
"""The attributes that hold texts, and the attributes that hold their salts. Both are erased together."""

NOT_COVERED = frozenset({"digest", *SALTS, *SALTS.values()})
"""The attributes of an entry that its digest does not cover."""

IN_CHAIN = ("sequence", "previous", "digest", *SALTS.values(), *(f"{name}_digest" for name in SALTS))
"""The attributes that the chain adds to a decision."""

ATTEMPTS = 12
"""How often a transaction is tried while others write entries of the same number."""
RETURNED: Mapping[str, Any] = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
FAILED, CONFLICT = "ConditionalCheckFailed", "TransactionConflict"
MOST_HEADS = 1000
"""Numbers whose newest entry a process remembers, so that its next entry needs no second attempt."""


@dataclass(frozen=True, slots=True)
class Put:
    """A record to write, and the condition on which it replaces what is stored."""

    record: Any
    condition: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict)  # further attributes
    key: Mapping[str, str] = field(default_factory=dict)  # values of the key that are no fields of the record

    def after(self, head: ChainHead) -> tuple[Attributes, Mapping[str, Any]]:
        """Return the record's item and its condition, to be written together with entries. ``head`` is the head after
        them."""
        record = replace(self.record, chain=head) if isinstance(self.record, Consent) else self.record
        return encode(record, self.more, **self.key), self.condition


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A decision or fact that is to be written, and when it is recorded."""

    record: Decision | Fact
    recorded_at: datetime
    more: Mapping[str, Any]  # further attributes


def decision_entry(decision: Decision, outcome: Outcome, recorded_at: datetime) -> NewEntry:
    """Return a decision as a new entry of the chain, with a new salt for each text."""
    more: dict[str, Any] = {"outcome": outcome, "recorded_at": recorded_at}
    for name, salt in SALTS.items():
        text = getattr(decision, name)
        if text is not None:
            more[salt] = os.urandom(16).hex()
            text = text.encode("utf-8", "replace").decode("utf-8")  # as the codec stores it
            more[f"{name}_digest"] = digest_of_text(more[salt], text)
    return NewEntry(decision, recorded_at, more)


def fact_entries(facts: Iterable[Fact], recorded_at: datetime) -> list[NewEntry]:
    """Return facts as new entries of the chain."""
    return [NewEntry(fact, recorded_at, {"recorded_at": recorded_at}) for fact in facts]


def outside_writes(item: Mapping[str, Any]) -> int:
    """Return how many writes of a record may be by a release without the evidence chain: it raises only the revision.

    The release of November 2026 also drops attributes that it does not know. Then any of the writes may be its own.
    """
    chained, counted, revision = item.get("chained_revision", 0), item.get("outside_writes", 0), item.get("revision")
    if not isinstance(chained, int) or not isinstance(counted, int) or not isinstance(revision, int):
        return 1
    return counted + max(0, revision - chained)


def content_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an entry's item that its digest covers."""
    return {name: value for name, value in attributes.items() if name not in NOT_COVERED}


def linked(entries: Sequence[NewEntry], base: ChainHead | None) -> tuple[list[Attributes], ChainHead]:
    """Return the items of entries that continue a chain, and the head after them.

    Args:
        entries: At least one.
        base: The entry that they follow; None begins a chain.
    """
    sequence, digest = (base.sequence, base.digest) if base is not None else (0, None)
    begun_at = base.begun_at if base is not None else entries[0].recorded_at
    made: list[Attributes] = []
    for entry in entries:
        sequence += 1
        made.append(encode(entry.record, {**entry.more, "sequence": sequence}, sequence=f"{sequence:010d}"))
    for item in made:
        if digest is not None:
            item["previous"] = {"S": digest}
        digest = digest_of_content(item, NOT_COVERED)
        item["digest"] = {"S": digest}
    return made, ChainHead(sequence, cast("str", digest), begun_at)


class EvidenceChain:
    """Writes entries of the evidence chain, each with its head and the record that it belongs to in one transaction."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._heads: dict[str, ChainHead] = {}

    def write(
        self,
        number: str,
        entries: Sequence[NewEntry],
        *,
        known: ChainHead | None = None,
        record: Put | None = None,
    ) -> tuple[list[NewEntry], ChainHead | None]:
        """Write entries, the head and a record in one transaction, without a read.

        The newest entry is guessed. If the guess is wrong, the refused transaction returns the stored head.

        Args:
            number: The number.
            entries: Decisions and facts. A decision that is in the history already is left out.
            known: The newest entry that the record refers to, if it was read.
            record: The record. A consent is written with the head after the entries.

        Returns:
            The entries that were written, and the head after them. If there are none, the record was not written either.

        Raises:
            ConditionFailed: The record has changed; it has the stored item.
            TryAgain: DynamoDB did not respond, or others wrote entries of this number before every attempt.
        """
        left = list(entries)
        base = _newest(known, self._heads.get(number))
        is_stored = _is_head(base)
        collisions = 0
        for _ in range(ATTEMPTS):
            if not left:
                return left, None
            made, head = linked(left, base)
            puts = [(item, _ABSENT) for item in made]
            puts.append((encode(head, number=number), is_stored))
            if record is not None:
                puts.append(record.after(head))
            reasons = self._transact(puts)
            if not reasons:
                if len(self._heads) >= MOST_HEADS:
                    self._heads.clear()
                self._heads[number] = head
                return left, head
            if record is not None and reasons[-1].get("Code") == FAILED:
                raise ConditionFailed(reasons[-1].get("Item", {}))
            of_entries, of_head = reasons[: len(left)], reasons[len(left)]
            if of_head.get("Code") == FAILED:
                is_stored, stored = _read_head(of_head.get("Item"))
                base = _newest(stored, base if collisions else known)
            elif (fact := _existing_fact(of_entries)) is not None:
                # The head was removed or set back by hand. Entries are not overwritten: leave a gap, which verification reports.
                collisions += 1
                base = _beyond(fact, collisions, base)
            left = [
                entry
                for entry, reason in zip(left, of_entries, strict=True)
                if isinstance(entry.record, Fact) or reason.get("Code") != FAILED
            ]
        raise Throttled("the evidence chain was changed by others before every attempt to write it")

    def _transact(self, puts: Sequence[tuple[Attributes, Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        """Write everything or nothing. Return the reason for each put that was refused; empty if all were written."""
        writes: Any = [
            {"Put": {"TableName": self._table, "Item": item, **RETURNED, **condition}} for item, condition in puts
        ]
        try:
            self._client.transact_write_items(TransactItems=writes)
        except AWS_ERRORS as error:
            failure = translation_of(error)
            if not isinstance(failure, TransactionCancelled):
                raise failure from error
            reasons = [*failure.reasons, *({} for _ in puts)][: len(puts)]
            if any(reason.get("Code") not in {None, "None", FAILED, CONFLICT} for reason in reasons):
                raise failure from error  # throttled
            return reasons
        return ()


_ABSENT: Mapping[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}


def _is_head(stored: ChainHead | None) -> Mapping[str, Any]:
    """Return the condition that this head is still stored, or that there is none."""
    if stored is None:
        return _ABSENT
    return {
        "ConditionExpression": "#digest = :digest",
        "ExpressionAttributeNames": {"#digest": "digest"},
        "ExpressionAttributeValues": {":digest": {"S": stored.digest}},
    }


def _newest(*heads: ChainHead | None) -> ChainHead | None:
    return max((head for head in heads if head is not None), key=lambda head: head.sequence, default=None)


def _read_head(item: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ChainHead | None]:
    """Return the condition that the stored head has not changed, and the head: None if it is absent or cannot be read."""
    if not item:
        return _ABSENT, None
    try:
        head = decode(ChainHead, from_attributes(item))
    except Unreadable:
        return {"ConditionExpression": "attribute_exists(pk)"}, None
    return _is_head(head), head


def _existing_fact(reasons: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the newest stored fact whose sequence number we tried to use, or None."""
    found = [reason["Item"] for reason in reasons if reason.get("Code") == FAILED and "Item" in reason]
    facts = [item for item in found if item["sk"]["S"].startswith(FACT)]
    return from_attributes(facts[-1]) if facts else None


def _beyond(item: Mapping[str, Any], collisions: int, base: ChainHead | None) -> ChainHead | None:
    """Return a guess of the head beyond an existing entry, further away with each collision."""
    known = base or ChainHead(0, "")
    with suppress(Unreadable):
        known = decode(ChainHead, item)
    begun_at = base.begun_at if base is not None else None
    if begun_at is None:
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            begun_at = moment(item["recorded_at"])
    return ChainHead(known.sequence + 2**collisions - 2, known.digest, begun_at)


def _place(value: Any) -> int:
    """Return a sequence number of at most ten digits, as an entry's key has. Raises TypeError or ValueError otherwise."""
    if not 1 <= integer(value) < 10**10:
        raise ValueError("no sequence number of an entry")
    return integer(value)


register(
    ChainHead,
    key=("{number}", CHAIN),
    fields={"sequence": _place, "digest": text, "begun_at": moment},
)
register(
    Fact,
    key=("{number}", FACT + "{sequence}"),
    fields={
        "kind": member(FactKind),
        "number": text,
        "at": moment,
        "list_name": text,
        "decision_id": text,
        "since": moment,
        "listing": nested(Listing),
        "deleted_at": moment,
        "until": moment,
        "reason": text,
        "reply": member(ReplyKind),
        "state": member(ReplyState),
        "message_id": text,
        "text": text,
        "language": text,
        "sender": text,
        "drift": member(DriftKind),
        "status": member(Status),
        "entries": integer,
        "actor": text,
    },
    names={"number": "pk", "at": "recorded_at", "decision_id": "decision"},
    stand_ins={"kind": FactKind.UNKNOWN.value},
    ignored=("sequence", "previous", "digest"),
)
