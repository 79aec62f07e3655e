"""How an opt-out list was found to differ from the ledger, for one number: what reconcile writes down, and events tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sms_consent.domain.consent import Listing, Status

__all__ = ["Drift", "DriftKind"]


class DriftKind(StrEnum):
    """What is wrong with the list, worst first."""

    NOT_LISTED = "NOT_LISTED"  # opted out here, and not on the list: AWS lets texts through
    NOT_RECORDED = "NOT_RECORDED"  # on the list, and unknown here: somebody else put it there
    STILL_LISTED = "STILL_LISTED"  # opted in here, and still on the list: AWS refuses texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference, as it was found. What is done about it shows in the consent."""

    number: str
    list_name: str
    kind: DriftKind
    found_at: datetime
    status: Status | None = None  # what the ledger said; None if it knew nothing
    listing: Listing | None = None  # what the list said; None if the number was not on it
