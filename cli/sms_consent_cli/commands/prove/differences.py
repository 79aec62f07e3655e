"""Differences between list and ledger that reconcile found, and their repair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sms_consent.domain.consent import Consent, Drift, DriftKind
from sms_consent.domain.evidence import Fact
from sms_consent_cli.commands.prove.dossier import AwsEntry, Difference
from sms_consent_cli.commands.prove.facts import REPAIRS
from sms_consent_cli.commands.prove.wording import DIFFERENCES

__all__ = ["differences_of"]


def differences_of(
    drifts: Iterable[Drift], consents: Iterable[Consent], facts: Sequence[Fact]
) -> tuple[Difference, ...]:
    """Return the differences between opt-out list and ledger that reconcile found for a person, oldest first."""
    by_list = {consent.list_name: consent for consent in consents}
    return tuple(
        _difference(drift, f"D{place}", by_list.get(drift.list_name), facts)
        for place, drift in enumerate(sorted(drifts, key=lambda drift: drift.found_at), 1)
    )


def _difference(drift: Drift, reference: str, consent: Consent | None, facts: Sequence[Fact]) -> Difference:
    repaired_at, repair = _repair(drift, consent, facts)
    return Difference(
        reference=reference,
        found_at=drift.found_at,
        opt_out_list=drift.list_name,
        kind=drift.kind.value,
        statement=DIFFERENCES[drift.kind],
        aws_entry=AwsEntry(entered_at=drift.listing.at, end_user_opted_out=drift.listing.end_user_opted_out)
        if drift.listing is not None
        else None,
        repaired_at=repaired_at,
        repair_statement=repair,
    )


def _repair(drift: Drift, consent: Consent | None, facts: Sequence[Fact]) -> tuple[datetime | None, str]:
    """Return when a difference between list and ledger ended, or None, and a sentence about it.

    The first fact that shows the end counts; without one, the consent.
    """
    if drift.kind is DriftKind.NOT_RECORDED:
        return drift.found_at, "The ledger was corrected when this was found."
    is_missing = drift.kind is DriftKind.NOT_LISTED
    done = "AWS accepted the number on the list again." if is_missing else "AWS removed the number from the list."
    for fact in facts:
        if fact.list_name == drift.list_name and fact.at >= drift.found_at and fact.kind in REPAIRS[drift.kind]:
            return fact.at, done
    if consent is not None and is_missing:
        listed_at = consent.listing.at if consent.listing is not None else None
        if listed_at is not None and listed_at >= drift.found_at:
            return listed_at, f"{done} AWS's entry has this time."
    deleted_at = consent.deleted_at if consent is not None and not is_missing else None
    if deleted_at is not None and deleted_at >= drift.found_at:
        return deleted_at, done
    return None, "When this was repaired is not recorded."
