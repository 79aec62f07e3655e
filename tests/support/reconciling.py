"""Reconcile on ports in memory: lists in an order that nobody documents, a ledger to walk, and a worker to kill anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import count
from typing import Any

from sms_consent.adapters.clock import QuotaRateLimiter
from sms_consent.domain.consent import Consent, Drift, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import Moved, Rejected
from sms_consent.domain.ports import Call
from sms_consent.domain.time import as_text
from sms_consent.reconciliation.ports import ListPage
from sms_consent.reconciliation.progress import BloomSnapshot, Counts, RunProgress
from sms_consent.reconciliation.reconciler import Observer, Reconciled, Reconciler
from support.fake_clock import FakeClock
from support.intercepted import Intercepted
from support.memory_ledger import MemoryLedger
from support.memory_service import DEFAULT_QUOTAS, MemoryService
from support.workers import Environment, environment

__all__ = ["LIST", "OTHER", "Deployment", "MemoryBook", "MemoryCensus", "MemoryListings", "Told"]

LIST = "Default"
OTHER = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Shared"
OURS = {"+12125550101": LIST, "+12125550102": OTHER}
INVOCATION = timedelta(seconds=870)


@dataclass
class MemoryListings:
    """``Listings`` of what the service in memory holds. A place stands for "after this number"."""

    service: MemoryService
    page_size: int = 100
    forgets_places: bool = False  # from now on, whatever place was given before is unknown
    hidden: set[str] = field(default_factory=set)

    def page(self, list_name: str, place: str | None) -> ListPage:
        self.service._admit(Call.FIND)
        if list_name in self.hidden:
            raise Rejected("AccessDeniedException")
        if place is not None and self.forgets_places:
            raise Rejected("ValidationException", "INVALID_NEXT_TOKEN")
        numbers = sorted((_order(number), number) for number, name in self.service.entries if name == list_name)
        rest = [number for order, number in numbers if place is None or order > place]
        page = rest[: self.page_size]
        entries = [(number, self.service.entries[number, list_name]) for number in page]
        return ListPage(entries, _order(page[-1]) if len(rest) > self.page_size else None)


@dataclass
class MemoryCensus:
    """``Census`` of a ledger in memory, and what is written down."""

    ledger: MemoryLedger
    page_size: int = 100
    drifts: dict[tuple[str, str, str], Drift] = field(default_factory=dict)

    def consents(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        assert len(numbers) <= 100
        found = {number: self.ledger.consent(number, list_name) for number in numbers}
        return {number: consent for number, consent in found.items() if consent is not None}

    def walk(self, place: str | None) -> tuple[Sequence[tuple[str, Consent]], str | None]:
        keys = sorted((_order(f"{number} {name}"), (number, name)) for number, name in self.ledger.consents)
        rest = [(order, key) for order, key in keys if place is None or order > place]
        page = [(order, self.ledger.consents[key]) for order, key in rest[: self.page_size]]
        last = page[-1][0] if len(rest) > self.page_size else None
        return [each for each in page if each[1].status is Status.OPTED_OUT or each[1].drift is not None], last

    def add_drift(self, drift: Drift) -> bool:
        key = drift.number, drift.list_name, as_text(drift.found_at)
        if key in self.drifts:
            return False
        self.drifts[key] = drift
        return True


class MemoryBook:
    """``RunBook``."""

    def __init__(self) -> None:
        self.run: RunProgress | None = None
        self.sketches: dict[tuple[str, int], bytes] = {}

    def newest(self) -> RunProgress | None:
        return self.run

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        standing = self.run.revision if self.run is not None else None
        if standing != (replacing.revision if replacing is not None else None):
            raise Moved(self.run)
        self.run = run

    def save_snapshot(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:
        self.sketches[name, 0] = packed
        return BloomSnapshot(name, 1, until)

    def read_snapshot(self, snapshot: BloomSnapshot) -> bytes | None:
        return self.sketches.get((snapshot.name, 0))


class Told(Observer):
    """What an observer was told."""

    def __init__(self) -> None:
        self.drifts: list[Drift] = []
        self.counts = Counts()
        self.runs: list[RunProgress] = []

    def found(self, drift: Drift) -> None:
        self.drifts.append(drift)

    def page_done(self, run: RunProgress) -> None:
        self.runs.append(run)

    def counted(self, counts: Counts) -> None:
        more = {name: getattr(counts, name) for name in Counts.__dataclass_fields__}
        self.counts = self.counts.plus(**more)


class Deployment:
    """A ledger, lists, the workers that sync them, and reconcile."""

    def __init__(self, *, page_size: int = 100, quotas: bool = True, lists: tuple[str, ...] = (LIST,)) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger()
        self.service = MemoryService(self.clock, OURS, quotas=DEFAULT_QUOTAS if quotas else None)
        self.listings = MemoryListings(self.service, page_size)
        self.scan = MemoryCensus(self.ledger, page_size)
        self.book = MemoryBook()
        self.lists = lists
        self.told = Told()
        self.calls: list[str] = []
        self.at_call: Callable[[str], None] = lambda _: None  # before each call of a worker to one of its ports
        self.after_call: Callable[[str], None] = lambda _: None
        self._tokens = count(1)

    # --- people, and whoever changes a list by hand

    def decide(self, asked: Asked, number: str, *, list_name: str = LIST, at: datetime | None = None) -> Consent:
        decision = Decision(
            id=f"text-{next(self._tokens)}", number=number, asked=asked, at=at or self.clock.now(),
            author=Author.END_USER, through="+12125550101",
        )  # fmt: skip
        return self._workers(paced=False).recorder.record(decision, list_name, reply_from=None).consent

    def stop(self, number: str, **options: Any) -> Consent:
        return self.decide(Asked.OPT_OUT, number, **options)

    def start(self, number: str, **options: Any) -> Consent:
        return self.decide(Asked.OPT_IN, number, **options)

    def put_by_hand(
        self, number: str, *, list_name: str = LIST, at: datetime | None = None, end_user: bool = False
    ) -> None:
        self.service.entries[number, list_name] = Listing(at=at or self.clock.now(), end_user_opted_out=end_user)

    def delete_by_hand(self, number: str, *, list_name: str = LIST) -> None:
        del self.service.entries[number, list_name]
        self.service.deletions[number, list_name] = self.clock.now()

    # --- workers

    def reconcile(self, *, force: bool = True, dry: bool = False, span: timedelta = INVOCATION) -> Reconciled:
        """One invocation."""
        watched = [
            Intercepted(each, self._watched)
            for each in (self.ledger, self.scan, self.book, self.listings, self.service)
        ]
        ledger, scan, book, listings, opt_out_list = watched
        made = Reconciler(
            lists=self.lists,
            ledger=ledger,  # type: ignore[arg-type]  # a port that is watched
            scan=scan,  # type: ignore[arg-type]
            progress_store=MemoryBook() if dry else book,  # type: ignore[arg-type]
            listings=listings,  # type: ignore[arg-type]
            opt_out_list=opt_out_list,  # type: ignore[arg-type]
            rate_limiter=QuotaRateLimiter(self.clock, {Call.FIND: 1}),
            clock=self.clock,
            new_token=lambda: f"token-{next(self._tokens)}",
            dry=dry,
        )
        return made.run(self.clock.now() + span, force=force, observer=self.told)

    def sweep(self) -> None:
        """As often as it takes, now and when the last wait is over."""
        for _ in range(200):
            if not self.ledger.anything_due:
                return
            self._workers(paced=True).sweep.run(self.clock.now() + timedelta(seconds=50))
            moments = [consent.due_at for consent in self.ledger.consents.values() if consent.due_at is not None]
            if moments:
                self.clock.move_to(max(min(moments), self.clock.now() + timedelta(seconds=1)))
        raise AssertionError("work stays due for ever")

    def _workers(self, *, paced: bool) -> Environment:
        return environment(
            ledger=self.ledger,
            opt_out_list=self.service,
            texting=self.service,
            clock=self.clock,
            new_token=lambda: f"token-{next(self._tokens)}",
            own_list=LIST,
            paced=paced,
        )

    def _watched(self, name: str, _: Any, effect: Callable[[], Any]) -> Any:
        self.calls.append(name)
        self.at_call(name)
        answer = effect()
        self.after_call(name)
        return answer

    # --- how things stand

    def consent(self, number: str, list_name: str = LIST) -> Consent:
        return self.ledger.consents[number, list_name]

    def due(self, number: str) -> Due | None:
        return self.consent(number).due

    def kinds(self) -> dict[str, DriftKind]:
        """What was written down, by number; no number twice."""
        kinds = {drift.number: drift.kind for drift in self.scan.drifts.values()}
        assert len(kinds) == len(self.scan.drifts), "a drift was written down twice"
        return kinds

    def agree(self, names: Iterable[str] = (LIST,)) -> None:
        """For every number, list and ledger say the same."""
        for name in names:
            ledger = {
                number for (number, where), consent in self.ledger.consents.items()
                if where == name and consent.status is not Status.OPTED_IN
            }  # fmt: skip
            listed = {number for number, where in self.service.entries if where == name}
            assert ledger == listed
        assert all(consent.settled for consent in self.ledger.consents.values())


def _order(name: str) -> str:
    return blake2b(name.encode(), digest_size=8).hexdigest()
