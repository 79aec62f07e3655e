"""Interfaces that reconcile needs: pages of opt-out lists, a scan of consents, and a progress store."""

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
    """One page of numbers in E.164 form with their entries, and the token of the next page; None after the last."""

    entries: Sequence[tuple[str, Listing]]
    next_place: str | None


class Listings(Protocol):
    """Reads opt-out lists page by page. Raises Throttled, Unavailable or Rejected."""

    def page(self, list_name: str, place: str | None) -> ListPage:
        """Return one page of DescribeOptedOutNumbers.

        Args:
            place: The page's token, None for the first page. Raises Rejected if it has expired.
        """


class ConsentScan(Protocol):
    """A scan of all consents. Every method raises TryAgain or Rejected."""

    def consents(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        """Return the consents of up to a hundred numbers, read consistently. Numbers without a consent are left out."""

    def walk(self, place: str | None) -> tuple[Sequence[tuple[str, Consent]], str | None]:
        """Return one page of consents, each with its position, and the position of the next page; None after the last.

        All pages together include every opted-out consent and every consent with drift. Reads are eventually consistent.
        """

    def add_drift(self, drift: Drift) -> bool:
        """Add a drift to the number's history. Return False if it was there already."""


class ProgressStore(Protocol):
    """Stores the progress of reconcile runs. Reads are consistent. Every method raises TryAgain or Rejected."""

    def newest(self) -> RunProgress | None:
        """Return the newest run, open or finished."""

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """Write a run, on condition that ``replacing`` is stored (None: no run). Otherwise raise Moved with the stored run."""

    def save_snapshot(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:
        """Store a Bloom snapshot under a unique name."""

    def read_snapshot(self, snapshot: BloomSnapshot) -> bytes | None:
        """Return a stored snapshot, or None if any part of it has expired."""
