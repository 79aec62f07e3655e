"""The ledger in one DynamoDB table: conditional writes, consistent reads, and a sparse index of due work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.chain import RETURNED, EvidenceChain, NewEntry, Put, decision_entry, fact_entries
from sms_consent.adapters.dynamodb.codec import Attributes, decode, encode, from_attributes, key_of, to_attributes
from sms_consent.adapters.dynamodb.pages import pages
from sms_consent.adapters.dynamodb.renamed_lists import is_merged, marked, merge
from sms_consent.adapters.error_mapping import (
    AWS_ERRORS,
    ConditionFailed,
    WriteConflict,
    translated,
    translation_of,
)
from sms_consent.domain.consent import Consent, Due, Status
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Moved, Rejected, Unreadable
from sms_consent.domain.evidence import dropped_from_outbox, facts_of, facts_of_thread
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.ports import Clock, Rejection, Sender
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import ReplyThread
from sms_consent.domain.time import as_text
from sms_consent.domain.transitions import update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoLedger", "guard"]

DUE_INDEX = "due"
PAGE = 100
FILTERED_PAGE = 1000
OVER_KEPT_FOR = timedelta(days=30)
"""How long rejected work is kept after its last attempt, for support."""
_CLASSES = {
    Rejection.NONE: "attribute_not_exists(rejection)",
    Rejection.OTHER: "attribute_exists(rejection) AND attribute_not_exists(rejections)",
    Rejection.NUMBER: "attribute_exists(rejection) AND attribute_exists(rejections)",
}
BUDGET_KEPT = timedelta(days=8)
"""How long a day's count of replies is kept, so that an alarm can be investigated."""
T = TypeVar("T")
NOTHING: Mapping[str, Any] = MappingProxyType({})
ABSENT: Mapping[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}


class DynamoLedger:
    """A ``ConsentLedger`` on DynamoDB. Each write is conditional on the revision."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        names: ListNames | None = None,
        listed_by_arn: Iterable[str] = (),
        *,
        looks_further: bool = True,
        clock: Clock | None = None,
    ) -> None:
        """``listed_by_arn`` names lists whose consents an earlier release has probably stored under their ARN.

        Their consents are read under both keys. For other lists the ARN is tried only if there is no consent under the name,
        and not at all without ``looks_further``: a text from a person without a consent must not cost a second read.
        """
        self._client = client
        self._table = table
        self._names = names or ListNames()
        self._listed_by_arn = set(listed_by_arn)
        self._looks_further = looks_further
        self._clock = clock or SystemClock()
        self._chain = EvidenceChain(client, table)

    def consent(self, number: str, list_name: str) -> Consent | None:
        """Return the stored consent, or None. One consistent read; a second, under the list's ARN, if there is none under
        its name."""
        name = self._names.canonical(list_name)
        item = self._get(Consent, number=number, list_name=name)
        if (item is None and self._looks_further) or name in self._listed_by_arn:
            merged = self._merged(number, name, item)
            if merged is not None:
                return merged
        return items.consent_from(item) if item is not None else None

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        """Write a consent. One conditional write, or one transaction if the write also adds entries to the evidence chain."""
        written = self._replace(consent, replacing)
        # A first opt-out counts also if an earlier release stored a consent, so it needs no further read.
        if replacing is None and (consent.status is not Status.OPTED_OUT or consent.list_name in self._listed_by_arn):
            merged = self._merged(consent.number, consent.list_name, from_attributes(encode(consent)))
            if merged is not None:
                raise Moved(merged)
        return written

    def _replace(self, consent: Consent, replacing: Consent | None, entry: NewEntry | None = None) -> Consent:
        """Write a consent with its facts, the decision that leaves its outbox, and ``entry`` if one is given."""
        condition = guard(replacing)
        facts = facts_of(replacing, consent)
        dropped = dropped_from_outbox(replacing, consent)
        if facts or dropped is not None or entry is not None:
            now = self._clock.now()
            entries = [decision_entry(dropped, Outcome.CHANGED, now)] if dropped is not None else []
            entries += [entry] if entry is not None else []
            entries += fact_entries(facts, now)
            put = Put(consent, condition)
            try:
                written, head = self._chain.write(consent.number, entries, known=consent.chain, record=put)
            except ConditionFailed as failed:
                stored = from_attributes(failed.item)
                raise Moved(items.consent_from(stored) if stored else None) from failed
            if written:
                return replace(consent, chain=head)
            # All entries are in the history already.
        refused_by = self._put(consent, condition)
        if refused_by is not None:
            raise Moved(items.consent_from(refused_by) if refused_by else None)
        return consent

    def append(self, decision: Decision, outcome: Outcome, recorded_at: datetime) -> bool:
        """Write a decision to the history in one transaction. Return False if it was there already."""
        written, _ = self._chain.write(decision.number, [decision_entry(decision, outcome, recorded_at)])
        return bool(written)

    def save_and_append(
        self, consent: Consent, replacing: Consent, decision: Decision, outcome: Outcome, recorded_at: datetime
    ) -> None:
        """Write a consent and a decision in one transaction. If the decision is in the history already, write only the
        consent."""
        self._replace(consent, replacing, decision_entry(decision, outcome, recorded_at))

    def recorded_between(
        self, number: str, since: datetime, until: datetime, *, most: int
    ) -> Sequence[Decision] | None:
        """Return a number's decisions of a time span, or None if there are more than ``most``. One consistent query per
        megabyte."""
        found: list[Decision] = []
        for page in pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :number AND sk BETWEEN :since AND :until",
            ExpressionAttributeValues={
                ":number": {"S": number},
                ":since": {"S": items.DECISION + as_text(since)},
                ":until": {"S": f"{items.DECISION}{as_text(until)}#~"},
            },
            ConsistentRead=True,
            Limit=most + 1,
        ):
            found += [items.decision_from(from_attributes(item))[0] for item in page["Items"]]
            if len(found) > most:
                return None
        return found

    def thread(self, key: str, number: str) -> ReplyThread | None:
        """Return the newest HELP or clarification reply, or None. One consistent read."""
        item = self._get(ReplyThread, key=key, number=number)
        return items.thread_from(item)[1] if item is not None else None

    def save_thread(self, key: str, thread: ReplyThread, replacing: ReplyThread | None) -> None:
        """Write a reply thread. One conditional write, or one transaction if the thread has replies to record as facts."""
        facts, more = facts_of_thread(replacing, thread), {"number": thread.number}
        if facts:
            put = Put(thread, guard(replacing), more, {"key": key})
            try:
                self._chain.write(thread.number, fact_entries(facts, self._clock.now()), record=put)
            except ConditionFailed as failed:
                stored = from_attributes(failed.item)
                raise Moved(items.thread_from(stored)[1] if stored else None) from failed
            return
        refused_by = self._put(thread, guard(replacing), more, key=key)
        if refused_by is not None:
            raise Moved(items.thread_from(refused_by)[1] if refused_by else None)

    def due_consents(
        self, kind: Due, until: datetime, rejected: Rejection | None = None, *, newest_first: bool = False
    ) -> Iterator[Consent | Unreadable]:
        """Yield the consents with due work, from the index, which may be a moment behind the table.

        The caller writes conditionally, so an outdated consent does no harm.
        """
        condition = _CLASSES[rejected] if rejected is not None else None
        for found in _decoded(_consent_from, self._due(kind, until, condition, newest_first=newest_first)):
            if isinstance(found, Unreadable) or self._names.canonical(found.list_name) == found.list_name:
                yield found
                continue
            name = self._names.canonical(found.list_name)
            try:
                merged: Consent | Unreadable | None = self._merged(
                    found.number, name, self._get(Consent, number=found.number, list_name=name)
                )
            except Exception as error:  # noqa: BLE001  one item must not stop the work on the others
                merged = _unreadable(error, found.number, found.list_name)
            if merged is not None:
                yield merged

    def due_threads(self, until: datetime) -> Iterator[tuple[str, ReplyThread] | Unreadable]:
        """Yield the due reply threads with their keys, from the index."""
        return _decoded(items.thread_from, self._due(Due.REPLY, until))

    def reject(self, work: RejectedWork) -> None:
        """Write permanently rejected work. One unconditional write."""
        with translated():
            self._client.put_item(TableName=self._table, Item=encode(work))

    def due_rejected(self, until: datetime) -> Iterator[RejectedWork | Unreadable]:
        """Yield the rejected work that is to be tried again, from the index."""
        return _decoded(partial(decode, RejectedWork), self._due(Due.REJECTED, until))

    def reschedule(self, work: RejectedWork, due_at: datetime | None, now: datetime) -> None:
        """Set when rejected work is retried; None ends it. One conditional write."""
        expires = int((now + OVER_KEPT_FOR).timestamp()) if due_at is None else None
        known = {":revision": work.revision, ":due_at": work.due_at or ""}
        self._put(
            work.at(due_at),
            {
                "ConditionExpression": "revision = :revision AND due_at = :due_at",
                "ExpressionAttributeValues": to_attributes(known),
            },
            {items.EXPIRES: expires},
        )

    def sender(self, identity: str) -> Sender | None:
        """Return a sender's settings, or None. The read is not consistent, so a change may take a moment to be visible."""
        item = self._get(Sender, consistent=False, identity=identity)
        try:
            sender = decode(Sender, item) if item is not None else None
        except Unreadable as error:
            # Without its list the right consent is unknown: texts to this sender stay in the queue until the item is repaired.
            raise Rejected("UnreadableSender") from error
        if sender is None or (name := self._names.canonical(sender.list_name)) == sender.list_name:
            return sender
        self._listed_by_arn.add(name)
        return replace(sender, list_name=name)

    def reserve_replies(self, day: date, replies: int) -> int:
        """Add to a day's count of replies atomically, and return the total of all environments.

        The client may repeat an addition that got no response: then too many replies are reserved, never too few.
        """
        expires = int((datetime.combine(day, time(), UTC) + BUDGET_KEPT).timestamp())
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key=items.budget_key(day),
                UpdateExpression="ADD #reserved :replies SET #expires = :expires",
                ExpressionAttributeNames={"#reserved": "reserved", "#expires": items.EXPIRES},
                ExpressionAttributeValues=to_attributes({":replies": replies, ":expires": expires}),
                ReturnValues="UPDATED_NEW",
            )
        return int(from_attributes(answer["Attributes"])["reserved"])

    def take_turn(self, name: str, worker: str, now: datetime, until: datetime) -> bool:
        """Take or renew a turn. Return False if another worker has it. One conditional write."""
        free = "attribute_not_exists(pk) OR #until <= :now OR #worker = :worker"
        return self._write_turn(items.turn_item(name, worker, until), free, {":now": {"S": as_text(now)}})

    def end_turn(self, name: str, worker: str, now: datetime) -> None:
        """End a worker's turn now. One conditional write; another worker's turn stays."""
        self._write_turn(
            items.turn_item(name, worker, now), "#worker = :worker AND #until > :now", {":now": {"S": as_text(now)}}
        )

    def _write_turn(self, item: Attributes, condition: str, values: dict[str, Any]) -> bool:
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#until": "until", "#worker": "worker"},
                    ExpressionAttributeValues={**values, ":worker": item["worker"]},
                )
        except ConditionFailed:
            return False
        return True

    def _merged(self, number: str, name: str, named: Mapping[str, Any] | None) -> Consent | None:
        """Merge a consent that an earlier release stored under the list's ARN into the one under the list's name.

        Safe to repeat after a crash at any point.

        Args:
            number: The person's number.
            name: The list's name.
            named: The item under the name as it was last read.

        Returns:
            The merged consent, or None if there is nothing to merge.
        """
        alias = self._names.alias(name)
        if alias is None:
            return None
        old: dict[str, Any] | None = None

        def merged(current: Consent | None) -> Consent | None:
            nonlocal old
            old = self._get(Consent, number=number, list_name=alias)
            if old is None or is_merged(old):
                old = None
                return None
            by_arn = replace(items.consent_from(old), list_name=name)
            now = self._clock.now()
            both = merge(current, by_arn, now)
            dropped = dropped_from_outbox(by_arn, both)
            if dropped is not None:
                self.append(dropped, Outcome.CHANGED, now)
            return both

        consent = update(items.consent_from(named) if named else None, merged, self._replace)
        if old is None:
            return None
        # If an earlier release writes it at this moment, it is merged again later.
        self._put(marked(old), guard(items.consent_from(old)))
        return consent

    def _get(self, record: type | Attributes, *, consistent: bool = True, **key_values: str) -> dict[str, Any] | None:
        """Return the plain values of a stored item, by the values in its key or by the key itself."""
        key = record if isinstance(record, dict) else key_of(record, **key_values)
        try:
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=consistent)
        except AWS_ERRORS as error:
            raise translation_of(error) from error
        item = answer.get("Item")
        return from_attributes(item) if item is not None else None

    def _put(
        self,
        record: Any,
        guard: Mapping[str, Any],
        more: Mapping[str, Any] = NOTHING,
        *,
        same_is_written: bool = True,
        **key_values: str,
    ) -> dict[str, Any] | None:
        """Make a conditional write. Return None, or the stored item if the write was refused, empty if there is none.

        botocore may retry a put that already succeeded. If the stored item equals ours, that is success, unless the caller
        asks whether the item was there.
        """
        item = encode(record, more, **key_values)
        try:
            self._client.put_item(TableName=self._table, Item=item, **RETURNED, **guard)
        except AWS_ERRORS as error:
            failure = translation_of(error)
            if isinstance(failure, WriteConflict):
                stored = self._get({"pk": item["pk"], "sk": item["sk"]}) or {}
            elif isinstance(failure, ConditionFailed):
                stored = from_attributes(failure.item)
            else:
                raise failure from error
            return None if same_is_written and stored == from_attributes(item) else stored
        return None

    def _due(
        self, kind: Due, until: datetime, condition: str | None = None, *, newest_first: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the items of the index with due work of one kind.

        With a condition, pages are larger, since DynamoDB also reads what the condition excludes.
        """
        filtered: dict[str, Any] = {"FilterExpression": condition} if condition is not None else {}
        for page in pages(
            self._client.query,
            TableName=self._table,
            IndexName=DUE_INDEX,
            KeyConditionExpression="due = :due AND due_at <= :until",
            ExpressionAttributeValues={":due": {"S": kind.value}, ":until": {"S": as_text(until)}},
            Limit=PAGE if condition is None else FILTERED_PAGE,
            ScanIndexForward=not newest_first,
            **filtered,
        ):
            yield from page["Items"]


def _consent_from(item: dict[str, Any]) -> Consent:
    """Return the consent of an item in the index. Raises Unreadable if the item is of another kind."""
    if not item["sk"].startswith(items.LIST):
        raise Unreadable("no consent")
    return items.consent_from(item)


def _unreadable(error: Exception, pk: str, sk: str) -> Unreadable:
    return Unreadable(f"an item that this version cannot read: {type(error).__name__}", (pk, sk))


def _decoded(read: Callable[[dict[str, Any]], T], found: Iterator[Mapping[str, Any]]) -> Iterator[T | Unreadable]:
    """Yield each record, or Unreadable in place of an item that cannot be read."""
    for item in found:
        try:
            record: T | Unreadable = read(from_attributes(item))
        except Exception as error:  # noqa: BLE001  one item must not stop the work on the others
            record = _unreadable(error, str(item.get("pk")), str(item.get("sk")))
        yield record


def guard(replacing: Consent | ReplyThread | None) -> Mapping[str, Any]:
    """Return the condition that the stored record has the revision that was read.

    An unreadable revision is compared as it is stored. None: no record may be stored.
    """
    if replacing is None:
        return ABSENT
    values: Attributes = {":revision": {"N": str(replacing.revision)}}
    unreadable = replacing.preserved.unreadable if replacing.preserved is not None else {}
    if "revision" in unreadable and unreadable["revision"][1] == replacing.revision:
        values = to_attributes({":revision": unreadable["revision"][0]})
    if not values:
        return {"ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(revision)"}
    return {"ConditionExpression": "revision = :revision", "ExpressionAttributeValues": values}
