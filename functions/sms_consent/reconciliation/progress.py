"""The progress of a reconcile run, from which the next invocation resumes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

from sms_consent.domain.consent import DriftKind
from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["BloomSnapshot", "Counts", "RunProgress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counts of what a run has read and found."""

    pages: int = 0  # of the lists
    listed: int = 0  # numbers on them
    consents: int = 0  # of people who are opted out, held against the lists
    lookups: int = 0  # of single numbers, before anything is said of them
    unjudged: int = 0  # numbers that the service would not look up
    not_listed: int = 0
    not_recorded: int = 0
    still_listed: int = 0

    @property
    def drifts(self) -> dict[DriftKind, int]:
        """The drifts by kind, worst first."""
        return {
            DriftKind.NOT_LISTED: self.not_listed,
            DriftKind.NOT_RECORDED: self.not_recorded,
            DriftKind.STILL_LISTED: self.still_listed,
        }

    def with_drift(self, kind: DriftKind) -> Counts:
        """Return the counts with one more drift."""
        return self.plus(**{kind.value.lower(): 1})

    def plus(self, **more: int) -> Counts:
        """Return the counts with these added."""
        return replace(self, **{name: getattr(self, name) + number for name, number in more.items()})

    def since(self, earlier: Counts) -> Counts:
        """Return the increase since ``earlier``. A count that is lower, as its list is read again, counts as no increase."""
        return Counts(
            **{each.name: max(0, getattr(self, each.name) - getattr(earlier, each.name)) for each in fields(Counts)}
        )


@dataclass(frozen=True, slots=True)
class BloomSnapshot:
    """Where a Bloom snapshot is stored: a unique name, and the number of parts."""

    name: str
    parts: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """The state of one reconcile run, which reads every list page by page, and then the ledger."""

    id: str
    started_at: datetime
    lists: tuple[str, ...]
    found_after: datetime  # when the last finished run ended: what is marked as found later may not be written down
    behind_since: (
        datetime  # when the newest run that read everything ended; before the first such, when the first began
    )
    at_list: int = 0
    place: str | None = None  # the service's token within the list, or the ledger's own
    counts: Counts = field(default_factory=Counts)
    before_list: Counts = field(default_factory=Counts)  # what they were when this list was begun
    begun_anew: int = 0  # how often this list was read from its beginning again
    unread: tuple[str, ...] = ()  # lists that the service refused to show
    expected: int | None = None  # how many numbers the last run read
    sketch: BloomSnapshot | None = None
    revision: int = 1
    worker: str | None = None
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether the run is not finished."""
        return self.finished_at is None

    @property
    def list_name(self) -> str | None:
        """The list that is being read; None while the ledger is read."""
        return self.lists[self.at_list] if self.at_list < len(self.lists) else None

    def leased_at(self, now: datetime) -> bool:
        """Return whether a worker holds the lease."""
        return self.worker is not None and self.lease_until is not None and now < self.lease_until

    def saved_by(self, worker: str, lease_until: datetime) -> RunProgress:
        """Return the run under this worker's lease."""
        return replace(self, revision=self.revision + 1, worker=worker, lease_until=lease_until)

    def without_lease(self) -> RunProgress:
        """Return the run without a lease."""
        return replace(self, revision=self.revision + 1, worker=None, lease_until=None)

    def next_list(self) -> RunProgress:
        """Return the run at its next list."""
        return replace(self, at_list=self.at_list + 1, place=None, before_list=self.counts, begun_anew=0)

    def without_list(self) -> RunProgress:
        """Return the run at the next list. The current one counts as unread, as AWS does not return it."""
        unread = self.lists[self.at_list]
        return replace(self, unread=(*self.unread, unread)).next_list()

    def list_restarted(self) -> RunProgress:
        """Return the run at the beginning of the current list, as the page token expired. Drift is counted again."""
        return replace(self, place=None, counts=self.before_list, begun_anew=self.begun_anew + 1)

    def finished(self, now: datetime) -> RunProgress:
        """Return the run as finished."""
        return replace(
            self, finished_at=now, behind_since=self.behind_since if self.unread else now, place=None, sketch=None
        )

    def successor(self, run_id: str, lists: tuple[str, ...], now: datetime) -> RunProgress:
        """Return the next run."""
        return RunProgress(
            id=run_id,
            started_at=now,
            lists=lists,
            found_after=max(self.found_after, self.finished_at or self.found_after),
            behind_since=self.behind_since,
            expected=self.counts.listed if self.finished_at is not None and not self.unread else self.expected,
            revision=self.revision,
            preserved=self.preserved,
        )

    def age(self, now: datetime) -> timedelta:
        """Return the time since the last complete run."""
        return now - self.behind_since
