"""Verification of a number's evidence chain: which entries were changed, removed or inserted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.evidence import ChainHead, Fact, FactKind, digest_of_content, digest_of_text
from sms_consent.domain.time import as_text

__all__ = ["ChainReport", "Entry", "Finding", "FindingKind", "SealedText", "verify_chain"]


CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two workers may differ."""


@dataclass(frozen=True, slots=True)
class SealedText:
    """A text beside an entry, its salt, and the digest of both, which is part of the entry's content.

    Text and salt are None once they were erased.
    """

    text: str | None
    salt: str | None
    digest: str | None

    @property
    def is_intact(self) -> bool:
        """Whether the text is unchanged since it was recorded, or was erased."""
        if self.text is None:
            return True
        return self.salt is not None and digest_of_text(self.salt, self.text) == self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it is stored: a decision or a fact. Without a sequence number it is not part of the chain."""

    sequence: int | None = None
    previous: str | None = None
    digest: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    texts: Mapping[str, SealedText] = field(default_factory=dict, repr=False)
    recorded_at: datetime | None = None
    decision: Decision | None = None
    outcome: Outcome | None = None
    fact: Fact | None = None

    @property
    def erases(self) -> bool:
        """Whether the entry records that earlier entries were erased."""
        return self.fact is not None and self.fact.kind is FactKind.ERASED

    @property
    def description(self) -> str:
        """The entry in words, without a phone number."""
        place = f"entry {self.sequence}" if self.sequence is not None else "an entry without a number"
        if self.decision is not None:
            return f"{place} (the request of {as_text(self.decision.at)})"
        return f"{place} ({self.fact.kind.value} of {as_text(self.fact.at)})" if self.fact is not None else place


class FindingKind(StrEnum):
    """The kind of a finding."""

    CHANGED = "CHANGED"  # an entry's content does not match its digest
    TEXT_CHANGED = "TEXT_CHANGED"  # a text or its salt does not match the digest in the entry
    MISSING = "MISSING"  # entries were removed
    REPLACED = "REPLACED"  # an entry is not the one that its successor, the head or a consent refers to
    DUPLICATE = "DUPLICATE"  # two entries have the same sequence number
    INSERTED = "INSERTED"  # an entry is not part of the chain, although it is newer than the chain's start
    HEAD_MISSING = "HEAD_MISSING"  # the head was removed
    HEAD_CHANGED = "HEAD_CHANGED"  # the head does not match the entries


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, described in a sentence without a phone number."""

    kind: FindingKind
    text: str
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """The result of verifying one number's chain."""

    findings: tuple[Finding, ...] = ()
    entries: int = 0  # in the chain, since its start or since the last erasure
    begun_at: datetime | None = None
    unchained: int = 0  # entries from before the chain's start
    without_chain: int = 0  # entries that a release without the evidence chain wrote later
    erased_at: datetime | None = None
    left_over: int = 0  # entries that an interrupted erasure left
    digests: Mapping[int, str] = field(default_factory=dict, repr=False)  # of these entries, by sequence number

    @property
    def is_intact(self) -> bool:
        """Whether the verification has no findings."""
        return not self.findings


def verify_chain(
    entries: Iterable[Entry], head: ChainHead | None, marks: Sequence[ChainHead] = (), *, outside_writes: int = 0
) -> ChainReport:
    """Recompute every entry of a number and compare it with its neighbours, the head, and what the consents refer to.

    Args:
        entries: The number's decisions and facts, in any order.
        head: The head as it is stored.
        marks: The newest entry known to each consent when it was written.
        outside_writes: How many writes a release without the evidence chain made to the number's consents and reply threads.
    """
    everything = list(entries)
    chained = sorted((each for each in everything if each.sequence is not None), key=lambda each: each.sequence or 0)
    erasure = next((each for each in reversed(chained) if each.erases and _is_intact(each)), None)
    floor = erasure.sequence or 1 if erasure is not None else 1
    kept = [each for each in chained if (each.sequence or 0) >= floor]
    left_over = [each for each in chained if (each.sequence or 0) < floor]
    begun_at = _begun_at(kept, head)
    later = [each for each in everything if each.sequence is None and _is_after(each, begun_at)]
    unchained = sum(each.sequence is None for each in everything) - len(later)
    findings = [
        *(finding for each in chained for finding in _of_entry(each)),
        *_below(left_over, erasure),
        *_of_order(kept, floor),
        *_of_head(kept, head, marks, floor),
        *_inserted(later, outside_writes),
    ]
    return ChainReport(
        findings=tuple(findings), entries=len(kept), begun_at=begun_at, unchained=unchained,
        without_chain=min(len(later), outside_writes),
        erased_at=erasure.recorded_at if erasure is not None else None, left_over=len(left_over),
        digests={each.sequence: each.digest for each in kept if each.sequence is not None and each.digest is not None},
    )  # fmt: skip


def _is_intact(entry: Entry) -> bool:
    return digest_of_content(entry.content) == entry.digest


def _of_entry(entry: Entry) -> Iterator[Finding]:
    if not _is_intact(entry):
        text = f"{entry.description} was changed: its content does not match its digest"
        yield Finding(FindingKind.CHANGED, text, entry.sequence)
    for name, sealed in entry.texts.items():
        if not sealed.is_intact:
            text = f"{entry.description}: its {name} or the salt beside it was changed"
            yield Finding(FindingKind.TEXT_CHANGED, text, entry.sequence)


def _below(entries: Sequence[Entry], erasure: Entry | None) -> Iterator[Finding]:
    """Yield a finding for each of the entries below the chain's start, unless an interrupted erasure left it."""
    numbers = Counter(each.sequence for each in entries)
    for each in entries:
        if erasure is None or (each.sequence or 0) < 1 or numbers[each.sequence] > 1 or _is_later(each, erasure):
            text = f"{each.description} was inserted: it is not part of the chain"
            yield Finding(FindingKind.INSERTED, text, each.sequence)


def _is_later(entry: Entry, erasure: Entry) -> bool:
    """Return whether an entry was recorded after an erasure, by more than clocks differ."""
    if entry.recorded_at is None or erasure.recorded_at is None:
        return True
    return entry.recorded_at > erasure.recorded_at + CLOCKS_DIFFER


def _of_order(kept: Sequence[Entry], floor: int) -> Iterator[Finding]:
    """Yield findings for gaps, duplicates, and entries whose digest of the entry before them is wrong."""
    before: Entry | None = None
    for entry in kept:
        sequence, reached = entry.sequence or 0, (before.sequence or 0) if before is not None else floor - 1
        if sequence == reached:
            yield Finding(FindingKind.DUPLICATE, f"two entries have the number {sequence}", sequence)
            continue
        if sequence > reached + 1:
            yield _missing(reached + 1, sequence - 1)
        elif before is not None and entry.previous != before.digest:
            text = f"{before.description} is not the entry that entry {sequence} was written after"
            yield Finding(FindingKind.REPLACED, text, before.sequence)
        elif before is None and floor == 1 and entry.previous is not None:
            yield Finding(FindingKind.REPLACED, f"{entry.description} was not the first entry", sequence)
        before = entry


def _of_head(
    kept: Sequence[Entry], head: ChainHead | None, marks: Sequence[ChainHead], floor: int
) -> Iterator[Finding]:
    """Yield findings where the head, or an entry that a consent refers to, disagrees with the entries."""
    newest = (kept[-1].sequence or 0) if kept else floor - 1
    if head is None and (kept or marks):
        yield Finding(FindingKind.HEAD_MISSING, "the chain's head was removed")
    top = max([newest, *(mark.sequence for mark in marks), head.sequence if head is not None else 0])
    if top > newest:
        yield _missing(newest + 1, top)
    if head is not None and head.sequence < top:
        text = f"the chain's head was set back to entry {head.sequence}: entry {top} had been written"
        yield Finding(FindingKind.HEAD_CHANGED, text)
    if head is not None and kept and kept[0].sequence == floor and _start(kept[0]) != head.begun_at:
        yield Finding(FindingKind.HEAD_CHANGED, "the chain's start in its head was changed")
    digests: dict[int | None, set[str | None]] = {}
    for each in kept:
        digests.setdefault(each.sequence, set()).add(each.digest)
    for mark in {*([head] if head is not None else ()), *marks}:
        known = digests.get(mark.sequence)
        if known is not None and mark.digest not in known:
            what = "the chain's head" if mark is head else "a consent"
            text = f"entry {mark.sequence} is not the entry that {what} refers to"
            yield Finding(FindingKind.REPLACED, text, mark.sequence)


def _missing(first: int, last: int) -> Finding:
    text = f"entry {first} was removed" if first == last else f"entries {first} to {last} were removed"
    return Finding(FindingKind.MISSING, text, first)


def _inserted(later: Sequence[Entry], outside_writes: int) -> Iterator[Finding]:
    """Yield findings for entries without a sequence number that writes of an earlier release do not explain."""
    if len(later) <= outside_writes:
        return
    if outside_writes:
        text = f"{len(later)} entries are not part of the chain, but a release without it wrote only {outside_writes} times"
        yield Finding(FindingKind.INSERTED, text)
        return
    for each in later:
        yield Finding(FindingKind.INSERTED, f"{each.description} was inserted: it is not part of the chain")


def _start(first: Entry) -> datetime | None:
    """Return when the chain began, according to its first entry."""
    return first.fact.since if first.fact is not None and first.erases else first.recorded_at


def _begun_at(kept: Sequence[Entry], head: ChainHead | None) -> datetime | None:
    """Return the earliest start of the chain that the head or an entry states.

    A later start could have been written by hand, to hide an entry that was inserted.
    """
    stated = [_start(kept[0]) if kept else None, head.begun_at if head is not None else None]
    return min((each for each in stated if each is not None), default=None)


def _is_after(entry: Entry, begun_at: datetime | None) -> bool:
    if entry.fact is not None:
        return True  # facts have been chained from the first one on
    if begun_at is None:
        return False
    return entry.recorded_at is None or entry.recorded_at >= begun_at
