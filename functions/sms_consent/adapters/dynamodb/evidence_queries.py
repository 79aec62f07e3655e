"""Reads of the evidence chain: one number's, or all numbers' by a scan in which memory does not grow with the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.chain import CHAIN, FACT, SALTS, content_of
from sms_consent.adapters.dynamodb.codec import decode, from_attributes
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.pages import pages
from sms_consent.domain.chain_verification import ChainReport, Entry, SealedText, verify_chain
from sms_consent.domain.consent import ChainHead, Consent, Drift
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.evidence import Fact
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.reply import ReplyThread
from sms_consent.queries.evidence import PersonEvidence, person_evidence

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoEvidence", "entry_from"]

PAGE = 500
"""Items of one page of the scan."""
READS = 3
"""How often a number with findings is read before they are reported: a transaction may be written during a read."""

Attributes = Mapping[str, Any]


def entry_from(attributes: Attributes) -> Entry:
    """Return a stored decision or fact for verification. Attributes that cannot be read are left out."""
    item = from_attributes(attributes)
    sequence, previous, digest = item.get("sequence"), item.get("previous"), item.get("digest")
    is_fact = item["sk"].startswith(FACT)
    decision, outcome, recorded_at = (None, None, None) if is_fact else items.decision_from(item)
    fact = decode(Fact, item) if is_fact else None
    texts = {
        name: SealedText(
            str(item[name]) if name in item else None, _text_or_none(item.get(salt)), _text_or_none(item[f"{name}_digest"])
        )
        for name, salt in SALTS.items() if f"{name}_digest" in item
    }  # fmt: skip
    if sequence is not None:  # a text that was added to an entry without one
        texts |= {name: SealedText(str(item[name]), None, None) for name in SALTS if name in item and name not in texts}
    return Entry(
        sequence=sequence if isinstance(sequence, int) and not isinstance(sequence, bool) else None,
        previous=_text_or_none(previous), digest=_text_or_none(digest), content=content_of(attributes), texts=texts,
        recorded_at=fact.at if fact is not None else recorded_at, decision=decision, outcome=outcome, fact=fact,
    )  # fmt: skip


class DynamoEvidence:
    """``EvidenceQueries`` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str, names: Callable[[], ListNames] = ListNames) -> None:
        self._client = client
        self._table = table
        self._names = names

    def person(self, number: str) -> PersonEvidence:
        """Return a number's evidence by consistent queries. They are repeated if a transaction may have been written
        between them."""
        stored = _Partition(self._items_of(number))
        for _ in range(READS - 1):
            if stored.report.is_intact:
                break
            stored = _Partition(self._items_of(number))
        consents = DynamoConsentQueries(self._client, self._table, self._names).consents(number)
        return person_evidence(number, stored.entries, stored.report, consents, stored.threads, stored.drifts)

    def reports(self) -> Iterator[tuple[str, ChainReport]]:
        """Scan the table and verify each number. A scan returns a number's items together.

        A number with findings is read again by itself: entries may have been written while the scan read them.
        """
        for number, found in groupby(self._scanned(), key=lambda attributes: str(attributes["pk"]["S"])):
            partition = _Partition(found)
            if partition.is_person:
                intact = partition.report.is_intact
                yield number, partition.report if intact else self.person(number).chain

    def _items_of(self, number: str) -> Iterator[Attributes]:
        for page in pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :number",
            ExpressionAttributeValues={":number": {"S": number}},
            ConsistentRead=True,
        ):
            yield from page["Items"]

    def _scanned(self) -> Iterator[Attributes]:
        for page in pages(
            self._client.scan,
            TableName=self._table,
            FilterExpression=" OR ".join(f"begins_with(sk, :{kind})" for kind in _KINDS),
            ExpressionAttributeValues={f":{kind}": {"S": prefix} for kind, prefix in _KINDS.items()},
            ConsistentRead=True,
            Limit=PAGE,
        ):
            yield from page["Items"]


_KINDS = {"decision": items.DECISION, "fact": FACT, "chain": CHAIN, "list": items.LIST, "answer": items.ANSWER}


class _Partition:
    """The stored items of one number."""

    def __init__(self, found: Iterable[Attributes]) -> None:
        self.entries: list[Entry] = []
        self.threads: list[ReplyThread] = []
        self.drifts: list[Drift] = []
        self._consents: list[Consent] = []
        self._head: ChainHead | None = None
        for attributes in found:
            self._add(attributes)
        self.report = verify_chain(
            self.entries,
            self._head,
            [consent.chain for consent in self._consents if consent.chain is not None],
            outside_writes=sum(each.outside_writes for each in self._consents)
            + sum(each.outside_writes for each in self.threads),
        )

    @property
    def is_person(self) -> bool:
        """Whether the partition belongs to a phone number."""
        return bool(self.entries or self._consents or self._head)

    def _add(self, attributes: Attributes) -> None:
        item = from_attributes(attributes)
        key = str(item["sk"])
        if key.startswith((items.DECISION, FACT)):
            self.entries.append(entry_from(attributes))
        elif key.startswith(items.LIST):
            self._consents.append(items.consent_from(item))
        elif key.startswith(items.ANSWER):
            self.threads.append(items.thread_from(item)[1])
        elif key.startswith(items.DRIFT):
            with suppress(Unreadable):  # of a kind that a newer version added
                self.drifts.append(decode(Drift, item))
        elif key == CHAIN:
            with suppress(Unreadable):  # reported as missing
                self._head = decode(ChainHead, item)


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None
