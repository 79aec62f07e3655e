"""Erasure of a person's history, in an order that keeps running workers from writing a part of it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.chain import FACT, EvidenceChain, fact_entries
from sms_consent.adapters.dynamodb.codec import decode, encode, from_attributes, key_of
from sms_consent.adapters.dynamodb.items import DRIFT
from sms_consent.adapters.dynamodb.store import guard
from sms_consent.adapters.error_mapping import is_condition_failed
from sms_consent.domain.consent import ChainHead, Consent
from sms_consent.domain.erasure_policy import Stays, what_stays
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.evidence import Fact, FactKind
from sms_consent.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["AtWork", "Erased", "Erasure"]

PAUSE, ROUNDS = 2.0, 60
"""Seconds between attempts, and the number of attempts: longer than a lost worker's lease."""

_KINDS = {items.DECISION: "decisions", items.ANSWER: "answers", DRIFT: "drifts", FACT: "facts"}


class AtWork(Exception):
    """A worker has the lease for this person. Its next write would store a part of the history again."""

    def __init__(self) -> None:
        super().__init__("a function is at work for this number: run this again in a minute")


@dataclass(slots=True)
class Erased:
    """The items that were deleted, counted by kind, and the consents that are kept."""

    gone: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*_KINDS.values(), "consents"), 0))
    stays: list[Stays] = field(default_factory=list)

    @property
    def was_known(self) -> bool:
        """Whether the ledger had anything about the number."""
        return bool(self.stays) or any(self.gone.values())


class Erasure:
    """Erases one number at a time. Its methods raise AtWork, ClientError or BotoCoreError."""

    def __init__(
        self, client: DynamoDBClient, table: str, clock: Clock, caller: Callable[[], str] = lambda: "unknown"
    ) -> None:
        """``caller`` returns the AWS identity that erases. It is stored in the entry that remains of the evidence chain."""
        self._client = client
        self._table = table
        self._clock = clock
        self._caller = caller
        self._chain = EvidenceChain(client, table)

    def preview(self, number: str) -> Erased:
        """Return what would be deleted and kept. Nothing is changed."""
        erased = Erased()
        for item in self._all(number):
            kind = self._kind(item)
            if kind == "consents":
                self._note(erased, what_stays(items.consent_from(from_attributes(item)), self._clock.now()))
            elif kind is not None:
                erased.gone[kind] += 1
        return erased

    def erase(self, number: str) -> Erased:
        """Erase the history of a number.

        Consents are changed first: a worker that finds its consent changed no longer holds a decision. Everything else
        follows, until nothing is left. If a text arrives meanwhile, its history is deleted too, and its consent is kept.

        If a consent stays without a time limit, so do the head of the evidence chain and one entry, which says how many
        entries were erased, when, and by whom. It is written before they are deleted, so the chain can be verified at any
        time.
        """
        erased = Erased()
        for item in self._all(number):
            if self._kind(item) == "consents":
                self._note(erased, self._stripped(items.consent_from(from_attributes(item))))
        kept = {items.REJECTED + stays.consent.list_name for stays in erased.stays}  # sweep tries these again
        for item in self._all(number):
            if item["sk"]["S"].startswith(items.REJECTED) and item["sk"]["S"] not in kept:
                self._delete(item)
        keeps_chain = any(stays.until is None for stays in erased.stays)
        while True:
            head = self._item(key_of(ChainHead, number=number))
            everything = list(self._all(number))
            going = [item for item in everything if self._kind(item) not in {"consents", None}]
            if not going and (keeps_chain or self._without_chain(everything, head)):
                return erased
            if keeps_chain:
                self._write_down(number, head, going)
            for item in going:
                self._delete(item)
                erased.gone[str(self._kind(item))] += 1
            for item in filter(_is_erasure, everything):  # of an earlier erasure
                self._delete(item)

    def _without_chain(self, everything: Sequence[dict[str, Any]], head: dict[str, Any] | None) -> bool:
        """Delete the head. Return False, and delete nothing, if an entry was written since it was read."""
        for item in filter(_is_erasure, everything):
            self._delete(item)
        if head is None:
            return True
        if "digest" not in head:  # removed by hand
            self._delete(head)
            return True
        try:
            self._delete(
                head,
                ConditionExpression="#digest = :digest",
                ExpressionAttributeNames={"#digest": "digest"},
                ExpressionAttributeValues={":digest": head["digest"]},
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            return False
        return True

    def _delete(self, item: dict[str, Any], **condition: Any) -> None:
        self._client.delete_item(TableName=self._table, Key={"pk": item["pk"], "sk": item["sk"]}, **condition)

    def _write_down(self, number: str, stored: dict[str, Any] | None, going: Sequence[dict[str, Any]]) -> None:
        """Add the entry that replaces all earlier ones."""
        head: ChainHead | None = None
        with suppress(Unreadable):  # of a head that was changed by hand: the chain is written without it
            head = decode(ChainHead, from_attributes(stored)) if stored is not None else None
        now = self._clock.now()
        erased = Fact(
            kind=FactKind.ERASED, number=number, since=head.begun_at if head is not None else now, actor=self._caller(),
            entries=sum(self._kind(item) in {"decisions", "facts"} for item in going),
        )  # fmt: skip
        self._chain.write(number, fact_entries([erased], now), known=head)

    def _stripped(self, consent: Consent) -> Stays | None:
        """Write a consent without its history. The write is conditional, so an opt-out that arrives meanwhile is not lost."""
        for _ in range(ROUNDS):
            now = self._clock.now()
            if not consent.leased_at(now):
                stays = what_stays(consent, now)
                if self._put(stays, consent):
                    return stays
            else:
                self._clock.sleep(PAUSE)
            stored = self._stored(consent)
            if stored is None:
                return None
            consent = stored
        raise AtWork

    def _put(self, stays: Stays | None, consent: Consent) -> bool:
        key: Any = key_of(Consent, number=consent.number, list_name=consent.list_name)
        try:
            if stays is None:
                self._client.delete_item(TableName=self._table, Key=key, **guard(consent))
            else:
                # The next write of the consent removes it: the consent is in use again.
                expires = int(stays.until.timestamp()) if stays.until is not None else None
                item = encode(stays.consent, {items.EXPIRES: expires})
                self._client.put_item(TableName=self._table, Item=item, **guard(consent))
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            return False
        return True

    def _stored(self, consent: Consent) -> Consent | None:
        item = self._item(key_of(Consent, number=consent.number, list_name=consent.list_name))
        return items.consent_from(from_attributes(item)) if item is not None else None

    def _item(self, key: Any) -> Any:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _all(self, number: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :number",
            ExpressionAttributeValues={":number": {"S": number}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def _kind(self, item: dict[str, Any]) -> str | None:
        """Return the kind of an item that is erased; None for an item that stays."""
        key: str = item["sk"]["S"]
        if _is_erasure(item):
            return None
        if key.startswith(items.LIST):
            return "consents"
        return next((name for prefix, name in _KINDS.items() if key.startswith(prefix)), None)

    @staticmethod
    def _note(erased: Erased, stays: Stays | None) -> None:
        if stays is None:
            erased.gone["consents"] += 1
        else:
            erased.stays.append(stays)


def _is_erasure(item: dict[str, Any]) -> bool:
    """Return whether an item is the entry that remains after an erasure."""
    return item["sk"]["S"].startswith(FACT) and item.get("kind") == {"S": FactKind.ERASED.value}
