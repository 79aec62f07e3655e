"""What reconcile is made of: put together for the function and for the command alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4

from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
from sms_consent.adapters.dynamodb.reconcile_progress import DynamoProgressStore
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.sms_voice.listings import AwsListings
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.ports import Clock
from sms_consent.domain.rate_limiter import Call, RateLimiter
from sms_consent.reconciliation.ports import ProgressStore
from sms_consent.reconciliation.reconciler import Reconciler

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["assemble_reconciler"]


def assemble_reconciler(
    dynamodb: DynamoDBClient,
    sms: PinpointSMSVoiceV2Client,
    *,
    table: str,
    lists: tuple[str, ...],
    rate: float,
    clock: Clock,
    dry_book: ProgressStore | None = None,
    names: ListNames | None = None,
    listed_by_arn: Iterable[str] = (),
) -> Reconciler:
    """``dry_book`` stands for the ledger's own where nothing is to be written."""
    pace = RateLimiter(clock, {Call.FIND: rate})
    ledger = DynamoLedger(dynamodb, table, names, listed_by_arn)
    return Reconciler(
        lists=lists,
        ledger=ledger,
        census=DynamoConsentScan(dynamodb, table, names, clock, merged=ledger.consent if dry_book is None else None),
        book=dry_book if dry_book is not None else DynamoProgressStore(dynamodb, table),
        listings=AwsListings(sms),
        opt_out_list=AwsOptOutList(sms, pace),
        pace=pace,
        clock=clock,
        new_token=lambda: uuid4().hex,
        dry=dry_book is not None,
    )
