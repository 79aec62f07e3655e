"""Reconcile: compare the opt-out lists with the ledger, over as many invocations as needed.

A run first reads each list and compares each number on it with the ledger. It then reads the ledger, and looks up each
opted-out number that was not on its list. A Bloom filter of eight megabytes holds the numbers that were on the lists. The
progress is saved at intervals, from which the next invocation resumes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import cast

from sms_consent.domain.consent import Consent, Drift
from sms_consent.domain.errors import Moved, Rejected, TryAgain
from sms_consent.domain.ports import Clock, ConsentLedger, OptOutList, RateLimiter
from sms_consent.reconciliation import drift_rules
from sms_consent.reconciliation.bloom_snapshot import ListedNumbers
from sms_consent.reconciliation.drift_resolver import DriftResolver, LookUpFailed
from sms_consent.reconciliation.ports import ConsentScan, Listings, ProgressStore
from sms_consent.reconciliation.progress import Counts, RunProgress
from sms_consent.reconciliation.rate_limited_reader import RateLimitedReader, TimeIsUp

__all__ = ["EVERY", "LEASE", "LeaseLost", "Observer", "ReconcileRun", "Reconciled", "Reconciler", "State"]

EVERY = timedelta(days=1) - timedelta(minutes=4)
"""Time between the starts of two runs: a day, less a tolerance for a schedule that fires early."""

CHECKPOINT = timedelta(minutes=4)
LEASE = timedelta(minutes=10)
"""Duration of a run's lease, renewed at each checkpoint. One worker at a time keeps the run within the API's rate."""
SNAPSHOT_TTL = timedelta(days=3)
OUTAGE = 3
"""Failed look-ups in a row after which the invocation ends. The next one resumes."""
MAX_RESTARTS = 3
"""How often a list is restarted after an expired page token before it counts as unread."""


class State(StrEnum):
    """How an invocation ended."""

    NOT_DUE = "NOT_DUE"  # the newest run is over, and the next one is not due yet
    BUSY = "BUSY"  # another worker is at it
    LEFT = "LEFT"  # the time is up: the next invocation continues
    FINISHED = "FINISHED"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The result of an invocation, and the progress of its run."""

    state: State
    run: RunProgress


class Observer:
    """Base class for observers of a run. Does nothing itself."""

    def found(self, drift: Drift) -> None:
        """Report a drift. It is reported again if a page is read again."""

    def failed(self, error: Exception) -> None:
        """Report that a number was skipped because of this error."""

    def page_done(self, run: RunProgress) -> None:
        """Report that a page of a list or of the ledger is done."""

    def counted(self, counts: Counts) -> None:
        """Report the counts since the last call. After a crash, some are reported twice, none is lost."""


class LeaseLost(Exception):
    """Another worker holds the run's lease now."""


class ReconcileRun:
    """One invocation's part of a run. Its progress changes only after a complete page, so it can be saved at any time."""

    def __init__(
        self,
        made: Reconciler,
        run: RunProgress,
        listed: ListedNumbers,
        worker: str,
        until: datetime,
        observer: Observer,
    ) -> None:
        self._made = made
        self._run = run
        self._listed = listed
        self._worker = worker
        self._until = until
        self._observer = observer
        self._reported = run.counts
        self._saved: RunProgress | None = None
        self._save_at = until
        self._unsaved = False  # whether numbers were met that the kept sketch does not have
        self._lost = False
        self._failures_in_a_row = 0  # numbers in a row that the list did not answer for
        self._reader = RateLimitedReader(made.rate_limiter, made.clock, until, self._save_in_time)
        self._resolver = DriftResolver(
            ledger=made.ledger,
            scan=made.scan,
            opt_out_list=made.opt_out_list,
            reader=self._reader,
            clock=made.clock,
            found=observer.found,
            after=run.found_after,
            dry=made.dry,
        )

    def acquire(self, newest: RunProgress | None) -> None:
        """Take the run's lease. Raises LeaseLost."""
        self._saved = newest
        self._save(self._run.saved_by(self._worker, self._made.clock.now() + LEASE))

    def resume(self) -> Reconciled:
        """Read until the run is finished or the time is up. Save the progress, even after an error."""
        try:
            while self._run.is_open and self._made.clock.now() < self._until:
                self._step()
                self._observer.page_done(self._run)
                self._save_in_time()
        except TimeIsUp:
            pass
        finally:
            # Also if the ledger fails or the command is interrupted, so that the next worker need not wait for the lease.
            if not self._lost:
                self._checkpoint(leave=True)
        return Reconciled(State.LEFT if self._run.is_open else State.FINISHED, self._run)

    def _step(self) -> None:
        list_name = self._run.list_name
        if list_name is not None:
            self._read_page(list_name)
        else:
            self._walk()

    def _read_page(self, list_name: str) -> None:
        """Read and compare one page. After a crash the page is read again, and its drifts are found again."""
        made, place, counts = self._made, self._run.place, self._run.counts
        try:
            page = self._reader(lambda: made.listings.page(list_name, place))
        except Rejected:
            again = place is not None and self._run.begun_anew < MAX_RESTARTS
            self._run = self._run.list_restarted() if again else self._run.without_list()
            return
        consents = made.scan.consents([number for number, _ in page.entries], list_name)
        counts = counts.plus(pages=1, listed=len(page.entries))
        for number, listing in page.entries:
            self._listed.add(number, list_name)
            self._unsaved = True
            counts = self._compared(
                counts, partial(self._resolver.listed, counts, number, list_name, listing, consents.get(number))
            )
        # Onto whatever has been saved while the page was judged.
        run = replace(self._run, counts=counts, place=page.next_place)
        self._run = run if page.next_place is not None else run.next_list()

    def _walk(self) -> None:
        """Compare one page of consents. Progress advances with each one, as missing numbers need a slow look-up each."""
        consents, next_place = self._made.scan.walk(self._run.place)
        for place, consent in consents:
            counts = self._compared(self._run.counts, partial(self._compare_with_lists, consent))
            self._run = replace(self._run, counts=counts, place=place)
        self._run = replace(self._run, place=next_place)
        if next_place is None:
            self._run = self._run.finished(self._made.clock.now())

    def _compared(self, counts: Counts, compare: Callable[[], Counts]) -> Counts:
        """Compare one number, and skip it on an error. Raises TryAgain if the ledger fails, or several look-ups in a row."""
        try:
            after = compare()
        except (TimeIsUp, LeaseLost, TryAgain):
            raise
        except LookUpFailed as silence:
            self._failures_in_a_row += 1
            failure = cast("TryAgain", silence.__cause__)
            if self._failures_in_a_row >= OUTAGE:
                raise failure from silence
            self._observer.failed(failure)
            return counts.plus(unjudged=1)
        except Exception as error:  # noqa: BLE001  one number must not stop the others
            self._observer.failed(error)
            return counts.plus(unjudged=1)
        self._failures_in_a_row = 0
        return after

    def _compare_with_lists(self, consent: Consent) -> Counts:
        run = self._run
        if consent.list_name not in run.lists or consent.list_name in run.unread:
            return run.counts
        counts = run.counts.plus(consents=1)
        earlier = self._resolver.unlisted_before(counts, consent)
        if earlier is not None:
            return earlier
        if not drift_rules.should_be_listed(consent, run.started_at, self._made.clock.now()):
            return counts
        if self._listed.may_hold(consent.number, consent.list_name):
            return counts
        return self._resolver.unlisted(counts, consent)

    def _save_in_time(self) -> None:
        if self._made.clock.now() >= self._save_at:
            self._checkpoint()

    def _checkpoint(self, *, leave: bool = False) -> None:
        """Save the progress. Counts are reported before, so that none is lost in a crash."""
        run, now = self._run, self._made.clock.now()
        counts = run.counts.since(self._reported)
        if counts != Counts():
            self._observer.counted(counts)
            self._reported = run.counts
        if run.is_open and (self._unsaved or (run.sketch is not None and run.sketch.until < now + SNAPSHOT_TTL / 2)):
            sketch = self._made.progress_store.save_snapshot(
                self._made.new_token(), self._listed.pack(), now + SNAPSHOT_TTL
            )
            run, self._unsaved = replace(run, sketch=sketch), False
        self._save(run.without_lease() if leave else run.saved_by(self._worker, now + LEASE))

    def _save(self, run: RunProgress) -> None:
        try:
            self._made.progress_store.save(run, self._saved)
        except Moved as moved:
            self._lost = True
            raise LeaseLost from moved
        self._run = self._saved = run
        self._save_at = self._made.clock.now() + CHECKPOINT


@dataclass(frozen=True, kw_only=True)
class Reconciler:
    """Starts and resumes reconcile runs.

    With ``dry``, it writes to ``progress_store`` only, which must then be a private one.
    """

    lists: tuple[str, ...]
    ledger: ConsentLedger
    scan: ConsentScan
    progress_store: ProgressStore
    listings: Listings
    opt_out_list: OptOutList
    rate_limiter: RateLimiter
    clock: Clock
    new_token: Callable[[], str]
    dry: bool = False

    def run(self, until: datetime, *, force: bool = False, observer: Observer | None = None) -> Reconciled:
        """Start or resume a run, and work until it is finished or ``until`` is reached.

        Args:
            until: When to stop.
            force: Start a run even before it is due.
            observer: Receives drift, errors and counts.

        Raises:
            TryAgain, Rejected: the ledger failed. The next invocation resumes at the last checkpoint.
        """
        newest = self.progress_store.newest()
        now = self.clock.now()
        if newest is not None and newest.is_open and newest.leased_at(now):
            return Reconciled(State.BUSY, newest)
        if newest is not None and not newest.is_open and not force and now - newest.started_at < EVERY:
            return Reconciled(State.NOT_DUE, newest)
        run, listed = self._opened(newest, now)
        reading = ReconcileRun(self, run, listed, self.new_token(), until, observer or Observer())
        try:
            reading.acquire(newest)
            return reading.resume()
        except LeaseLost:
            return Reconciled(State.BUSY, self.progress_store.newest() or run)

    def _opened(self, newest: RunProgress | None, now: datetime) -> tuple[RunProgress, ListedNumbers]:
        """Return the unfinished run with its Bloom filter, or a new run if its snapshot expired or the lists changed."""
        if newest is not None and newest.is_open and newest.lists == self.lists:
            packed = self.progress_store.read_snapshot(newest.sketch) if newest.sketch is not None else None
            if newest.sketch is None or packed is not None:
                return newest, ListedNumbers(newest.id, packed)
        token = self.new_token()
        if newest is not None:
            return newest.successor(token, self.lists, now), ListedNumbers(token)
        long_ago = now - EVERY  # nothing is marked yet
        first = RunProgress(
            id=token, started_at=now, lists=self.lists, found_after=long_ago, behind_since=now, revision=0
        )
        return first, ListedNumbers(token)
