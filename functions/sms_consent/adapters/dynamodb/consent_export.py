"""Reads all consents with the decisions behind them, page by page, so that memory does not grow with the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.batch_read import MOST, found_by_key
from sms_consent.adapters.dynamodb.chain import FACT
from sms_consent.adapters.dynamodb.codec import decode, from_attributes, key_of
from sms_consent.adapters.dynamodb.pages import pages
from sms_consent.adapters.dynamodb.renamed_lists import is_merged
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Decision
from sms_consent.domain.evidence import Fact
from sms_consent.domain.ports import Clock
from sms_consent.queries.history import Entry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["stored_consents", "stored_with_facts", "unfinished_opt_ins", "with_evidence"]

WithFacts = tuple[Consent, tuple[Fact, ...]]
"""A consent, and the facts about its list and its number's replies."""

PAGE = 500
"""Items of one page: few enough for a quick response, enough that a million items take minutes."""


def with_evidence(
    client: DynamoDBClient, table: str, consents: Iterable[WithFacts], clock: Clock
) -> Iterator[tuple[Consent, tuple[Fact, ...], Entry | None]]:
    """Yield each consent with the decision behind it, or None if that was erased. Raises TryAgain or Rejected."""
    remaining = iter(consents)
    while window := list(islice(remaining, MOST)):
        yield from _read_evidence(client, table, window, clock)


def stored_consents(client: DynamoDBClient, table: str) -> Iterator[WithFacts]:
    """Yield every consent, page by page, in no order, without its facts. Raises TryAgain or Rejected."""
    for page in pages(
        client.scan,
        TableName=table,
        FilterExpression="begins_with(sk, :list)",
        ExpressionAttributeValues={":list": {"S": items.LIST}},
        ConsistentRead=True,
        Limit=PAGE,
    ):
        for consent in _consents_on(page):
            yield consent, ()


def stored_with_facts(client: DynamoDBClient, table: str) -> Iterator[WithFacts]:
    """Yield every consent with the facts about its list and its number's replies. A scan returns a number's items together."""
    scanned = (
        item
        for page in pages(
            client.scan,
            TableName=table,
            FilterExpression="begins_with(sk, :list) OR begins_with(sk, :fact)",
            ExpressionAttributeValues={":list": {"S": items.LIST}, ":fact": {"S": FACT}},
            ConsistentRead=True,
            Limit=PAGE,
        )
        for item in page["Items"]
    )
    for _, found in groupby(scanned, key=lambda item: item["pk"]["S"]):
        together = list(found)
        plain = sorted(map(from_attributes, together), key=lambda item: str(item["sk"]))
        facts = [decode(Fact, item) for item in plain if item["sk"].startswith(FACT)]
        for consent in _consents_on({"Items": [item for item in together if item["sk"]["S"].startswith(items.LIST)]}):
            yield consent, tuple(fact for fact in facts if fact.list_name in {None, consent.list_name})


def _read_evidence(
    client: DynamoDBClient, table: str, consents: list[WithFacts], clock: Clock
) -> Iterator[tuple[Consent, tuple[Fact, ...], Entry | None]]:
    keys = {
        consent: key_of(Decision, number=consent.number, at=consent.decided_at, id=consent.decided_by)
        for consent, _ in consents
        if not _in_outbox(consent)
    }
    found = found_by_key(client, table, keys.values(), clock)
    for consent, facts in consents:
        if _in_outbox(consent) and consent.outbox is not None:
            yield consent, facts, Entry(consent.outbox, None, None)
            continue
        key = keys[consent]
        item = found.get((key["pk"]["S"], key["sk"]["S"]))
        yield consent, facts, Entry(*items.decision_from(item)) if item is not None else None


def _in_outbox(consent: Consent) -> bool:
    """Return whether a consent's newest decision is in its outbox, and perhaps not in the history yet."""
    return consent.outbox is not None and consent.outbox.id == consent.decided_by


def unfinished_opt_ins(client: DynamoDBClient, table: str, copied_at: datetime) -> Iterator[Consent]:
    """Yield the opt-ins that are older than a table copy and whose number may still be on the list."""
    for page in pages(
        client.scan,
        TableName=table,
        Limit=PAGE,
        ConsistentRead=True,
        FilterExpression="begins_with(sk, :list) AND #status IN (:in, :pending)",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":list": {"S": items.LIST},
            ":in": {"S": Status.OPTED_IN.value},
            ":pending": {"S": Status.OPT_IN_PENDING.value},
        },
    ):
        for consent in _consents_on(page):
            if consent.decided_at <= copied_at and _is_unfinished(consent):
                yield consent


def _consents_on(page: Any) -> Iterator[Consent]:
    """Yield the consents of a page, except those that were merged into one under the list's name."""
    for item in map(from_attributes, page["Items"]):
        if not is_merged(item):
            yield items.consent_from(item)


def _is_unfinished(consent: Consent) -> bool:
    if consent.status is Status.OPT_IN_PENDING:
        return True
    return not consent.settled or consent.deleting is not None or consent.uncertain_delete_at is not None
