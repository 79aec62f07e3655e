"""What ReconcileFunction is made of, put together once, at its first run."""

from __future__ import annotations

import os
from functools import cache
from uuid import uuid4

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
from sms_consent.adapters.dynamodb.known_lists import ListStore
from sms_consent.adapters.dynamodb.list_copies import ListCopies
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.sms_voice.listings import served_lists
from sms_consent.bootstrap.reconciling import assemble_reconciler
from sms_consent.bootstrap.settings import Settings
from sms_consent.reconciliation.reconciler import Reconciler
from sms_consent.recording.list_copy import ListCopier

__all__ = ["carries", "reconciler"]


@cache
def reconciler() -> Reconciler:
    """Raises SettingsError when the deployment's settings cannot work."""
    settings = Settings.from_environment(os.environ)
    return assemble_reconciler(
        clients.dynamodb(),
        clients.sms_voice(),
        table=settings.table,
        lists=served_lists(
            settings.opt_out_list, os.environ.get("ADDITIONAL_OPT_OUT_LISTS", ""), settings.names.account
        ),
        rate=settings.describe_rate,
        names=settings.names,
        listed_by_arn=settings.listed_by_arn,
        clock=SystemClock(),
    )


def carries() -> ListCopies:
    """Put together at each turn, which costs nothing. Raises SettingsError likewise."""
    settings, clock = Settings.from_environment(os.environ), SystemClock()
    client, table = clients.dynamodb(), settings.table
    ledger = DynamoLedger(client, table, settings.names, settings.listed_by_arn)
    return ListCopies(
        own_list=settings.opt_out_list,
        book=ListStore(client, table, settings.names),
        carrier=ListCopier(
            ledger=ledger,
            census=DynamoConsentScan(client, table, settings.names),
            clock=clock,
            actor="ReconcileFunction",
        ),
        ledger=ledger,
        clock=clock,
        new_token=lambda: uuid4().hex,
    )
