"""What reconcile needs from AWS: whole opt-out lists, everybody's consents, and a place for its progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sms_consent.domain.consent import Consent, Drift, Listing
from sms_consent.reconciliation.progress import BloomSnapshot, RunProgress

__all__ = ["ConsentScan", "ListPage", "Listings", "ProgressStore"]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some of the numbers on a list, in E.164 form, and where the next are; None after the last."""

    entries: Sequence[tuple[str, Listing]]
    next_place: str | None


class Listings(Protocol):
    """Opt-out lists, read as a whole. Raises Throttled, Unavailable or Rejected."""

    def page(self, list_name: str, place: str | None) -> ListPage:
        """DescribeOptedOutNumbers; None for the first. A place that is no longer known is Rejected."""


class ConsentScan(Protocol):
    """Everybody's consents. Every method raises TryAgain or Rejected."""

    def consents(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        """Of a hundred numbers at the most, as written last; whoever is unknown is left out."""

    def walk(self, place: str | None) -> tuple[Sequence[tuple[str, Consent]], str | None]:
        """Some consents, each with its place, and the place of the next; None after the last.

        Whoever is opted out is among them, and whoever was found to differ; perhaps not in their newest state.
        """

    def write_down(self, drift: Drift) -> bool:
        """Once; False if it stood there."""


class ProgressStore(Protocol):
    """How far reconcile has come. Every method raises TryAgain or Rejected, and reads what was written last."""

    def newest(self) -> RunProgress | None:
        """Open or over."""

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """Write if ``replacing`` (None: nothing) still stands; otherwise raise Moved with what stands instead."""

    def keep(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:
        """Keep what was read, under a name that nobody else writes to."""

    def kept(self, sketch: BloomSnapshot) -> bytes | None:
        """None if it is no longer whole."""
