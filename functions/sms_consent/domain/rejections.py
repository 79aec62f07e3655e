"""Permanent rejections: numbers that AWS refuses to put on a list or to delete from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sms_consent.domain.consent import Consent
from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["ATTEMPTS", "RETRIED_EVERY", "SPAN", "RejectedWork", "is_permanent"]

ATTEMPTS = 5
SPAN = timedelta(hours=1)
"""A number counts as permanently rejected after this many validation errors about it, over at least this long."""
RETRIED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedWork:
    """Work on a number that AWS rejects permanently.

    It is a separate item, because the previous release fails on a consent with a kind of work that it does not know. The
    consent itself has no due work any more.
    """

    number: str
    list_name: str
    reason: str
    since: datetime  # the first rejection
    rejections: int
    version: int  # of the consent: if that has a newer version, it has its own work, and this item does not count
    due_at: datetime | None = None  # when it is tried again; None if it is not
    revision: int  # of the consent when this was written
    preserved: Preserved | None = field(default=None, compare=False, repr=False)

    @staticmethod
    def of(consent: Consent, now: datetime) -> RejectedWork:
        """Return the work of a permanently rejected consent, to be tried again a day from ``now``."""
        return RejectedWork(
            number=consent.number,
            list_name=consent.list_name,
            reason=consent.rejection or "",
            since=consent.rejected_since or now,
            rejections=consent.rejections,
            version=consent.version,
            due_at=now + RETRIED_EVERY,
            revision=consent.revision,
        )

    def at(self, due_at: datetime | None) -> RejectedWork:
        """Return the work with its next attempt at ``due_at``; None if it will not be retried."""
        return replace(self, due_at=due_at)


def is_permanent(consent: Consent, now: datetime) -> bool:
    """Return whether the number has been rejected so often, and for so long, that it counts as permanently rejected."""
    since = consent.rejected_since
    return consent.rejections >= ATTEMPTS and since is not None and now - since >= SPAN
