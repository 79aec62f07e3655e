"""How an opt-out list was found to differ from the ledger, for one number: what reconcile writes down, and events tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sms_consent.domain.consent import DriftKind, Listing, Status

__all__ = ["Drift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference, as it was found. What is done about it shows in the consent."""

    number: str
    list_name: str
    kind: DriftKind
    found_at: datetime
    status: Status | None = None  # what the ledger said; None if it knew nothing
    listing: Listing | None = None  # what the list said; None if the number was not on it
