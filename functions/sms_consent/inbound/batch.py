"""Processes the records of an event, and reports which ones to deliver again.

Each record fails or succeeds on its own. Different people's texts are processed side by side, those of one person one after the
other, in the order of ``order.in_order``. Records that were received before may have stopped the process, so they run one at a
time; those received more than three times run last, each only after all finished records were deleted from the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from sms_consent.domain.errors import ConsentError, OtherEvent, OutOfTime, Throttled, Unavailable, Unreadable
from sms_consent.domain.observation import Logger, Metrics
from sms_consent.domain.phone_number import mask, mask_id
from sms_consent.domain.ports import Clock, DeadLetterQueue
from sms_consent.inbound.concurrency import Runner, run_in_sequence
from sms_consent.inbound.message import InboundMessage
from sms_consent.inbound.order import by_person, in_order, one_by_one, shuffled
from sms_consent.inbound.processor import ClassifiedMessage, InboundResult
from sms_consent.inbound.records import Record, records_of
from sms_consent.intent import Intent

__all__ = ["Batch", "Queue", "Runner", "Texts"]

SUSPECT_AFTER = 3
"""A record received more often than this may have stopped the process each time."""

GIVE_UP_AFTER = timedelta(days=12)
"""SQS deletes a message after 14 days: until then a record that still fails must be in the dead-letter queue."""

GIVE_UP_UNTRIED_AFTER = timedelta(days=13)
"""A record this old is moved without another try: whatever it does to the process, the next try may be too late."""


class Texts(Protocol):
    """What a text asks for, and doing it: ``sms_consent.inbound.processor.Inbound``."""

    def classify(self, text: InboundMessage, /) -> ClassifiedMessage:
        """Return the text with its intent, without any call."""

    def apply(self, message: ClassifiedMessage, /) -> InboundResult:
        """Do what a text asks for. Raises TryAgain, Rejected or Unreadable."""


class Queue(Protocol):
    """The queue that the records come from."""

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
        together: Runner = run_in_sequence,
    ) -> None:
        """``has_time`` says whether a request started now can be recorded before the function is stopped."""
        self._inbound = inbound
        self._dead_letters = dead_letters
        self._queue = queue
        self._clock = clock
        self._logger = logger
        self._metrics = metrics
        self._has_time = has_time
        self._together = together

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Return a partial batch response: the records to deliver again.

        Unreadable records, and those that still fail after 12 days, are moved to the dead-letter queue. All work has ended when
        this returns.
        """
        records = records_of(event)
        done: set[Record] = set()
        suspects = [record for record in records if record.receives > SUSPECT_AFTER]
        again = [record for record in records if 1 < record.receives <= SUSPECT_AFTER]
        first = [record for record in records if record.receives <= 1]
        self._together([partial(self._process_person, group, done) for group in by_person(first)])
        for group in shuffled(by_person(again)):
            self._process_person(group, done)
        self._process_suspects(suspects, done)
        return {"batchItemFailures": [{"itemIdentifier": record.id} for record in records if record not in done]}

    def _process_suspects(self, suspects: list[Record], done: set[Record]) -> None:
        """Process each alone, after everything finished so far is final: even if it stops the process, only it comes back."""
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
        """Classify all of one person's texts, which takes no call, and then apply them; what was throttled, once more."""
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
        """Raises Throttled. Every other failure is dealt with."""
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
        """Raise OutOfTime if a request could not be recorded before the function is stopped. Other texts take no call."""
        if message.reading.intent is not Intent.NONE and not self._has_time():
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
        """Move a record to the dead-letter queue. If that fails, it stays where it is."""
        try:
            self._dead_letters.put(record.dead_letter(), reason)
        except Exception as error:  # noqa: BLE001  one record must not take the batch with it
            self._log_failure(record, error)
            return
        done.add(record)
        self._logger.error("a text was put aside", record=record.id, inbound_message_id=record.text_id, reason=reason)
        self._count("TextsPutAside")

    def _log_failure(self, record: Record, error: Exception) -> None:
        """Only names of types: the message or the frames of an unforeseen error may hold a number or a text."""
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

    def _report(self, message: ClassifiedMessage, heard: InboundResult) -> None:
        content = message.content
        if content is not None:
            self._count(content.kind.metric)
        if message.is_event:
            return
        text, consent = message.text, heard.consent
        self._logger.info(
            "heard",
            inbound_message_id=mask_id(text.id),
            sender=mask(text.sender),
            intent=heard.reading.intent,
            tier=heard.reading.tier,
            rule=heard.reading.rule,
            rcs=content.kind if content is not None else None,
            outcome=heard.outcome,
            status=consent.status if consent is not None else None,
            applied=consent.settled if consent is not None else None,
            answer=heard.answer.state if heard.answer is not None else None,
        )
        if heard.overruled_by is not None:
            self._logger.error(
                "a STOP is older than an opt-in that its sender did not text",
                inbound_message_id=mask_id(text.id),
                opted_in_by=heard.overruled_by,
            )
            self._count("StopsOverruled")
        reading = heard.reading
        self._count(f"Texts{reading.intent.title().replace('_', '')}")
        if reading.intent is Intent.OPT_OUT and reading.tier is not None:
            self._count(f"OptOutsBy{reading.tier.title()}")

    def _count(self, name: str) -> None:
        self._metrics.add_metric(name, "Count", 1)


def _causes(error: Exception) -> str:
    names = [type(each).__name__ for each in (error, error.__cause__) if each is not None]
    return ", caused by ".join(names)
