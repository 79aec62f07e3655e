"""AWS deletes a number once in 30 days. If nobody knows when a deletion took effect, they start at the latest possible time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sms_consent.domain.consent import HOLD, Consent, Lease, Status
from sms_consent.domain.transitions import leased

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LEASE_ENDS = NOON + timedelta(seconds=90)


def _deleting(**changes: object) -> Consent:
    """A consent whose worker announced a deletion at noon, under a lease, and reported nothing since."""
    values: dict[str, object] = {
        "number": "+14255550182", "list_name": "Default", "status": Status.OPTED_IN, "end_user_opted_out": False,
        "decided_at": NOON, "decided_by": "text", "version": 2, "applied_version": 1, "revision": 3,
        "lease": "first", "lease_until": LEASE_ENDS, "deleting": NOON,
    }  # fmt: skip
    return Consent(**(values | changes))  # type: ignore[arg-type]


def test_a_deletion_of_a_lost_worker_counts_from_the_end_of_its_lease() -> None:
    """Its call may have been made at any time until then."""
    assert _deleting().opt_in_possible_at() == LEASE_ENDS + HOLD
    second = Lease(worker="second", until=NOON + timedelta(hours=1))
    later = leased(_deleting(), second, NOON + timedelta(minutes=10))
    assert later.uncertain_delete_at == LEASE_ENDS


def test_a_deletion_without_a_lease_counts_from_its_announcement() -> None:
    """There is no later time to go by."""
    assert _deleting(lease=None, lease_until=None).opt_in_possible_at() == NOON + HOLD


@pytest.mark.parametrize("known", [NOON - timedelta(days=40), NOON + timedelta(hours=1)])
def test_the_latest_of_all_deletions_counts(known: datetime) -> None:
    """Of the one that is known and the one that may have been made."""
    assert _deleting(deleted_at=known).opt_in_possible_at() == max(known, LEASE_ENDS) + HOLD
    assert _deleting(uncertain_delete_at=known).opt_in_possible_at() == max(known, LEASE_ENDS) + HOLD
