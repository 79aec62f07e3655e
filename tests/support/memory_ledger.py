"""The ledger in memory, with the semantics of the one on DynamoDB: conditional writes, and an index that may lag."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sms_consent.adapters.dynamodb.chain import NewEntry, decision_entry, fact_entries, linked
from sms_consent.adapters.dynamodb.evidence_queries import entry_from
from sms_consent.domain.chain_verification import verify_chain
from sms_consent.domain.consent import ChainHead, Consent, Due
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Moved
from sms_consent.domain.evidence import dropped_from_outbox, facts_of, facts_of_thread
from sms_consent.domain.ports import Clock, Rejection, Sender
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import ReplyThread
from sms_consent.domain.time import as_text
from sms_consent.queries.evidence import PersonEvidence, person_evidence

__all__ = ["History", "MemoryLedger"]

PAGE = 100

T = TypeVar("T", Consent, ReplyThread, RejectedWork)
Written = TypeVar("Written", Consent, ReplyThread)


@dataclass(frozen=True, slots=True)
class History:
    """One decision as it stands in the history."""

    decision: Decision
    outcome: Outcome
    recorded_at: datetime


class MemoryLedger:
    """A ``ConsentLedger``. Records are immutable, so that what was read never changes under its reader."""

    def __init__(self, senders: tuple[Sender, ...] = (), clock: Clock | None = None) -> None:
        self._clock = clock
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.heads: dict[str, ChainHead] = {}
        self.consents: dict[tuple[str, str], Consent] = {}
        self.threads: dict[tuple[str, str], ReplyThread] = {}
        self.history: dict[tuple[str, str, str], History] = {}
        self.senders = {sender.identity: sender for sender in senders}
        self.turns: dict[str, tuple[str, datetime]] = {}
        self._index: _Index[Consent] = _Index()
        self._thread_index: _Index[ReplyThread] = _Index()
        self.rejected: dict[tuple[str, str], RejectedWork] = {}
        self._rejected_index: _Index[RejectedWork] = _Index()

    @property
    def index_lag(self) -> int:
        """By how many writes the index of due work is behind the table."""
        return self._index.lag

    @index_lag.setter
    def index_lag(self, writes: int) -> None:
        self._index.lag = self._thread_index.lag = writes
        self._index.catch_up()
        self._thread_index.catch_up()
        self._rejected_index.lag = writes
        self._rejected_index.catch_up()

    def consent(self, number: str, list_name: str) -> Consent | None:
        return self.consents.get((number, list_name))

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        key = consent.number, consent.list_name
        stored = self.consents.get(key)
        _check(stored, replacing, consent)
        if stored != consent:
            dropped, facts = dropped_from_outbox(replacing, consent), facts_of(replacing, consent)
            if dropped is not None:
                self.append(dropped, Outcome.CHANGED, self._now(dropped.at))
            self._chain(consent.number, fact_entries(facts, self._now(consent.decided_at)))
            consent = replace(consent, chain=self.heads.get(consent.number))
        else:
            consent = stored
        self.consents[key] = consent
        self._index.write(key, consent, consent.due, consent.due_at)
        return consent

    def append(self, decision: Decision, outcome: Outcome, recorded_at: datetime) -> bool:
        key = decision.number, as_text(decision.at), decision.id
        if key in self.history:
            return False
        self.history[key] = History(decision, outcome, recorded_at)
        self._chain(decision.number, [decision_entry(decision, outcome, recorded_at)])
        return True

    def save_and_append(
        self, consent: Consent, replacing: Consent, decision: Decision, outcome: Outcome, recorded_at: datetime
    ) -> None:
        self.save(consent, replacing)
        self.append(decision, outcome, recorded_at)

    def evidence(self, number: str) -> PersonEvidence:
        """What the ledger holds about a number, with its chain verified."""
        consents = [consent for consent in self.consents.values() if consent.number == number]
        threads = [thread for thread in self.threads.values() if thread.number == number]
        entries = [entry_from(each) for each in self.entries.get(number, ())]
        marks = [consent.chain for consent in consents if consent.chain is not None]
        report = verify_chain(entries, self.heads.get(number), marks)
        return person_evidence(number, entries, report, consents, threads, ())

    def _chain(self, number: str, entries: list[NewEntry]) -> None:
        if entries:
            made, self.heads[number] = linked(entries, self.heads.get(number))
            self.entries.setdefault(number, []).extend(made)

    def _now(self, otherwise: datetime) -> datetime:
        return self._clock.now() if self._clock is not None else otherwise

    def recorded_between(self, number: str, since: datetime, until: datetime, *, most: int) -> list[Decision] | None:
        found = [
            each.decision
            for (of, _, _), each in self.history.items()
            if of == number and since <= each.decision.at <= until
        ]
        return found if len(found) <= most else None

    def thread(self, key: str, number: str) -> ReplyThread | None:
        return self.threads.get((number, key))

    def save_thread(self, key: str, thread: ReplyThread, replacing: ReplyThread | None) -> None:
        stored = self.threads.get((thread.number, key))
        _check(stored, replacing, thread)
        if stored != thread:
            facts = facts_of_thread(replacing, thread)
            self._chain(thread.number, fact_entries(facts, self._now(thread.asked_at)))
        self.threads[thread.number, key] = thread
        due = Due.REPLY if thread.due_at is not None else None
        self._thread_index.write((thread.number, key), thread, due, thread.due_at)

    def due_consents(
        self, kind: Due, until: datetime, rejected: Rejection | None = None, *, newest_first: bool = False
    ) -> Iterator[Consent]:
        found = self._index.newest_due(kind, until) if newest_first else self._index.due(kind, until)
        return (consent for _, consent in found if rejected is None or _class_of(consent) is rejected)

    def due_threads(self, until: datetime) -> Iterator[tuple[str, ReplyThread]]:
        return ((key, thread) for (_, key), thread in self._thread_index.due(Due.REPLY, until))

    def reject(self, work: RejectedWork) -> None:
        key = work.number, work.list_name
        self.rejected[key] = work
        self._rejected_index.write(key, work, Due.REJECTED, work.due_at)

    def due_rejected(self, until: datetime) -> Iterator[RejectedWork]:
        return (work for _, work in self._rejected_index.due(Due.REJECTED, until))

    def reschedule(self, work: RejectedWork, due_at: datetime | None, now: datetime) -> None:
        standing = self.rejected.get((work.number, work.list_name))
        if standing is not None and (standing.revision, standing.due_at) == (work.revision, work.due_at):
            self.reject(work.at(due_at))

    def sender(self, identity: str) -> Sender | None:
        return self.senders.get(identity)

    def take_turn(self, name: str, worker: str, now: datetime, until: datetime) -> bool:
        holder, held_until = self.turns.get(name, (worker, now))
        if holder != worker and held_until > now:
            return False
        self.turns[name] = worker, until
        return True

    def end_turn(self, name: str, worker: str, now: datetime) -> None:
        if self.turns.get(name, ("", now))[0] == worker:
            self.turns[name] = worker, now

    @property
    def anything_due(self) -> bool:
        """Whether work is left, now or later."""
        return bool(self._index or self._thread_index or self._rejected_index)

    def decisions(self) -> list[History]:
        """The history of everybody, by number and time."""
        return [self.history[key] for key in sorted(self.history)]


def _class_of(consent: Consent) -> Rejection:
    if consent.rejection is None:
        return Rejection.NONE
    return Rejection.NUMBER if consent.rejections else Rejection.OTHER


def _check(current: Written | None, replacing: Written | None, wanted: Written) -> None:
    met = current is None if replacing is None else current is not None and current.revision == replacing.revision
    # A write that was repeated under its writer's hands finds itself, which the ledger on DynamoDB takes for success too.
    if not met and current != wanted:
        raise Moved(current)


class _Index(dict[tuple[str, str], T]):
    """What is due, by kind and time; it follows the table with each write, or some writes later."""

    def __init__(self) -> None:
        super().__init__()
        self.lag = 0
        self._order: list[tuple[str, datetime, tuple[str, str]]] = []
        self._entries: dict[tuple[str, str], tuple[str, datetime, tuple[str, str]]] = {}
        self._behind: deque[tuple[tuple[str, str], T, Due | None, datetime | None]] = deque()

    def write(self, key: tuple[str, str], record: T, due: Due | None, due_at: datetime | None) -> None:
        self._behind.append((key, record, due, due_at))
        self.catch_up()

    def catch_up(self) -> None:
        while len(self._behind) > self.lag:
            self._apply(*self._behind.popleft())

    def due(self, kind: Due, until: datetime) -> Iterator[tuple[tuple[str, str], T]]:
        """Page by page; what changes while a page is read shows only in the next one."""
        after: tuple[str, datetime, tuple[str, str]] | None = None
        end = (kind.value, until, ("\U0010ffff", ""))
        while True:
            start = bisect_right(self._order, after) if after else bisect_left(self._order, (kind.value,))  # type: ignore[arg-type]  # a shorter tuple sorts before all that it begins
            page = [entry for entry in self._order[start : start + PAGE] if entry <= end]
            yield from [(key, self[key]) for _, _, key in page]
            if len(page) < PAGE:
                return
            after = page[-1]

    def newest_due(self, kind: Due, until: datetime) -> Iterator[tuple[tuple[str, str], T]]:
        """From the other end. What changes meanwhile may show twice, or not at all."""
        before: tuple[str, datetime, tuple[str, str]] | None = (kind.value, until, ("\U0010ffff", ""))
        while before is not None:
            end = bisect_left(self._order, before)
            page = [entry for entry in self._order[max(end - PAGE, 0) : end] if entry[0] == kind.value]
            yield from [(key, self[key]) for _, _, key in reversed(page)]
            before = page[0] if len(page) == PAGE else None

    def _apply(self, key: tuple[str, str], record: T, due: Due | None, due_at: datetime | None) -> None:
        former = self._entries.pop(key, None)
        if former is not None:
            del self._order[bisect_left(self._order, former)]
            del self[key]
        if due is not None and due_at is not None:
            entry = (due.value, due_at, key)
            insort(self._order, entry)
            self._entries[key] = entry
            self[key] = record
