"""The import of a file into the ledger. Lines are recorded concurrently, but those of one number in order.

Only the ledger is written. The opt-out list is changed later by sweep, at the API's rate and after the requests that people
text.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from sms_consent.domain.decision import Asked, Decision, Outcome
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.time import as_text
from sms_consent.recording.recorder import Recorder
from sms_consent_cli.commands.import_.import_log import ImportLog
from sms_consent_cli.commands.import_.journal import Journal, Progress
from sms_consent_cli.commands.import_.line_reader import LineOutcome, LineReader, NumberLines, Requested
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.reject_file import RejectFile
from sms_consent_cli.commands.import_.row import ColumnSettings, InvalidRow
from sms_consent_cli.shared.delimited_file import BrokenLine, DelimitedRecord

__all__ = ["FileImport", "ImportState", "ImportedLine", "LineOutcome"]

IN_FLIGHT = 8
"""Lines per worker that may be in progress beyond the first unfinished one."""
MOST_SAME = 100
"""Decisions of one number at one time that are searched for the one of the same line."""
MOST_DEFERRED = 50_000
"""Opt-ins by everyday words that are kept until all other lines are recorded, about 75 MB. With more, some are recorded earlier,
and do not count if the opt-out that they answer comes later in the file: the person stays opted out."""
MOST_SEEN = 400_000
"""Numbers that a dry run keeps to find repeated ones, about 30 MB."""
JOURNAL_EVERY = 1.0
"""Seconds between writes of the journal. After a kill, at most the work of this time is repeated."""


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A processed line, with the reason if it was rejected."""

    number: int
    outcome: LineOutcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ImportState:
    """The stored progress and the rejected lines of a run."""

    journal: Journal | None  # None in a dry run
    rejects: RejectFile
    progress: Progress
    record: ImportLog | None = None
    withdrawn: frozenset[str] = frozenset()  # the imports that were undone
    others: frozenset[str] = frozenset()  # the other imports of other files, or of this one read in another way


@dataclass(frozen=True, slots=True)
class _Pending:
    """A line in progress, in the order of the file."""

    found: DelimitedRecord | BrokenLine
    outcome: Future[LineOutcome] | ImportedLine


class FileImport:
    """The import of one file into one deployment."""

    def __init__(
        self,
        file: NumberFile,
        settings: ColumnSettings,
        *,
        ledger: ConsentLedger | None,
        clock: Clock,
        opt_ins: bool,
        workers: int,
        state: ImportState | None,
        reader: LineReader | None = None,
    ) -> None:
        """Create the import. Without a ledger, lines are checked and nothing is written.

        ``reader`` reads the lines of a message log; None reads a file of numbers with their status.
        """
        self._file = file
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._recorder = Recorder(ledger=ledger, clock=clock) if ledger is not None else None
        self._reader = reader or NumberLines(settings, opt_ins=opt_ins)
        self._defers = reader is not None
        self._deferred: list[Requested] = []
        self._seen: set[int] = set()
        self._workers = workers
        self._state = state
        self._record = state.record if state is not None else None
        self._import_id = self._record.id if self._record is not None else None
        self._withdrawn = state.withdrawn if state is not None else frozenset[str]()
        self._others = state.others if state is not None else frozenset[str]()
        progress = state.progress if state is not None else Progress()
        self.counts: Counter[str] = Counter(progress.counts)
        self.line = progress.line
        """The number of the last line in file order that is processed, with all before it."""

    def run(self, seconds: Callable[[], float]) -> Iterator[ImportedLine]:
        """Process the file. Yield every line once it is processed, in the order of the file.

        Raises TryAgain or Rejected if the ledger fails, and OSError. The next run continues after the last processed line.
        """
        pools = [ThreadPoolExecutor(1, thread_name_prefix="import") for _ in range(self._workers)]
        under_way: deque[_Pending] = deque()
        saved_at = seconds()
        begin_after = self.line
        self._save()  # the import's time, before anything is recorded with it
        try:
            for found in self._file.rows():
                if found.line <= begin_after:
                    self._defer_again(found)
                    continue
                under_way.append(_Pending(found, self._start(found, pools)))
                if len(self._deferred) >= MOST_DEFERRED:
                    while under_way:
                        yield self._finished(under_way[0])
                        under_way.popleft()
                    self._record_deferred()
                while len(under_way) > self._workers * IN_FLIGHT or (under_way and _is_done(under_way[0])):
                    yield self._finished(under_way[0])
                    under_way.popleft()
                if seconds() - saved_at >= JOURNAL_EVERY:
                    self._save()
                    saved_at = seconds()
                    if self._record is not None:
                        self._record.note(self.line, self.counts)
            while under_way:
                yield self._finished(under_way[0])
                under_way.popleft()
            self._record_deferred()
        finally:
            for pool in pools:
                pool.shutdown(cancel_futures=True)
            self._save()

    def _defer_again(self, found: DelimitedRecord | BrokenLine) -> None:
        """Add the opt-in of a line that an interrupted run had processed to the deferred ones: it may not be recorded yet."""
        if not self._defers or isinstance(found, BrokenLine):
            return
        with suppress(InvalidRow):
            read = self._reader.read(found, f"{self._file.path.name[:100]}:{found.line}")
            if isinstance(read, Requested) and read.decision.only_if_opted_out:
                self._deferred.append(read)

    def _start(
        self, found: DelimitedRecord | BrokenLine, pools: list[ThreadPoolExecutor]
    ) -> Future[LineOutcome] | ImportedLine:
        if isinstance(found, BrokenLine):
            return ImportedLine(found.line, LineOutcome.REJECTED, found.reason)
        try:
            read = self._reader.read(found, f"{self._file.path.name[:100]}:{found.line}")
        except InvalidRow as error:
            return ImportedLine(found.line, LineOutcome.REJECTED, str(error))
        if isinstance(read, LineOutcome):
            return ImportedLine(found.line, read)
        if read.decision.only_if_opted_out:
            self._deferred.append(read)
            return ImportedLine(found.line, LineOutcome.SKIPPED)
        pool = pools[zlib.crc32(read.decision.number.encode()) % len(pools)]
        return pool.submit(self._recorded, read)

    def _record_deferred(self) -> None:
        """Record the opt-ins by everyday words, such as YES, in the order of their times. They count only after an opt-out.

        They are recorded last, so that every opt-out before them is in the ledger.
        """
        for read in sorted(self._deferred, key=lambda each: each.decision.at):
            if (outcome := self._recorded(read)) not in {LineOutcome.SKIPPED, LineOutcome.UNCHANGED}:
                self.counts[LineOutcome.SKIPPED.value] -= 1
                self.counts[outcome.value] += 1
        self._deferred.clear()

    def _recorded(self, read: Requested) -> LineOutcome:
        decision = replace(read.decision, import_id=self._import_id)
        outcome = LineOutcome.OPTED_OUT if decision.asked is Asked.OPT_OUT else LineOutcome.OPTED_IN
        if self._recorder is None:
            return LineOutcome.SKIPPED if decision.only_if_opted_out else self._checked(read, outcome)
        decision = self._not_withdrawn(decision)
        if decision.only_if_opted_out:
            now = self._clock.now()
            written = self._recorder.record_if_opted_out(decision, read.list_name, reply_from=None, now=now)
        else:
            written = self._recorder.record(decision, read.list_name)
            while not written.is_new and (other := self._other_import(decision, read.list_name)) is not None:
                # Both imports then refer to the request, so that it stays if one of them is undone.
                decision = _beside(decision, other)
                written = self._recorder.record(decision, read.list_name)
        if written is None:
            return LineOutcome.SKIPPED
        if not written.is_new:
            return LineOutcome.UNCHANGED
        if written.outcome is Outcome.STALE and written.consent.decided_at == decision.at:
            return LineOutcome.CONFIRMED  # the same line of another file
        return {Outcome.CONFIRMED: LineOutcome.CONFIRMED, Outcome.STALE: LineOutcome.SUPERSEDED}.get(
            written.outcome, outcome
        )

    def _not_withdrawn(self, decision: Decision) -> Decision:
        """Return the decision with another id if an import that was undone recorded the same line.

        With the same id it would count as recorded already, and be withdrawn with that import.
        """
        while self._withdrawn:
            undone = [each.import_id for each in self._same(decision)]
            if not undone or undone[0] not in self._withdrawn:
                break
            decision = _beside(decision, undone[0])
        return decision

    def _other_import(self, decision: Decision, list_name: str) -> str | None:
        """Return the id of another import that recorded the same line, or None.

        None also if that import has no record.
        """
        if self._ledger is None or not self._others:
            return None
        consent = self._ledger.consent(decision.number, list_name)
        outbox = consent.outbox if consent is not None else None
        recorded = [*self._same(decision), *([outbox] if outbox is not None and outbox.id == decision.id else [])]
        return next((each.import_id for each in recorded if each.import_id in self._others), None)

    def _same(self, decision: Decision) -> list[Decision]:
        """Return the decisions in the history that have this decision's id."""
        if self._ledger is None:
            return []
        recorded = self._ledger.recorded_between(decision.number, decision.at, decision.at, most=MOST_SAME) or ()
        return [each for each in recorded if each.id == decision.id]

    def _checked(self, read: Requested, outcome: LineOutcome) -> LineOutcome:
        """Return the outcome of a line in a dry run. A repeated request of a number counts as confirmed."""
        key = hash((read.decision.number, read.list_name, read.decision.asked))
        if key in self._seen:
            return LineOutcome.CONFIRMED
        if len(self._seen) < MOST_SEEN:
            self._seen.add(key)
        return outcome

    def _finished(self, pending: _Pending) -> ImportedLine:
        found, outcome = pending.found, pending.outcome
        line = outcome if isinstance(outcome, ImportedLine) else ImportedLine(found.line, outcome.result())
        if line.reason is not None and self._state is not None:
            self._state.rejects.add(found, line.reason)
        self.counts[line.outcome.value] += 1
        self.line = found.line
        return line

    def _save(self) -> None:
        if self._state is not None and self._state.journal is not None:
            kept = self._state.rejects.kept()
            began_at = as_text(self._settings.now)
            self._state.journal.write(Progress(self.line, kept, dict(self.counts), began_at, self._import_id))


def _is_done(pending: _Pending) -> bool:
    return isinstance(pending.outcome, ImportedLine) or pending.outcome.done()


def _beside(decision: Decision, import_id: str | None) -> Decision:
    """Return the decision with another id, so that it is recorded in addition to that of the same line in another import."""
    facts = f"{decision.id}\n{import_id}"
    return replace(decision, id=f"import-{hashlib.sha256(facts.encode()).hexdigest()[:32]}")
