"""The drift resolver: confirms drift of one number by a look-up on the list, and corrects it in the ledger.

It reads the consent, looks the number up on the list, and writes the consent on condition that it has not changed since. This
is safe because sync writes the consent before it puts or deletes a number. The same write stores the drift in the consent.
The history entries follow; after a crash in between, the next run writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sms_consent.domain.consent import Consent, Drift, DriftKind, Listing
from sms_consent.domain.decision import Outcome
from sms_consent.domain.errors import Moved, Rejected, TryAgain
from sms_consent.domain.ports import Clock, ConsentLedger, OptOutList
from sms_consent.reconciliation import drift_rules
from sms_consent.reconciliation.ports import ConsentScan
from sms_consent.reconciliation.progress import Counts
from sms_consent.reconciliation.rate_limited_reader import RateLimitedReader

__all__ = ["DriftResolver", "LookUpFailed"]

ON_THE_LIST = frozenset({DriftKind.NOT_RECORDED, DriftKind.STILL_LISTED})
OFF_THE_LIST = frozenset({DriftKind.NOT_LISTED})


class LookUpFailed(Exception):
    """All attempts to look one number up on the list failed. ``__cause__`` is the last failure."""


class DriftResolver:
    """Resolves one number at a time, in one run. Dry runs (``dry``) write nothing."""

    def __init__(
        self,
        *,
        ledger: ConsentLedger,
        scan: ConsentScan,
        opt_out_list: OptOutList,
        reader: RateLimitedReader,
        clock: Clock,
        found: Callable[[Drift], None],
        after: datetime,
        dry: bool,
    ) -> None:
        """Set up the resolver.

        Args:
            found: Called with each drift.
            after: Drift that a consent says was found after this time is this run's, perhaps of an earlier invocation.
            dry: Write nothing.
        """
        self._ledger = ledger
        self._scan = scan
        self._opt_out_list = opt_out_list
        self._reader = reader
        self._clock = clock
        self._found = found
        self._after = after
        self._dry = dry

    def listed(self, counts: Counts, number: str, list_name: str, listing: Listing, consent: Consent | None) -> Counts:
        """Compare a number on the list with its consent, which was read after the list. Raises TimeIsUp."""
        earlier = self._found_before(consent, ON_THE_LIST, listing)
        if earlier is not None:
            return self._recorded(counts, earlier, consent)
        now = self._clock.now()
        kind = drift_rules.drift_if_listed(consent, listing, now)
        if kind is None:
            return counts
        if consent is None:
            # Nothing of ours has ever touched it, so the page itself is the look-up.
            return self._corrected(counts, DriftKind.NOT_RECORDED, number, list_name, None, listing)
        counts, answered, looked_up = self._look_up(counts, consent)
        if not answered or looked_up is None:
            return counts
        kind = drift_rules.drift_if_listed(consent, looked_up, self._clock.now())
        return counts if kind is None else self._corrected(counts, kind, number, list_name, consent, looked_up)

    def unlisted(self, counts: Counts, consent: Consent) -> Counts:
        """Look up a person who is opted out and was not found on the list. Raises TimeIsUp."""
        counts, answered, listing = self._look_up(counts, consent)
        if not answered or listing is not None or drift_rules.drift_if_unlisted(consent, self._clock.now()) is None:
            return counts
        return self._corrected(counts, DriftKind.NOT_LISTED, consent.number, consent.list_name, consent, None)

    def unlisted_before(self, counts: Counts, consent: Consent) -> Counts | None:
        """Complete the correction of a drift that an earlier invocation of this run began. Return None if there is none."""
        earlier = self._found_before(consent, OFF_THE_LIST, None)
        return self._recorded(counts, earlier, consent) if earlier is not None else None

    def _found_before(
        self, consent: Consent | None, kinds: frozenset[DriftKind], listing: Listing | None
    ) -> Drift | None:
        """Return the drift that an earlier invocation of this run found, or None. Dry runs do not resume writes."""
        return None if self._dry else drift_rules.found_before(consent, kinds, self._after, listing)

    def _look_up(self, counts: Counts, consent: Consent) -> tuple[Counts, bool, Listing | None]:
        """Look the number up. Return the counts, whether AWS responded, and the number's list entry."""
        try:
            listing = self._reader(lambda: self._opt_out_list.find(consent.number, consent.list_name))
        except Rejected:
            return counts.plus(lookups=1, unjudged=1), False, None
        except TryAgain as failure:
            raise LookUpFailed from failure
        return counts.plus(lookups=1), True, listing

    def _corrected(
        self,
        counts: Counts,
        kind: DriftKind,
        number: str,
        list_name: str,
        consent: Consent | None,
        listing: Listing | None,
    ) -> Counts:
        now = self._clock.now()
        drift = Drift(
            number=number,
            list_name=list_name,
            kind=kind,
            found_at=now,
            status=consent.status if consent is not None else None,
            listing=listing,
        )
        if self._dry:
            self._found(drift)
            return counts.with_drift(kind)
        corrected = _corrected(kind, number, list_name, consent, listing, now)
        try:
            self._ledger.save(corrected, replacing=consent)
        except Moved:
            return counts  # a worker wrote it: the next run sees the result
        return self._recorded(counts, drift, corrected)

    def _recorded(self, counts: Counts, drift: Drift, consent: Consent | None) -> Counts:
        if drift.kind is DriftKind.NOT_RECORDED and consent is not None and consent.outbox is not None:
            # It stays in the outbox, which saves a write. The next change of the consent flushes it.
            self._ledger.append(consent.outbox, Outcome.CHANGED, drift.found_at)
        self._scan.add_drift(drift)
        self._found(drift)
        return counts.with_drift(drift.kind)


def _corrected(
    kind: DriftKind, number: str, list_name: str, consent: Consent | None, listing: Listing | None, now: datetime
) -> Consent:
    if consent is not None and kind is DriftKind.NOT_LISTED:
        return drift_rules.with_put_due(consent, now)
    said = listing or Listing(at=None, end_user_opted_out=None)
    if consent is not None and kind is DriftKind.STILL_LISTED:
        return drift_rules.with_deletion_due(consent, said, now)
    return drift_rules.recorded_from_list(consent, number, list_name, said, now)
