"""Undoing an import: a preview of every number, then the withdrawals, concurrent and safe to repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from threading import Lock

from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.domain.errors import ConsentError, Moved
from sms_consent.domain.import_record import ImportRecord, ImportStatus
from sms_consent.domain.propagation import Scope
from sms_consent.domain.withdrawal import WithdrawalEffect
from sms_consent.recording.withdrawer import Withdrawer
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["CHANGES", "ImportUndo"]

CHUNK = 256
"""Numbers that the workers get at once."""
STILL_RUNNING = timedelta(minutes=5)
"""An import that has written its counts within this time may still be running. It writes them every half minute."""
CHANGES = (
    WithdrawalEffect.NOT_LISTED,
    WithdrawalEffect.DELETION,
    WithdrawalEffect.PENDING,
    WithdrawalEffect.OPTED_OUT_AGAIN,
)
"""The effects that change a person's status."""
_UNCHANGED_AGAIN = frozenset({WithdrawalEffect.UNDECIDED, WithdrawalEffect.ERASED, WithdrawalEffect.TEXTED})
"""The effects that change nothing, so that every run finds them again."""


@dataclass
class ImportUndo:
    """The undo of one import. Methods raise UsageError, TryAgain, Rejected, ClientError or BotoCoreError."""

    deployment: Deployment
    records: DynamoImportRecords
    record: ImportRecord
    scope: Scope | None
    actor: str
    texted: bool = False
    workers: int = 16
    counts: Counter[str] = field(default_factory=Counter)
    _withdrawer: Withdrawer = field(init=False)
    _before: Counter[str] = field(init=False)  # the counts of earlier runs that were interrupted

    def __post_init__(self) -> None:
        """Create the withdrawer. Raises UsageError if the import may still be running."""
        self._before = Counter(self.record.undone)
        seen = self.record.updated_at or self.record.begun_at
        now = self.deployment.clock.now()
        if self.record.status is ImportStatus.RUNNING and now - seen < STILL_RUNNING:
            raise UsageError(
                "this import may still be running: stop it, and undo it five minutes later; or let it finish first"
            )
        ledger = DynamoLedger(
            self.deployment.dynamodb_for(self.workers),
            self.deployment.table,
            self.deployment.names,
            clock=self.deployment.clock,
        )
        self._withdrawer = Withdrawer(
            ledger=ledger, clock=self.deployment.clock, scope=self.scope, import_id=self.record.id, actor=self.actor,
            texted=self.texted,
        )  # fmt: skip

    def preview(self, advance: Callable[[int], None]) -> Counter[str]:
        """Return how many numbers an undo would affect, by effect. Writes nothing. Reads the whole ledger and each of the
        numbers."""
        return self._each(lambda number, list_name: self._withdrawer.preview(number, list_name).effect, advance)

    def is_complete(self, counts: Mapping[str, int]) -> bool:
        """Return whether nothing is left to undo, according to the counts of a preview."""
        if self.record.status is ImportStatus.UNDONE:
            return counts.keys() <= _UNCHANGED_AGAIN | {WithdrawalEffect.DONE_BEFORE}
        return bool(counts) and counts.keys() <= {WithdrawalEffect.TEXTED}

    def run(self, advance: Callable[[int], None]) -> Counter[str]:
        """Withdraw the import for every number. Return how many numbers were affected, by effect.

        After an interruption, another call completes it.
        """
        self._note(ImportStatus.UNDOING)
        try:
            self._each(self._withdrawer.withdraw, advance)
        except BaseException:
            with suppress(ConsentError, UsageError):  # the first error is reported
                self._note(ImportStatus.UNDOING)
            raise
        self._note(ImportStatus.UNDONE)
        return self.counts

    def _each(self, act: Callable[[str, str], WithdrawalEffect], advance: Callable[[int], None]) -> Counter[str]:
        self.counts = Counter()
        numbers = self._numbers()
        lock = Lock()

        def counted(each: tuple[str, str]) -> None:
            effect = act(*each)
            with lock:
                self.counts[effect.value] += 1

        with ThreadPoolExecutor(self.workers, thread_name_prefix="undo") as pool:
            while chunk := list(islice(numbers, CHUNK)):
                list(pool.map(counted, chunk))
                advance(sum(self.counts.values()))
        return self.counts

    def _numbers(self) -> Iterator[tuple[str, str]]:
        """Yield each number and list once. To find repetitions, eight bytes of a hash are kept for each, so a million fit
        in memory."""
        seen: set[int] = set()
        names = self.deployment.names
        for number, list_name in self.records.numbers_of(self.record.id):
            key = number, names.canonical(list_name)
            if (mark := hash(key)) not in seen:
                seen.add(mark)
                yield key

    def _note(self, status: ImportStatus) -> None:
        """Write the record with a new status, and with the numbers that this run has changed."""
        total = dict(self._before)
        for name, count in self.counts.items():
            if name in _UNCHANGED_AGAIN:
                total[name] = count
            elif name != WithdrawalEffect.DONE_BEFORE:
                total[name] = total.get(name, 0) + count
        changed = replace(
            self.record, status=status, undone=total, undone_by=self.record.undone_by or self.actor,
            undone_at=self.deployment.clock.now() if status is ImportStatus.UNDONE else self.record.undone_at,
        )  # fmt: skip
        try:
            self.record = self.records.save(changed, self.record)
        except Moved as moved:
            raise UsageError("another process is changing this import's record: run this again") from moved
