"""How a drift looks as an item of the ledger's table: under its number, by time and list, written once."""

from __future__ import annotations

from typing import Any

from sms_consent.adapters.dynamodb.attributes import Plain
from sms_consent.adapters.dynamodb.items import END_USER, Item
from sms_consent.domain.consent import DriftKind, Listing, Status
from sms_consent.domain.drift import Drift
from sms_consent.domain.time import as_text, from_text

__all__ = ["DRIFT", "drift_from", "drift_item", "drift_key"]

DRIFT = "DRIFT#"


def drift_key(drift: Drift) -> dict[str, Plain | None]:
    """A reconcile that is resumed writes what it had found under the same key."""
    return {"pk": drift.number, "sk": f"{DRIFT}{as_text(drift.found_at)}#{drift.list_name}"}


def drift_item(drift: Drift) -> Item:
    """As the consent's own item has it, ``listing`` holds what the service says."""
    listing = drift.listing
    said: dict[str, Plain] = {}
    if listing is not None and listing.at is not None:
        said["at"] = as_text(listing.at)
    if listing is not None and listing.end_user_opted_out is not None:
        said[END_USER] = listing.end_user_opted_out
    return {
        **drift_key(drift),
        "kind": drift.kind.value,
        "list_name": drift.list_name,
        "found_at": as_text(drift.found_at),
        "status": drift.status.value if drift.status is not None else None,
        "listing": said if listing is not None else None,
    }


def drift_from(item: dict[str, Any]) -> Drift:
    """The inverse; an item written by a newer version may hold more."""
    said = item.get("listing")
    return Drift(
        number=item["pk"],
        list_name=item["list_name"],
        kind=DriftKind(item["kind"]),
        found_at=from_text(item["found_at"]),
        status=Status(item["status"]) if "status" in item else None,
        listing=Listing(
            at=from_text(said["at"]) if "at" in said else None,
            end_user_opted_out=said.get(END_USER),
        )
        if said is not None
        else None,
    )
