"""Interfaces of reconcile: whole opt-out lists, a scan of consents, and a store for progress."""

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
    """Numbers on a list in E.164 form, and the place of the next page; None after the last."""

    entries: Sequence[tuple[str, Listing]]
    next_place: str | None


class Listings(Protocol):
    """Whole opt-out lists. Raises Throttled, Unavailable or Rejected."""

    def page(self, list_name: str, place: str | None) -> ListPage:
        """Return a page of DescribeOptedOutNumbers; ``place`` None is the first. Raises Rejected for a place that has
        expired."""


class ConsentScan(Protocol):
    """A scan of all consents. Every method raises TryAgain or Rejected."""

    def consents(self, numbers: Sequence[str], list_name: str) -> dict[str, Consent]:
        """Return the consents of up to a hundred numbers, read consistently. Numbers without a consent are left out."""

    def walk(self, place: str | None) -> tuple[Sequence[tuple[str, Consent]], str | None]:
        """Return some consents, each with its place, and the place of the next page; None after the last.

        They include everybody who is opted out, and every consent with a drift; they may be out of date.
        """

    def write_down(self, drift: Drift) -> bool:
        """Write a drift once. Return False if it was there."""


class ProgressStore(Protocol):
    """Stores the progress of reconcile runs. Reads are consistent. Every method raises TryAgain or Rejected."""

    def newest(self) -> RunProgress | None:
        """Return the newest run, open or finished."""

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """Write a run if ``replacing`` (None: nothing) is still stored. Otherwise raise Moved with what is stored."""

    def keep(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:
        """Store a Bloom snapshot under a unique name."""

    def kept(self, sketch: BloomSnapshot) -> bytes | None:
        """Return a snapshot, or None if a part of it has expired."""
