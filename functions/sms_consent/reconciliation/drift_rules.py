"""Drift rules: pure functions that compare a list entry with a consent, and correct the consent.

A correction of the list itself becomes due in the consent, and sync makes the AWS call.

A number whose list entry a worker may be changing is never drift. A list entry that is newer than an opt-in counts as a newer
opt-out, as it may come from a STOP that AWS handled itself. If it does not, the person can text START again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from sms_consent.domain.consent import Consent, Drift, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.transitions import decide

__all__ = [
    "THROUGH",
    "drift_if_listed",
    "drift_if_unlisted",
    "entry_id",
    "found_before",
    "recorded_from_list",
    "should_be_listed",
    "with_deletion_due",
    "with_put_due",
]

THROUGH = "opt-out-list"
"""The channel of an imported decision."""

SAME = timedelta(seconds=1)
"""Tolerance for comparing the times of an entry: AWS may return another fraction of a second for a put than for a look-up."""


def drift_if_listed(consent: Consent | None, listing: Listing, now: datetime) -> DriftKind | None:
    """Return the drift of a number that is on the list, or None."""
    if consent is None:
        return DriftKind.NOT_RECORDED
    if consent.status is Status.OPTED_OUT or _in_work(consent, now):
        return None
    if _is_newer(listing, consent):
        return DriftKind.NOT_RECORDED
    return DriftKind.STILL_LISTED if consent.status is Status.OPTED_IN else None


def drift_if_unlisted(consent: Consent, now: datetime) -> DriftKind | None:
    """Return the drift of a number that is not on the list, or None. It is none if the person opted in, even if pending."""
    if consent.status is not Status.OPTED_OUT or _in_work(consent, now):
        return None
    return DriftKind.NOT_LISTED


def should_be_listed(consent: Consent, since: datetime, now: datetime) -> bool:
    """Return whether the number should be on the list if a read of the list that began at ``since`` did not find it.

    It need not be if a put or decision is newer than ``since``: the read may have passed the number's position before.
    """
    put_at = consent.listing.at if consent.listing is not None else None
    if consent.decided_at >= since or (put_at is not None and put_at >= since):
        return False
    return drift_if_unlisted(consent, now) is not None


def entry_id(list_name: str, at: datetime) -> str:
    """Return the id of the decision that is recorded for a list entry. It is the same whichever run finds the entry.

    Args:
        list_name: The list's canonical name.
        at: The entry's own time, of which milliseconds are used.
    """
    return f"{THROUGH}/{list_name}/{at.timestamp():.3f}"


def recorded_from_list(
    consent: Consent | None, number: str, list_name: str, listing: Listing, now: datetime
) -> Consent:
    """Return the consent after recording a list entry as its newest decision. No put is due."""
    at = listing.at or now
    decision = Decision(
        id=entry_id(list_name, at),
        number=number,
        asked=Asked.OPT_OUT,
        at=at,
        author=Author.IMPORT,
        through=THROUGH,
        reference=list_name,
        end_user=listing.end_user_opted_out,
    )
    # It changes the consent: ``drift_if_listed`` has found none, or an older one.
    changed = cast("Consent", decide(consent, decision, list_name, now=now, lease=None, answer=None)[1])
    known = replace(changed, listed=True, listing=listing, applied_version=changed.version, due=None, due_at=None)
    return _found(known, DriftKind.NOT_RECORDED, now)


def with_put_due(consent: Consent, now: datetime) -> Consent:
    """Return the consent with a put due. If the number was on the list before, it counts as deleted now, which starts the 30
    days until AWS allows the next deletion."""
    deleted_at = consent.deleted_at
    if consent.listed:
        deleted_at = max(deleted_at, now) if deleted_at is not None else now
    missing = replace(
        consent,
        revision=consent.revision + 1,
        applied_version=0,
        listed=False,
        listing=None,
        deleted_at=deleted_at,
        unlisted_since=now,
        attempts=0,
        due=Due.OPT_OUT,
        due_at=now,
    )
    return _found(missing, DriftKind.NOT_LISTED, now)


def with_deletion_due(consent: Consent, listing: Listing, now: datetime) -> Consent:
    """Return the consent with a deletion due: now, or when the 30 days are over, until which the opt-in is pending."""
    listed = replace(consent, revision=consent.revision + 1, listed=True, listing=listing, attempts=0, due=Due.OPT_IN)
    release = consent.opt_in_possible_at()
    if release is not None and now < release:
        waiting = replace(listed, status=Status.OPT_IN_PENDING, held_until=release, due_at=release)
        return _found(waiting, DriftKind.STILL_LISTED, now)
    return _found(replace(listed, applied_version=0, due_at=now), DriftKind.STILL_LISTED, now)


def found_before(
    consent: Consent | None, kinds: frozenset[DriftKind], after: datetime, listing: Listing | None
) -> Drift | None:
    """Return a drift that is corrected in the consent, but perhaps missing in the history after an interruption."""
    if consent is None or consent.drift not in kinds or consent.drift_found_at is None:
        return None
    if consent.drift_found_at <= after:
        return None
    said = {
        DriftKind.NOT_LISTED: Status.OPTED_OUT,
        DriftKind.STILL_LISTED: Status.OPTED_IN,
        DriftKind.NOT_RECORDED: None if consent.version == 1 else Status.OPTED_IN,
    }
    return Drift(
        number=consent.number,
        list_name=consent.list_name,
        kind=consent.drift,
        found_at=consent.drift_found_at,
        status=said[consent.drift],
        listing=listing,
    )


def _found(consent: Consent, kind: DriftKind, now: datetime) -> Consent:
    return replace(consent, drift=kind, drift_found_at=now)


def _in_work(consent: Consent, now: datetime) -> bool:
    """Return whether a worker may change the number's list entry now. Not for a pending opt-in before its due time."""
    waits = consent.status is Status.OPT_IN_PENDING and consent.due_at is not None and consent.due_at > now
    return (
        not consent.settled
        or consent.leased_at(now)
        or consent.has_call_in_flight(now)
        or consent.deleting is not None
        or consent.uncertain_delete_at is not None
        or (consent.due is not None and not waits)
    )


def _is_newer(listing: Listing, consent: Consent) -> bool:
    """Return whether a list entry is newer than the consent. At equal times it is.

    An entry whose time equals that of sync's own put is not newer. If that put got no response, its time is unknown, and only
    an entry made by AWS's own keyword handling (EndUserOptedOut) counts as newer.
    """
    if listing.at is None or listing.at < consent.decided_at:
        return False
    known = consent.listing.at if consent.listing is not None else None
    if known is not None:
        return abs(listing.at - known) >= SAME
    return listing.end_user_opted_out is True or not consent.listed
