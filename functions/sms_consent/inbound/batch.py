"""Batch processing of inbound records, with the records to deliver again as the result.

One record's failure does not affect the others. Texts of different people are processed concurrently, those of one person
sequentially, in the order of ``in_order``. A record that SQS delivers again may have crashed the process the last time, so
such records run one at a time. Those received more than three times run last, each after all finished records are deleted
from the queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from sms_consent.domain.errors import ConsentError, OtherEvent, OutOfTime, Throttled, Unavailable, Unreadable
from sms_consent.domain.observation import Logger, Metrics
from sms_consent.domain.ports import Clock, DeadLetterQueue
from sms_consent.inbound.message import InboundMessage, Record, records_of
from sms_consent.inbound.processor import ClassifiedMessage, InboundResult
from sms_consent.intent import Intent

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Batch", "Queue", "Runner", "Texts", "ThreadedRunner", "run_in_sequence"]

SUSPECT_AFTER = 3
"""A record received more often than this may have stopped the process each time (by exhausting memory or time)."""

GIVE_UP_AFTER = timedelta(days=12)
"""SQS deletes a message after 14 days: until then a record that still fails must be in the dead-letter queue."""

GIVE_UP_UNTRIED_AFTER = timedelta(days=13)
"""A record this old is moved without another try: the next try may be too late."""


Runner = Callable[[Sequence[Callable[[], None]]], None]
"""Runs independent pieces of work, and returns when all are done."""


def run_in_sequence(works: Sequence[Callable[[], None]]) -> None:
    """Run the callables one after the other."""
    for work in works:
        work()


class Texts(Protocol):
    """Classifies and applies texts (``InboundProcessor``)."""

    def classify(self, text: InboundMessage, /) -> ClassifiedMessage:
        """Return the text with its intent. Makes no AWS call."""

    def apply(self, message: ClassifiedMessage, /) -> InboundResult:
        """Apply a classified text. Raises TryAgain, Rejected or Unreadable."""


class Queue(Protocol):
    """The queue from which Lambda read the records."""

    def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages. Raise TryAgain or Rejected unless every one was deleted."""


class Batch:
    """Processes every record of an event, from SNS directly or through SQS."""

    def __init__(
        self,
        *,
        inbound: Texts,
        dead_letters: DeadLetterQueue,
        queue: Queue | None,
        clock: Clock,
        logger: Logger,
        metrics: Metrics,
        has_time: Callable[[], bool] = lambda: True,
        run: Runner = run_in_sequence,
    ) -> None:
        """Set up a batch processor.

        Args:
            has_time: whether a request started now can be recorded before the function is stopped.
            run: runs the work of different people.
        """
        self._inbound = inbound
        self._dead_letters = dead_letters
        self._queue = queue
        self._clock = clock
        self._logger = logger
        self._metrics = metrics
        self._has_time = has_time
        self._run = run

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Return a partial batch response: the records to deliver again.

        Unreadable records, and those that still fail after 12 days, are moved to the dead-letter queue.
        """
        records = records_of(event)
        done: set[Record] = set()
        suspects = [record for record in records if record.receives > SUSPECT_AFTER]
        again = [record for record in records if 1 < record.receives <= SUSPECT_AFTER]
        first = [record for record in records if record.receives <= 1]
        self._run([partial(self._process_person, group, done) for group in by_person(first)])
        for group in shuffled(by_person(again)):
            self._process_person(group, done)
        self._process_suspects(suspects, done)
        return {"batchItemFailures": [{"itemIdentifier": record.id} for record in records if record not in done]}

    def _process_suspects(self, suspects: list[Record], done: set[Record]) -> None:
        """Process each record alone, after deleting the finished ones: if it crashes the process, only it is delivered again."""
        final: set[Record] = set()
        for suspect in one_by_one(suspects):
            if suspect.age(self._clock.now()) > GIVE_UP_UNTRIED_AFTER:
                self._give_up(suspect, f"not processed in {GIVE_UP_UNTRIED_AFTER.days} days", done)
                continue
            try:
                self._delete(done - final)
            except ConsentError as error:
                self._log_failure(suspect, error)
                continue
            final |= done
            self._process_person([suspect], done)

    def _delete(self, finished: set[Record]) -> None:
        if not finished:
            return
        receipts = [record.receipt for record in finished if record.receipt is not None]
        if self._queue is None or len(receipts) < len(finished):
            raise Unavailable("finished records cannot be deleted, so nothing risky is started")
        self._queue.delete(receipts)

    def _process_person(self, records: list[Record], done: set[Record]) -> None:
        """Classify one person's texts, then apply them. Retry throttled ones once, after all others."""
        messages: list[tuple[Record, ClassifiedMessage]] = []
        for record in records:
            try:
                messages.append((record, self._classify(record)))
            except Exception as error:  # noqa: BLE001  one record must not take the batch with it
                self._failed(record, error, done)
        throttled = []
        for record, message in in_order(messages):
            try:
                self._apply(record, message, done)
            except Throttled:
                throttled.append((record, message))
        for record, message in throttled:
            try:
                self._apply(record, message, done)
            except Throttled as error:
                self._failed(record, error, done)

    def _apply(self, record: Record, message: ClassifiedMessage, done: set[Record]) -> None:
        """Apply one text. Raise Throttled; handle every other failure."""
        try:
            self._require_time(message)
            self._report(message, self._inbound.apply(message))
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001  one record must not take the batch with it
            self._failed(record, error, done)
        else:
            done.add(record)

    def _require_time(self, message: ClassifiedMessage) -> None:
        """Raise OutOfTime if too little time is left to record a request. A text that asks for nothing needs no time."""
        if message.classification.intent is not Intent.NONE and not self._has_time():
            raise OutOfTime("not started: too little time left in this invocation")

    def _classify(self, record: Record) -> ClassifiedMessage:
        if isinstance(record.text, Exception):
            raise record.text
        return self._inbound.classify(record.text)

    def _failed(self, record: Record, error: Exception, done: set[Record]) -> None:
        if isinstance(error, OtherEvent):
            done.add(record)
            self._count("OtherEvents")
        elif isinstance(error, Unreadable):
            self._give_up(record, error.reason, done)
        elif record.age(self._clock.now()) > GIVE_UP_AFTER:
            self._give_up(record, f"still failing after {GIVE_UP_AFTER.days} days: {_causes(error)}", done)
        else:
            self._log_failure(record, error)

    def _give_up(self, record: Record, reason: str, done: set[Record]) -> None:
        """Move a record to the dead-letter queue. If that fails, it stays in its queue."""
        try:
            self._dead_letters.put(record.dead_letter(), reason)
        except Exception as error:  # noqa: BLE001  one record must not take the batch with it
            self._log_failure(record, error)
            return
        done.add(record)
        self._logger.error(
            "a text was dead-lettered", record=record.id, inbound_message_id=record.text_id, reason=reason
        )
        self._count("TextsPutAside")

    def _log_failure(self, record: Record, error: Exception) -> None:
        """Log the names of error types only: the message or frames of an unexpected error may hold a number or a text."""
        cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
        self._logger.error(
            "a text is delivered again",
            record=record.id,
            inbound_message_id=record.text_id,
            received=record.receives or None,
            error=type(error).__name__,
            cause=cause,
        )
        self._count("TextsFailed")

    def _report(self, message: ClassifiedMessage, result: InboundResult) -> None:
        text, consent, classification = message.text, result.consent, result.classification
        content, counted = text.content, [f"Texts{classification.intent.title().replace('_', '')}"]
        if content is not None:
            counted.append(content.kind.metric)
            if not content.texts and message.classification.intent is Intent.NONE:
                self._count(content.kind.metric)  # an event without text, such as typing, a location or a file
                return
        self._logger.info(
            "a text was processed",
            inbound_message_id=text.masked_id,
            sender=text.masked_sender,
            intent=classification.intent,
            tier=classification.tier,
            rule=classification.rule,
            rcs=content.kind if content is not None else None,
            outcome=result.outcome,
            status=consent.status if consent is not None else None,
            applied=consent.settled if consent is not None else None,
            answer=result.answer.state if result.answer is not None else None,
        )
        if result.overruled_by is not None:
            self._logger.error(
                "a STOP is older than an opt-in that its sender did not text",
                inbound_message_id=text.masked_id,
                opted_in_by=result.overruled_by,
            )
            counted.append("StopsOverruled")
        if classification.intent is Intent.OPT_OUT and classification.tier is not None:
            counted.append(f"OptOutsBy{classification.tier.title()}")
        self._metrics.add_metrics((name, "Count", 1) for name in counted)

    def _count(self, name: str) -> None:
        self._metrics.add_metric(name, "Count", 1)


def _causes(error: Exception) -> str:
    names = [type(each).__name__ for each in (error, error.__cause__) if each is not None]
    return ", caused by ".join(names)


def by_person(records: Iterable[Record]) -> list[list[Record]]:
    """Group records by their sender. A record without a text forms its own group."""
    people: dict[str, list[Record]] = {}
    for record in records:
        key = _person(record) if isinstance(record.text, InboundMessage) else f"\0{len(people)}"
        people.setdefault(key, []).append(record)
    return list(people.values())


def in_order(messages: Sequence[tuple[Record, ClassifiedMessage]]) -> list[tuple[Record, ClassifiedMessage]]:
    """Sort one person's texts: for each number of ours the newest opt-out or opt-in, then the older ones, then the rest.

    So the newest request is recorded even if there is time for nothing else. At equal times, opting out wins. Everyday words
    such as YES opt in only after an opt-out, so they follow the newest request that does not depend on another.
    """
    requests = sorted((each for each in messages if each[1].changes_consent), key=_newest_last, reverse=True)
    others = sorted((each for each in messages if not each[1].changes_consent), key=lambda each: each[1].text.at)
    everyday = [each for each in requests if each[1].classification.everyday]
    explicit = [each for each in requests if not each[1].classification.everyday]
    newest: dict[str, tuple[Record, ClassifiedMessage]] = {}
    older = [each for each in explicit if newest.setdefault(each[1].text.destination, each) is not each]
    return [*newest.values(), *everyday, *older, *others]


def _newest_last(each: tuple[Record, ClassifiedMessage]) -> tuple[datetime, bool]:
    message = each[1]
    return message.text.at, message.classification.intent is Intent.OPT_OUT


def shuffled(groups: list[list[Record]]) -> list[list[Record]]:
    """Sort groups of redelivered records, in a different order at each delivery, as one of them may crash the process.

    Every second delivery reverses the order before it. So if one record crashes the process, each of the others runs before
    it in one of two deliveries. Each pair of deliveries has a new order, in case several records do.
    """
    receives = _receives(groups)
    return sorted(groups, key=lambda group: _shuffle(_person(group[0]), receives // 2), reverse=receives % 2 == 1)


def one_by_one(records: list[Record]) -> list[Record]:
    """Sort records that run one at a time: people as in ``shuffled``, one person's texts newest first.

    At every fourth delivery one person's texts are shuffled too, in case the newest crashes the process before the others run.
    """
    ordered = []
    for group in shuffled(by_person(records)):
        receives = _receives([group])
        by_time = sorted(group, key=_sent, reverse=True)
        seeds = {record: _shuffle(record.text_id or record.id, receives) for record in group}
        ordered += sorted(by_time, key=seeds.__getitem__) if receives % 4 == 3 else by_time
    return ordered


def _receives(groups: Iterable[Iterable[Record]]) -> int:
    return max((record.receives for group in groups for record in group), default=0)


def _sent(record: Record) -> str:
    return record.text.at.isoformat() if isinstance(record.text, InboundMessage) else ""


def _person(record: Record) -> str:
    if not isinstance(record.text, InboundMessage):
        return record.id
    return record.text.number.e164 if record.text.number is not None else record.text.sender


def _shuffle(key: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {key}".encode("utf-8", "surrogatepass")).digest()


class ThreadedRunner:
    """Runs callables in a pool of threads that later batches reuse. A single callable runs in the calling thread."""

    def __init__(self, most: int) -> None:
        """Use up to ``most`` threads."""
        self._most = most
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, works: Sequence[Callable[[], None]]) -> None:
        """Run the callables. When all are done, raise the first error, if any."""
        if len(works) < 2:
            run_in_sequence(works)
            return
        if self._threads is None:
            from concurrent.futures import (
                ThreadPoolExecutor,  # not needed for a single text, such as a cold start's first
            )

            self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="texts")
        begun = [self._threads.submit(work) for work in works]
        errors = [error for each in begun if (error := each.exception()) is not None]
        if errors:
            raise errors[0]
