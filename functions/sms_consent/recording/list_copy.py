"""List copy: copies consents to another opt-out list when texts to a sender begin to count for that list.

A person who texted STOP to a number must stay opted out when the number's list changes. Consents do not hold the sender that
they came from, so everybody who is opted out on the old list is copied. The safe side is opted out.

Each copy is a decision with the time of the original one: a newer decision on the new list wins, and a repetition changes
nothing. A function caches a sender's list for a minute, so a copy that begins ``SETTLE`` after the change is complete, unless
a process was suspended between its look-up of the list and its write. A second copy, ``RECHECK_AFTER`` the change, brings
what such a process recorded for the old list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, cast

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.errors import Moved
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.time import as_text
from sms_consent.domain.transitions import decide
from sms_consent.recording.recorder import Recorder

__all__ = ["RECHECK_AFTER", "SETTLE", "Affected", "ListCopier", "ListCopy", "ListScan", "is_affected", "newest"]

SETTLE = timedelta(seconds=90)
"""How long after a change a function may still record for the old list: it caches senders for 60 seconds, and works on one
text for less than 30."""

RECHECK_AFTER = timedelta(days=1)
"""When the old list is read once more for requests from before the change that were recorded after the copy."""

BATCH = 100
"""Keys that one BatchGetItem takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCopy:
    """A copy from ``source`` to ``target``, until it is complete."""

    source: str
    target: str
    at: datetime  # the newest change of list that this is for
    since: datetime | None = None  # only decisions after this time are copied; None: all
    until: datetime | None = None  # only decisions up to this time are copied; None: all
    place: str | None = None  # the position at which an interrupted copy continues

    def covers(self, consent: Consent) -> bool:
        """Return whether a consent of the source list is copied, by the time of its newest decision."""
        after = self.since is None or consent.decided_at > self.since
        return after and (self.until is None or consent.decided_at <= self.until)

    def merged(self, other: ListCopy) -> ListCopy:
        """Return one copy for two changes between the same lists, at the later time: it copies everything that either
        would."""
        since = None if self.since is None or other.since is None else min(self.since, other.since)
        until = None if self.until is None or other.until is None else max(self.until, other.until)
        return replace(self, at=max(self.at, other.at), since=since, until=until, place=None)

    def recheck(self) -> ListCopy:
        """Return the second copy. It ends at ``at``, since later texts count for the new list only."""
        return replace(self, until=self.at + SETTLE, place=None)


@dataclass(frozen=True, slots=True)
class Affected:
    """The number of people whose request a change of list would lose."""

    opted_out: int = 0
    pending: int = 0  # they wait for an opt-in

    @property
    def total(self) -> int:
        """The number of all of them."""
        return self.opted_out + self.pending

    def plus(self, consent: Consent) -> Affected:
        """Return the count with one more consent."""
        if consent.status is Status.OPTED_OUT:
            return replace(self, opted_out=self.opted_out + 1)
        return replace(self, pending=self.pending + 1)


class ListScan(Protocol):
    """The consents of a list. Every method raises TryAgain or Rejected."""

    def of_list(self, list_name: str, place: str | None) -> tuple[Sequence[Consent], str | None, int]:
        """Return a list's consents on one page of the ledger, where the next page begins, and how many items were read."""

    def consents(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        """Return the consents of up to a hundred numbers, read consistently."""


class ListCopier:
    """Copies consents, and counts the people whom a copy would add. Safe to repeat. Raises TryAgain or Rejected."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        scan: ListScan,
        clock: Clock,
        actor: str,
        only: Callable[[Consent], bool] | None = None,
    ) -> None:
        """``only`` returns whether a consent of the source list is counted and copied; None: all are."""
        self._ledger = ledger
        self._recorder = Recorder(ledger=ledger, clock=clock)
        self._scan = scan
        self._clock = clock
        self._actor = actor
        self._only = only
        self.copied = 0
        """How many consents were written."""

    def count(self, source: str, targets: Sequence[str], progress: Callable[[int], None]) -> dict[str, Affected]:
        """Count, for each target list, the people on ``source`` whose request would be lost.

        Reads the whole ledger once. ``progress`` receives the number of items read so far. For the target "", a new list,
        everybody on the source list counts.
        """
        affected = dict.fromkeys(targets, Affected())
        place, read = None, 0
        while True:
            page, place, scanned = self._page(source, place)
            for target in targets:
                stored = self._on_target(page, target)
                for consent in page:
                    if is_affected(consent, stored.get(consent.number)):
                        affected[target] = affected[target].plus(consent)
            read += scanned
            progress(read)
            if place is None:
                return affected

    def copy(self, copy: ListCopy, progress: Callable[[int], None], until: datetime | None = None) -> str | None:
        """Copy consents, beginning at the copy's position. Return where to continue after ``until``, or None if the copy
        is complete."""
        place, read = copy.place, 0
        while True:
            page, place, scanned = self._page(copy.source, place)
            stored = self._on_target(page, copy.target)
            for consent in page:
                if copy.covers(consent):
                    self._copy_one(copy, consent, stored.get(consent.number))
            read += scanned
            progress(read)
            if place is None or (until is not None and self._clock.now() >= until):
                return place

    def _page(self, source: str, place: str | None) -> tuple[Sequence[Consent], str | None, int]:
        page, next_place, scanned = self._scan.of_list(source, place)
        only = self._only
        return page if only is None else [each for each in page if only(each)], next_place, scanned

    def _on_target(self, page: Sequence[Consent], target: str) -> dict[str, Consent]:
        if not target:
            return {}
        numbers = [consent.number for consent in page]
        found: dict[str, Consent] = {}
        for start in range(0, len(numbers), BATCH):
            found |= self._scan.consents(numbers[start : start + BATCH], target)
        return found

    def _copy_one(self, copy: ListCopy, consent: Consent, stored: Consent | None) -> None:
        if stored is None and consent.status is Status.OPT_IN_PENDING:
            self._record_opt_in(copy, consent)
        elif _is_to_copy(copy, consent, stored):
            self._recorder.record(self._decision(copy, consent), copy.target)
        else:
            return
        self.copied += 1

    def _record_opt_in(self, copy: ListCopy, consent: Consent) -> None:
        """Record an opt-in that is pending on the old list. No deletion is needed, since the number was never on the new
        list."""
        decision = self._decision(copy, consent)
        _, changed = decide(None, decision, copy.target, now=self._clock.now(), lease=None, answer=None)
        opted_in = cast("Consent", changed)
        opted_in = replace(opted_in, applied_version=opted_in.version, due=None, due_at=None)
        try:
            self._ledger.save(opted_in, replacing=None)
        except Moved:
            return  # a decision for the new list was recorded in between, and wins

    def _decision(self, copy: ListCopy, consent: Consent) -> Decision:
        """Return the decision that copies a consent. An opt-out becomes an import, so that its list call waits behind texts.

        Its reference is the original decision.
        """
        opts_out = consent.status is Status.OPTED_OUT
        original = f"{as_text(consent.decided_at)}\0{consent.decided_by}".encode("utf-8", "replace")
        return Decision(
            id=_prefix(copy.source) + hashlib.sha256(original).hexdigest()[:24],
            number=consent.number,
            asked=Asked.OPT_OUT if opts_out else Asked.OPT_IN,
            at=consent.decided_at,
            author=Author.IMPORT if opts_out else consent.decided_author or Author.IMPORT,
            through=f"opt-out list {copy.source}",
            actor=self._actor,
            reference=consent.decided_by or None,
            end_user=consent.end_user_opted_out if opts_out else None,
        )


def _is_to_copy(copy: ListCopy, consent: Consent, stored: Consent | None) -> bool:
    if consent.status is Status.OPTED_OUT:
        return stored is None or stored.decided_at < consent.decided_at or _reversed(consent, stored)
    # An opt-in counts only against an opt-out that an earlier pass has copied: other senders' opt-outs still count.
    return (
        stored is not None
        and stored.status is Status.OPTED_OUT
        and stored.decided_at < consent.decided_at
        and stored.decided_by.startswith(_prefix(copy.source))
    )


def is_affected(consent: Consent, stored: Consent | None) -> bool:
    """Return whether a request on the old list would be lost, given the consent on the new one."""
    if consent.status is Status.OPTED_OUT:
        return stored is None or _reversed(consent, stored)
    return consent.status is Status.OPT_IN_PENDING and stored is None


def newest(consent: Consent | None, earlier: Consent | None) -> Consent | None:
    """Return the newer of a person's consents on a list and on the list before it; at equal times, the opt-out."""
    if consent is None or earlier is None:
        return consent or earlier
    if consent.decided_at != earlier.decided_at:
        return consent if consent.decided_at > earlier.decided_at else earlier
    return earlier if earlier.status is Status.OPTED_OUT else consent


def _reversed(consent: Consent, stored: Consent) -> bool:
    """Return whether an opt-out is at least as new as the stored opt-in, and so replaces it."""
    return stored.status is not Status.OPTED_OUT and stored.decided_at <= consent.decided_at


def _prefix(source: str) -> str:
    return f"carried/{source}/"
