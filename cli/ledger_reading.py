"""Decides what the ledger says about one person: everything that stands under their number, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sms_consent.answer import Letter
from sms_consent.aws import items
from sms_consent.aws.attributes import from_attributes
from sms_consent.consent import Consent
from sms_consent.decision import Decision, Outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Entry", "Person", "read_person"]


@dataclass(frozen=True)
class Entry:
    """One decision in the history. Without an outcome, it is recorded in the consent and not yet in the history."""

    decision: Decision
    outcome: Outcome | None
    recorded_at: datetime | None


@dataclass(frozen=True)
class Person:
    """Consents by list, decisions in the order in which they were made, and the replies on which no consent hangs."""

    consents: tuple[Consent, ...]
    decisions: tuple[Entry, ...]
    letters: tuple[Letter, ...]


def read_person(dynamodb: DynamoDBClient, table: str, number: str) -> Person:
    """Everything under the number, as it was written last; the pages of a long history are followed."""
    consents: list[Consent] = []
    decisions: list[Entry] = []
    letters: list[Letter] = []
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :number",
        ExpressionAttributeValues={":number": {"S": number}},
        ConsistentRead=True,
    )
    for page in pages:
        for attributes in page["Items"]:
            item = from_attributes(attributes)
            if item["sk"].startswith(items.LIST):
                consents.append(items.consent_from(item))
            elif item["sk"].startswith(items.DECISION):
                decisions.append(Entry(*items.decision_from(item)))
            elif item["sk"].startswith(items.ANSWER):
                letters.append(items.letter_from(item)[1])
    decisions += _in_outboxes(consents, {entry.decision.id for entry in decisions})
    return Person(tuple(consents), tuple(sorted(decisions, key=_made_at)), tuple(letters))


def _in_outboxes(consents: list[Consent], known: set[str]) -> list[Entry]:
    """A worker that was lost between its two writes leaves the decision in the consent: it counts all the same."""
    boxed = [consent.outbox for consent in consents if consent.outbox is not None]
    return [Entry(decision, None, None) for decision in boxed if decision.id not in known]


def _made_at(entry: Entry) -> tuple[datetime, str]:
    return entry.decision.at, entry.decision.id
