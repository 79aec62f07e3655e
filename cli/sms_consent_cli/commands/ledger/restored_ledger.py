"""Opts out again those whose opt-in had not been carried out when a ledger was copied.

A restored ledger would carry these opt-ins out now, and delete the numbers from the opt-out list. A STOP that was recorded
after the copy is in no restored item, and the entry on the list may be older than it. So nobody can tell whether the opt-in
still counts, and the safe side is opted out: the person can text START again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.attributes import from_attributes
from sms_consent.adapters.dynamodb.renamed_lists import is_merged
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.consent import Consent, Status, decide
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.time import as_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from sms_consent.domain.ports import Clock

__all__ = ["THROUGH", "opt_out_again", "unfinished_opt_ins"]

THROUGH = "ledger-restore"
"""The channel that these decisions name."""
PAGE = 500


def unfinished_opt_ins(client: DynamoDBClient, table: str, copied_at: datetime) -> Iterator[Consent]:
    """Yield the consents with an opt-in from before the copy that may still be on the list."""
    start: dict[str, Any] = {}
    while True:
        with translated():
            page = client.scan(
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
                **start,
            )
        for attributes in page["Items"]:
            item = from_attributes(attributes)
            if is_merged(item):
                continue
            consent = items.consent_from(item)
            if consent.decided_at <= copied_at and _is_unfinished(consent):
                yield consent
        if not (last := page.get("LastEvaluatedKey")):
            return
        start = {"ExclusiveStartKey": last}


def opt_out_again(ledger: DynamoLedger, consent: Consent, copied_at: datetime, clock: Clock) -> None:
    """Record an opt-out at the time of the copy. Repeating it changes nothing. Raises Moved, TryAgain or Rejected."""
    at = max(copied_at, consent.decided_at)  # at equal times an opt-out wins
    decision = Decision(
        id=f"{THROUGH}/{consent.list_name}/{as_text(copied_at)}",
        number=consent.number,
        asked=Asked.OPT_OUT,
        at=at,
        author=Author.IMPORT,
        through=THROUGH,
        reference=as_text(copied_at),
        list_name=consent.list_name,
    )
    now = clock.now()
    changed = decide(consent, decision, consent.list_name, now=now, claim=None, answer=None)[1]
    if changed is None:
        return
    if consent.outbox is not None:
        ledger.append(consent.outbox, Outcome.CHANGED, now)
    ledger.save(changed, replacing=consent)
    ledger.append(decision, Outcome.CHANGED, now)


def _is_unfinished(consent: Consent) -> bool:
    if consent.status is Status.OPT_IN_PENDING:
        return True
    return not consent.settled or consent.deleting is not None or consent.delete_doubt is not None
