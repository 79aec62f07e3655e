"""The ports with a gate before each call: there the scheduler says who runs, how the call ends, and who dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol, TypeVar

from simulation.witness import Witness

from sms_consent.domain.consent import Consent, Due, Listing
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.ports import Call, ConsentLedger, OptOutList, Rejection, Sender, Texting
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import ReplyThread
from sms_consent.domain.transitions import dropped_from_outbox

__all__ = ["Gate", "GatedLedger", "GatedList", "GatedTexting", "Where"]

PAGE = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Where:
    """What a call is about."""

    name: str
    number: str | None = None
    list_name: str | None = None
    call: Call | None = None  # of the list or texting; None for the ledger's own


class Gate(Protocol):
    """Makes a call take effect, or not, and answer, or not."""

    @property
    def worker(self) -> str:
        """Who calls."""

    def __call__(self, where: Where, effect: Callable[[], T]) -> T:
        """The call's answer."""


class GatedLedger:
    """A ``ConsentLedger`` behind the gate."""

    def __init__(self, inner: ConsentLedger, gate: Gate, witness: Witness) -> None:
        self._inner = inner
        self._gate = gate
        self._witness = witness

    def consent(self, number: str, list_name: str) -> Consent | None:
        return self._gate(Where("read", number, list_name), lambda: self._inner.consent(number, list_name))

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        worker = self._gate.worker

        def effect() -> Consent:
            written = self._inner.save(consent, replacing)
            self._moved_to_history(consent, replacing)
            self._witness.saved(consent, worker)
            return written

        return self._gate(Where("save", consent.number, consent.list_name), effect)

    def _moved_to_history(self, consent: Consent, replacing: Consent | None) -> None:
        decision = dropped_from_outbox(replacing, consent)
        if decision is not None:
            self._witness.appended(decision)

    def append(self, decision: Decision, outcome: Outcome, recorded_at: datetime) -> bool:
        def effect() -> bool:
            new = self._inner.append(decision, outcome, recorded_at)
            self._witness.appended(decision)
            return new

        return self._gate(Where("append", decision.number), effect)

    def save_and_append(
        self, consent: Consent, replacing: Consent, decision: Decision, outcome: Outcome, recorded_at: datetime
    ) -> None:
        worker = self._gate.worker

        def effect() -> None:
            self._inner.save_and_append(consent, replacing, decision, outcome, recorded_at)
            self._moved_to_history(consent, replacing)
            self._witness.saved(consent, worker)
            self._witness.appended(decision)

        self._gate(Where("save and append", consent.number, consent.list_name), effect)

    def recorded_between(
        self, number: str, since: datetime, until: datetime, *, most: int
    ) -> Sequence[Decision] | None:
        return self._gate(
            Where("recorded", number), lambda: self._inner.recorded_between(number, since, until, most=most)
        )

    def thread(self, key: str, number: str) -> ReplyThread | None:
        return self._gate(Where("read thread", number), lambda: self._inner.thread(key, number))

    def save_thread(self, key: str, thread: ReplyThread, replacing: ReplyThread | None) -> None:
        self._gate(Where("save thread", thread.number), lambda: self._inner.save_thread(key, thread, replacing))

    def due_consents(
        self, kind: Due, until: datetime, rejected: Rejection | None = None, *, newest_first: bool = False
    ) -> Iterator[Consent | Unreadable]:
        found = self._inner.due_consents(kind, until, rejected, newest_first=newest_first)
        return self._pages(f"due {kind}", found)

    def reject(self, work: RejectedWork) -> None:
        self._gate(Where("reject", work.number, work.list_name), lambda: self._inner.reject(work))

    def due_rejected(self, until: datetime) -> Iterator[RejectedWork | Unreadable]:
        return self._pages("due rejected", self._inner.due_rejected(until))

    def reschedule(self, work: RejectedWork, due_at: datetime | None, now: datetime) -> None:
        self._gate(Where("reschedule", work.number, work.list_name), lambda: self._inner.reschedule(work, due_at, now))

    def due_threads(self, until: datetime) -> Iterator[tuple[str, ReplyThread] | Unreadable]:
        return self._pages("due letters", self._inner.due_threads(until))

    def sender(self, identity: str) -> Sender | None:
        return self._gate(Where("sender"), lambda: self._inner.sender(identity))

    def take_turn(self, name: str, worker: str, now: datetime, until: datetime) -> bool:
        return self._gate(Where(f"take the turn of {name}"), lambda: self._inner.take_turn(name, worker, now, until))

    def end_turn(self, name: str, worker: str, now: datetime) -> None:
        self._gate(Where(f"end the turn of {name}"), lambda: self._inner.end_turn(name, worker, now))

    def _pages(self, name: str, found: Iterator[T]) -> Iterator[T]:
        while True:
            page = self._gate(Where(name), lambda: list(islice(found, PAGE)))
            yield from page
            if len(page) < PAGE:
                return


class GatedList:
    """An ``OptOutList`` behind the gate."""

    def __init__(self, inner: OptOutList, gate: Gate, witness: Witness) -> None:
        self._inner = inner
        self._gate = gate
        self._witness = witness

    def put(self, number: str, list_name: str) -> Listing:
        def effect() -> Listing:
            listing = self._inner.put(number, list_name)
            self._witness.took_effect(Call.PUT, (number, list_name))
            return listing

        return self._gate(Where("put", number, list_name, Call.PUT), effect)

    def delete(self, number: str, list_name: str) -> Listing | None:
        def effect() -> Listing | None:
            self._witness.reaching_the_service(Call.DELETE, (number, list_name))
            was = self._inner.delete(number, list_name)
            if was is not None:
                self._witness.took_effect(Call.DELETE, (number, list_name))
            return was

        return self._gate(Where("delete", number, list_name, Call.DELETE), effect)

    def find(self, number: str, list_name: str) -> Listing | None:
        return self._gate(Where("find", number, list_name, Call.FIND), lambda: self._inner.find(number, list_name))


class GatedTexting:
    """A ``Texting`` behind the gate."""

    def __init__(self, inner: Texting, gate: Gate, witness: Witness) -> None:
        self._inner = inner
        self._gate = gate
        self._witness = witness

    def send(self, *, to: str, sender: str, body: str, reference: str, as_rcs: bool = False) -> str:
        def effect() -> str:
            message_id = self._inner.send(to=to, sender=sender, body=body, reference=reference)
            self._witness.text_sent(reference)
            return message_id

        return self._gate(Where("send", to, None, Call.SEND), effect)
