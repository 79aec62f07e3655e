"""Reads of all consents: by numbers in batches, or by a scan of the table.

The README has the cost. The scan reads the whole table, eventually consistent, in DynamoDB's order; an index would cost more
with every write than it saves once a day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.batch_read import found_by_key
from sms_consent.adapters.dynamodb.codec import encode, from_attributes, key_of
from sms_consent.adapters.dynamodb.renamed_lists import is_merged
from sms_consent.adapters.error_mapping import ConditionFailed, translated
from sms_consent.domain.consent import Consent, Drift, Status
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoConsentScan"]

SCANNED = 500
"""Items of one page of the scan, of all kinds, so that a response is quick."""


class DynamoConsentScan:
    """A ``ConsentScan`` on DynamoDB."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        names: ListNames | None = None,
        clock: Clock | None = None,
        merged: Callable[[str, str], Consent | None] | None = None,
    ) -> None:
        """``merged`` returns a consent after it was merged with the one under its list's ARN (``renamed_lists``).

        Without it nothing is written, and a consent under an ARN is returned as one under the name.
        """
        self._client = client
        self._table = table
        self._names = names or ListNames()
        self._clock = clock or SystemClock()
        self._merged = merged

    def consents(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        """Return the consents of numbers on a list, by number.

        Consistent batch reads: first under the list's name, then under its ARN for numbers that were not found.
        """
        found = self._found(numbers, list_name)
        alias, missing = self._names.alias(list_name), [number for number in numbers if number not in found]
        if alias is not None and missing:
            for number, consent in self._found(missing, alias).items():
                if (merged := self._by_name(consent, list_name)) is not None:
                    found[number] = merged
        return found

    def _by_name(self, consent: Consent, name: str) -> Consent | None:
        """Return a consent that is stored under its list's ARN, under the list's name.

        It is merged with the consent that is stored under the name, if there is one. Return None if there is nothing to
        merge.
        """
        if self._merged is not None:
            return self._merged(consent.number, name)
        return replace(consent, list_name=name)

    def _found(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        keys = (key_of(Consent, number=number, list_name=list_name) for number in numbers)
        stored = found_by_key(self._client, self._table, keys, self._clock).values()
        return {item["pk"]: items.consent_from(item) for item in stored if not is_merged(item)}

    def walk(self, place: str | None) -> tuple[Sequence[tuple[str, Consent]], str | None]:
        """Return one page of the scan, and where the next page begins. ``place`` is a key; None begins at the start."""
        start: Any = {"ExclusiveStartKey": _key(place)} if place is not None else {}
        with translated():
            page = self._client.scan(
                TableName=self._table,
                Limit=SCANNED,
                # A status that this version does not know counts as opted out.
                FilterExpression=(
                    "begins_with(sk, :list) AND (NOT #status IN (:in, :pending) OR attribute_exists(drift)"
                    " OR begins_with(sk, :arn))"
                ),
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":list": {"S": items.LIST},
                    ":arn": {"S": f"{items.LIST}arn:"},
                    ":in": {"S": Status.OPTED_IN.value},
                    ":pending": {"S": Status.OPT_IN_PENDING.value},
                },
                **start,
            )
        consents = []
        for attributes in page["Items"]:
            item = from_attributes(attributes)
            consent = None if is_merged(item) else items.consent_from(item)
            if consent is not None:
                name = self._names.canonical(consent.list_name)
                if name != consent.list_name:
                    consent = self._by_name(consent, name)
            if consent is not None:
                consents.append((_place(attributes), consent))
        last = page.get("LastEvaluatedKey")
        return consents, _place(last) if last else None

    def of_list(self, list_name: str, place: str | None) -> tuple[Sequence[Consent], str | None, int]:
        """Return a list's consents on one page of the table, where the next page begins, and how many items were read.

        The read is consistent.
        """
        start: Any = {"ExclusiveStartKey": _key(place)} if place is not None else {}
        keys = {f":{number}": {"S": items.LIST + each} for number, each in enumerate(self._spellings(list_name))}
        with translated():
            page = self._client.scan(
                TableName=self._table,
                Limit=SCANNED,
                ConsistentRead=True,
                FilterExpression=f"sk IN ({', '.join(keys)})",
                ExpressionAttributeValues=keys,
                **start,
            )
        last = page.get("LastEvaluatedKey")
        stored = [from_attributes(item) for item in page["Items"]]
        consents = [replace(items.consent_from(item), list_name=list_name) for item in stored if not is_merged(item)]
        return consents, _place(last) if last else None, page["ScannedCount"]

    def _spellings(self, list_name: str) -> tuple[str, ...]:
        """Return the list's name, and its ARN if earlier releases may have stored consents under it."""
        alias = self._names.alias(list_name)
        return (list_name,) if alias is None else (list_name, alias)

    def add_drift(self, drift: Drift) -> bool:
        """Write a drift once. Return False if it was there already. One conditional write."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=encode(drift),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailed:
            return False
        return True


def _place(item: Any) -> str:
    return json.dumps([item["pk"]["S"], item["sk"]["S"]])


def _key(place: str) -> dict[str, Any]:
    pk, sk = json.loads(place)
    return {"pk": {"S": pk}, "sk": {"S": sk}}
