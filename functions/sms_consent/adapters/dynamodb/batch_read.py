"""Batch reads of the ledger's items by their keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import Attributes, from_attributes, key_of
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.backoff import Backoff
from sms_consent.domain.consent import Consent
from sms_consent.domain.errors import Throttled
from sms_consent.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["MOST", "consents_by_key", "found_by_key"]

MOST = 100
"""Keys that one BatchGetItem takes."""
ATTEMPTS = 8
"""Attempts at a batch that DynamoDB answers in part: a response has at most 16 MB, and throttled keys are left out."""
BACKOFF = Backoff(timedelta(seconds=0.1), timedelta(seconds=10))
"""With eight attempts the waits add up to 13 seconds."""


def found_by_key(
    client: DynamoDBClient, table: str, keys: Iterable[Attributes], clock: Clock
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the stored items, by ``pk`` and ``sk``. Reads up to a hundred keys, consistently. Raises TryAgain."""
    wanted: Any = list({json.dumps(key): key for key in keys}.values())
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for attempt in range(ATTEMPTS):
        if not wanted:
            return found
        if attempt:
            clock.sleep(BACKOFF.after(attempt - 1).total_seconds())
        with translated():
            answer: Any = client.batch_get_item(RequestItems={table: {"Keys": wanted, "ConsistentRead": True}})
        for attributes in answer["Responses"].get(table, []):
            item = from_attributes(attributes)
            found[item["pk"], item["sk"]] = item
        wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
    raise Throttled("UnprocessedKeys")


def consents_by_key(
    client: DynamoDBClient, table: str, keys: Iterable[tuple[str, str]], clock: Clock
) -> dict[tuple[str, str], Consent]:
    """Return the consents of numbers on lists, by number and list. Raises TryAgain."""
    wanted = {key: key_of(Consent, number=key[0], list_name=key[1]) for key in keys}
    found = found_by_key(client, table, wanted.values(), clock)
    consents = {key: found.get((item["pk"]["S"], item["sk"]["S"])) for key, item in wanted.items()}
    return {key: items.consent_from(item) for key, item in consents.items() if item is not None}
