"""A reconcile of a million listed numbers, killed three times: whether it ends right, how long it takes, and in how much memory.

List and ledger are made up number by number as they are asked for, so that the memory is the worker's own; what is written is
kept. Time is simulated: a request a second, invocations of 900 seconds at the turns of a schedule.

``python benchmarks/reconcile_million.py --numbers 1000000``
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.fake_clock import NOON, FakeClock
from support.intercepted import Killed
from support.memory_ledger import MemoryLedger
from support.memory_service import DEFAULT_QUOTAS, MemoryService
from support.reconciling import MemoryBook, MemoryCensus
from support.workers import environment

from sms_consent.adapters.clock import QuotaRateLimiter
from sms_consent.domain.consent import Consent, DriftKind, Listing, Status
from sms_consent.domain.ports import Call
from sms_consent.reconciliation.ports import ListPage
from sms_consent.reconciliation.reconciler import Reconciler, State

LIST = "Default"
PAGE = 100
TURN = timedelta(minutes=5)
INVOCATION = timedelta(seconds=870)
LATENCY = timedelta(milliseconds=50)  # of a page, or of a batch of reads
BEGINNING = NOON - timedelta(days=400)
ONE_IN = 2_000  # of each kind of difference, and of those who are opted in and off the list


def kind_of(index: int) -> DriftKind | Status:
    """What is the matter with the number: for nearly all of them nothing, they are opted out and on the list."""
    kinds: dict[int, DriftKind | Status] = {
        1: DriftKind.NOT_LISTED,
        2: DriftKind.NOT_RECORDED,
        3: DriftKind.STILL_LISTED,
        4: Status.OPTED_IN,
    }
    return kinds.get(index % ONE_IN, Status.OPTED_OUT)


def number_of(index: int) -> str:
    """In E.164 form."""
    return f"+1{2_000_000_000 + index}"


def index_of(number: str) -> int:
    """The inverse."""
    return int(number[2:]) - 2_000_000_000


def listed_at_first(index: int) -> bool:
    """Whether it stands on the list."""
    return kind_of(index) not in (DriftKind.NOT_LISTED, Status.OPTED_IN)


class VastLedger(MemoryLedger):
    """Whoever has not been written since the beginning is made up."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.numbers = numbers

    def consent(self, number: str, list_name: str) -> Consent | None:
        return self.consents.get((number, list_name)) or self._at_first(number, list_name)

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        key = consent.number, consent.list_name
        if key not in self.consents and (first := self._at_first(*key)) is not None:
            self.consents[key] = first
        return super().save(consent, replacing)

    def _at_first(self, number: str, list_name: str) -> Consent | None:
        index = index_of(number)
        kind = kind_of(index)
        if kind is DriftKind.NOT_RECORDED or not 0 <= index < self.numbers:
            return None
        opted_in = kind in (DriftKind.STILL_LISTED, Status.OPTED_IN)
        return Consent(
            number=number,
            list_name=list_name,
            status=Status.OPTED_IN if opted_in else Status.OPTED_OUT,
            end_user_opted_out=not opted_in,
            decided_at=BEGINNING + timedelta(days=1),
            decided_by=f"text-{index}",
            applied_version=1,
            listed=not opted_in,
            listing=None if opted_in else Listing(at=BEGINNING, end_user_opted_out=False),
        )


class VastCensus(MemoryCensus):
    """In the order of the numbers."""

    ledger: VastLedger

    def walk(self, place: str | None) -> tuple[Sequence[tuple[str, Consent]], str | None]:
        start = int(place) + 1 if place is not None else 0
        indexes = range(start, min(start + 1_000, self.ledger.numbers))
        found = [(str(index), self.ledger.consent(number_of(index), LIST)) for index in indexes]
        consents = [(at, consent) for at, consent in found if consent is not None]
        kept = [each for each in consents if each[1].status is Status.OPTED_OUT or each[1].drift is not None]
        return kept, str(indexes[-1]) if indexes and indexes[-1] + 1 < self.ledger.numbers else None


@dataclass
class VastService(MemoryService):
    """Entries that nobody has touched are made up; ``off`` are those that were deleted since."""

    off: set[str] = field(default_factory=set)

    def find(self, number: str, list_name: str) -> Listing | None:
        self._admit(Call.FIND)
        return self.entries.get((number, list_name)) or self._at_first(number)

    def delete(self, number: str, list_name: str) -> Listing | None:
        if (number, list_name) not in self.entries and (first := self._at_first(number)) is not None:
            self.entries[number, list_name] = first
        self.off.add(number)
        return super().delete(number, list_name)

    def _at_first(self, number: str) -> Listing | None:
        stands = listed_at_first(index_of(number)) and number not in self.off
        return Listing(at=BEGINNING, end_user_opted_out=False) if stands else None


class VastListings:
    """A hundred at a time."""

    def __init__(self, service: VastService, numbers: int) -> None:
        self._service = service
        self._numbers = numbers
        self.requests = 0

    def page(self, list_name: str, place: str | None) -> ListPage:
        self.requests += 1
        self._service._admit(Call.FIND)
        index = int(place) if place is not None else 0
        entries: list[tuple[str, Listing]] = []
        while index < self._numbers and len(entries) < PAGE:
            number = number_of(index)
            entry = self._service.entries.get((number, list_name)) or self._service._at_first(number)
            if entry is not None:
                entries.append((number, entry))
            index += 1
        return ListPage(entries, str(index) if index < self._numbers else None)


class Counted:
    """A port whose calls take their time, and at one of which the worker may die."""

    def __init__(self, inner: object, before: Callable[[str], None]) -> None:
        self._inner = inner
        self._before = before

    def __getattr__(self, name: str) -> Callable[..., object]:
        member: Callable[..., object] = getattr(self._inner, name)

        def call(*arguments: object, **named: object) -> object:
            self._before(name)
            return member(*arguments, **named)

        return call


def main() -> int:
    """Print what it took, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numbers", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=3)
    arguments = parser.parse_args()
    started = time.monotonic()
    before = _peak()
    ended = _reconcile(arguments.numbers, arguments.kills)
    sys.stdout.write(
        f"{time.monotonic() - started:.0f} s here, sweep and check included; memory {before:.0f} MB before\n"
    )
    sys.stdout.write(f"verdict: {'right' if ended else 'WRONG'}\n")
    return 0 if ended else 1


def _reconcile(numbers: int, kills: int) -> bool:
    clock = FakeClock()
    ledger, service = VastLedger(numbers), VastService(clock, {"+12125550101": LIST}, quotas=DEFAULT_QUOTAS)
    scan, book, listings = VastCensus(ledger), MemoryBook(), VastListings(service, numbers)
    tokens = count(1)
    die_at = [(at + 1) * (numbers // PAGE) // (kills + 1) for at in range(kills)]
    reads, dead = 0, False

    def before(name: str) -> None:
        nonlocal reads, dead
        if name in ("page", "find", "consents", "walk"):
            clock.advance(LATENCY)
        reads += name == "consents"
        if name == "save_snapshot":  # the fake keeps every sketch; the ledger's expire
            for old in list(book.sketches)[:-1]:
                del book.sketches[old]
        if die_at and name == "save" and reads >= die_at[0]:  # between a page that is read and what is written of it
            die_at.pop(0)
            dead = True
        if dead:  # nothing that a worker does on its way out happens
            raise Killed

    watched = [Counted(each, before) for each in (ledger, scan, book, listings, service)]
    begun, invocations, killed = clock.now(), 0, 0
    while True:
        reconciler = Reconciler(  # a new one each time: nothing is remembered but what is written
            lists=(LIST,),
            ledger=watched[0],  # type: ignore[arg-type]  # ports that are counted
            scan=watched[1],  # type: ignore[arg-type]
            progress_store=watched[2],  # type: ignore[arg-type]
            listings=watched[3],  # type: ignore[arg-type]
            opt_out_list=watched[4],  # type: ignore[arg-type]
            rate_limiter=QuotaRateLimiter(clock, {Call.FIND: 1}),
            clock=clock,
            new_token=lambda: f"token-{next(tokens)}",
        )
        dead = False
        turn = clock.now()
        try:
            state = reconciler.run(clock.now() + INVOCATION).state
        except Killed:
            state, killed = State.LEFT, killed + 1
        invocations += state is not State.BUSY
        if state is State.FINISHED:
            break
        clock.move_to(turn + TURN * (1 + (clock.now() - turn) // TURN))
    assert book.run is not None
    took, counts = clock.now() - begun, book.run.counts
    sys.stdout.write(
        f"{counts.listed:,} numbers on the list, {counts.consents:,} opt-outs in the ledger; {invocations} invocations, "
        f"{killed} killed; {listings.requests:,} pages asked for, {counts.lookups:,} numbers looked up\n"
        f"{took.total_seconds() / 3600:.2f} h (simulated), refused for their rate: {service.refused[Call.FIND]}\n"
        f"found: {', '.join(f'{count:,} {kind}' for kind, count in counts.drifts.items())}; "
        f"kept between invocations: {max((len(part) for part in book.sketches.values()), default=0) / 1e6:.1f} MB; "
        f"peak memory by then {_peak():.0f} MB\n"
    )
    return _right(numbers, ledger, service, scan, clock)


def _right(numbers: int, ledger: VastLedger, service: VastService, scan: VastCensus, clock: FakeClock) -> bool:
    """Each difference was found once and as what it is, and after sweep list and ledger agree on every number."""
    tokens = count(1)
    workers = environment(
        ledger=ledger, opt_out_list=service, texting=service, clock=clock, own_list=LIST, paced=True,
        new_token=lambda: f"sweep-{next(tokens)}",
    )  # fmt: skip
    while ledger.anything_due:
        workers.sweep.run(clock.now() + timedelta(seconds=50))
        clock.advance(timedelta(seconds=10))
    found = {drift.number: drift.kind for drift in scan.drifts.values()}
    wanted = {number_of(index): kind for index in range(numbers) if isinstance(kind := kind_of(index), DriftKind)}
    if found != wanted or len(scan.drifts) != len(wanted):
        return False
    for index in range(numbers):
        number = number_of(index)
        consent = ledger.consent(number, LIST)
        listed = (service.entries.get((number, LIST)) or service._at_first(number)) is not None
        if consent is None or (consent.status is not Status.OPTED_IN) is not listed or not consent.settled:
            return False
    return True


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
