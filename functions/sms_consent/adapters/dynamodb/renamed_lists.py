"""Consents that earlier releases stored under the ARN of a list of the deployment's own account.

They are merged into the consent under the list's name when they are read, and by reconcile. The old item stays, without due
work, for a rollback to a release that reads it. It is merged again if such a release changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sms_consent.domain.consent import Consent, Due, Status

__all__ = ["is_merged", "marked", "merge"]

MERGED = "merged_revision"
"""The revision of the old item that is merged. An older release that writes the item raises the revision."""

_WORK = ("due", "due_at", "lease", "lease_until")


def is_merged(item: Mapping[str, Any]) -> bool:
    """Return whether an item under an ARN was merged into the one under the name, and has not changed since."""
    return MERGED in item and item[MERGED] == str(item.get("revision"))


def marked(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item under an ARN marked as merged, without due work."""
    return {name: value for name, value in item.items() if name not in _WORK} | {MERGED: str(item.get("revision"))}


def merge(named: Consent | None, by_arn: Consent, now: datetime) -> Consent:
    """Return the consent to store under the list's name, with the newer decision; at equal times, the opt-out.

    Facts about the list apply to both, since it is one list.
    """
    if named is None:
        return by_arn
    newer, older = (by_arn, named) if _is_newer(by_arn, named) else (named, by_arn)
    asked_out_at = _latest(newer.asked_out_at, older.asked_out_at)
    opted_in_at = _latest(newer.opted_in_at, older.opted_in_at)
    opted_out = newer.status is Status.OPTED_OUT
    both_out = opted_out and older.status is Status.OPTED_OUT
    asked = asked_out_at is not None and (opted_in_at is None or asked_out_at >= opted_in_at)
    merged = replace(
        newer,
        list_name=named.list_name,
        revision=named.revision + 1,
        version=max(named.version, by_arn.version) + 1,
        end_user_opted_out=opted_out and asked,
        asked_out_at=asked_out_at,
        opted_in_at=opted_in_at,
        first_asked_out_at=min(newer.since, older.since) if both_out else newer.first_asked_out_at,
        asked_out_count=newer.asked_out_count + older.asked_out_count if both_out else newer.asked_out_count,
        listed=newer.listed if newer.listed == older.listed else None,
        deleted_at=_latest(named.deleted_at, by_arn.deleted_at),
        uncertain_delete_at=_latest(named.latest_uncertain_delete, by_arn.latest_uncertain_delete),
        deleting=None,
        in_flight_until=_latest(named.in_flight_until, by_arn.in_flight_until),
        chain=named.chain,
        outside_writes=named.outside_writes,
        lease=by_arn.lease,
        lease_until=by_arn.lease_until,
    )
    if opted_out:  # put again: the other consent may have taken the number off the list
        return replace(merged, applied_version=0, due=Due.OPT_OUT, due_at=now)
    if newer.settled:
        return replace(merged, applied_version=merged.version)
    unsettled = replace(merged, applied_version=0, due=Due.OPT_IN, due_at=now)
    release = unsettled.opt_in_possible_at()
    if release is None or now >= release:
        return unsettled
    return replace(unsettled, status=Status.OPT_IN_PENDING, held_until=release)


def _is_newer(one: Consent, other: Consent) -> bool:
    if one.decided_at != other.decided_at:
        return one.decided_at > other.decided_at
    return one.status is Status.OPTED_OUT


def _latest(*moments: datetime | None) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(known) if known else None
