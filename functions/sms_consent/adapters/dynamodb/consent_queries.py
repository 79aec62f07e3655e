"""Queries of one person's items, for the history and for support."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.chain import FACT
from sms_consent.adapters.dynamodb.codec import decode, from_attributes, key_of
from sms_consent.adapters.dynamodb.items import DRIFT
from sms_consent.adapters.dynamodb.pages import pages
from sms_consent.adapters.dynamodb.renamed_lists import is_merged, merge
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.consent import Consent, Drift
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.evidence import Fact
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.reply import ReplyThread

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoConsentQueries"]

LAST = items.DECISION + "~"
"""Sorts after every decision, whose keys continue with a digit."""


class DynamoConsentQueries:
    """``ConsentQueries`` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str, names: Callable[[], ListNames] = ListNames) -> None:
        """``names`` is called only if a consent is stored under an ARN."""
        self._client = client
        self._table = table
        self._names = names

    def consents(self, number: str) -> list[Consent]:
        """Return one consent per list. Consents that an earlier release stored under an ARN are merged, without a write."""
        stored = [items.consent_from(item) for item in self._beginning(number, items.LIST) if not is_merged(item)]
        found = {each.list_name: each for each in stored if not each.list_name.startswith("arn:")}
        for consent in stored:
            if consent.list_name not in found:
                name = self._names().canonical(consent.list_name)
                found[name] = merge(found.get(name), replace(consent, list_name=name), SystemClock().now())
        return sorted(found.values(), key=lambda consent: consent.list_name)

    def decision(self, consent: Consent) -> Decision | None:
        """Return the decision behind a consent, or None if it was erased. Raises TryAgain or Rejected."""
        if consent.outbox is not None and consent.outbox.id == consent.decided_by:
            return consent.outbox
        key = key_of(Decision, number=consent.number, at=consent.decided_at, id=consent.decided_by)
        with translated():
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return items.decision_from(from_attributes(item))[0] if item is not None else None

    def threads(self, number: str) -> list[ReplyThread]:
        """Return the HELP and clarification replies."""
        return [items.thread_from(item)[1] for item in self._beginning(number, items.ANSWER)]

    def drifts(self, number: str) -> list[Drift]:
        """Return the drifts that were found for the number."""
        found = []
        for item in self._beginning(number, DRIFT):
            with suppress(Unreadable):  # of a kind that a newer version added
                found.append(decode(Drift, item))
        return found

    def facts(self, number: str) -> list[Fact]:
        """Return the facts in the order of their sequence numbers."""
        return [decode(Fact, item) for item in self._beginning(number, FACT)]

    def _beginning(self, number: str, kind: str) -> Iterator[dict[str, Any]]:
        return self._query(
            "pk = :number AND begins_with(sk, :kind)",
            {":number": {"S": number}, ":kind": {"S": kind}},
            newest_first=False,
            limit=100,
        )

    def decisions(
        self, number: str, *, before: str | None, most: int
    ) -> list[tuple[Decision, Outcome | None, datetime | None]]:
        """Return up to ``most`` decisions, newest first, before the key ``before``."""
        end = items.DECISION + before if before is not None else LAST
        found = []
        for item in self._query(
            "pk = :number AND sk BETWEEN :start AND :end",
            {":number": {"S": number}, ":start": {"S": items.DECISION}, ":end": {"S": end}},
            newest_first=True,
            limit=most + 1,
        ):
            if item["sk"] != end:
                found.append(items.decision_from(item))
            if len(found) == most:
                break
        return found

    def _query(
        self, condition: str, values: dict[str, Any], *, newest_first: bool, limit: int
    ) -> Iterator[dict[str, Any]]:
        for page in pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
            Limit=limit,
        ):
            yield from map(from_attributes, page["Items"])
