"""A ledger copied to another region: every opted-out number is put on the new region's list."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.recovery import Recovery, client
from support.world import PERSON

from sms_consent.adapters.clock import SystemClock
from sms_consent.bootstrap.container import Container, assemble_reconciler
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked
from sms_consent.domain.time import as_text

pytestmark = pytest.mark.slow

REGION = "eu-west-1"
WAITING = "+14255550183"
BARE: Any = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}
"""What an import from S3 creates if it is not given an index: keys and items, and nothing else."""


def _copied(recovery: Recovery) -> str:
    """Copy the ledger into the other region, as an export to S3 and an import from there do; return the moment."""
    target = client("dynamodb", REGION)
    target.create_table(TableName="moved", **BARE)
    for item in client("dynamodb").scan(TableName=recovery.output("LedgerTableName"))["Items"]:
        target.put_item(TableName="moved", Item=item)
    return as_text(SystemClock().now())


def test_a_copy_in_another_region_fills_the_new_list_by_reconcile(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new list has the old one's name, so consents belong to it, and history and times are the same."""
    recovery.deploy()
    recovery.text(Asked.OPT_OUT)
    for asked in (Asked.OPT_OUT, Asked.OPT_IN, Asked.OPT_OUT, Asked.OPT_IN):
        recovery.text(asked, WAITING)
    before = recovery.consent()
    name, copied_at = recovery.output("OptOutListName"), _copied(recovery)

    # From here on, everything is in the other region.
    key = client("kms", REGION).create_key()["KeyMetadata"]["Arn"]
    sms = client("pinpoint-sms-voice-v2", REGION)
    sms.create_opt_out_list(OptOutListName=name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    recovery.commands_in(monkeypatch, REGION)
    prepared = json.loads(recovery.done("ledger", "prepare", "moved", "--key", key, "--copied-at", copied_at, "--json"))
    assert prepared["changed"] == [
        "encryption", "index", "stream", "time to live", "point-in-time recovery", "deletion protection",
    ]  # fmt: skip
    assert prepared["opt_ins_taken_back"] == 1
    assert REGION in prepared["parameters"]["ExistingLedgerStreamArn"]

    settings = Settings.from_environment(
        {
            "LEDGER_TABLE": "moved",
            "OPT_OUT_LIST": f"arn:aws:sms-voice:{REGION}:123456789012:opt-out-list/{name}",
            "BRAND": "Example",
            "SUPPORT_CONTACT": "help.example.com",
            "ACCOUNT_ID": "123456789012",
            "AWS_REGION": REGION,
        }
    )
    dynamodb = client("dynamodb", REGION)
    parts = Container(settings, paced=False, dynamodb=dynamodb, sms_voice=sms)
    run = assemble_reconciler(
        dynamodb, sms, table="moved", lists=(settings.opt_out_list,), rate=1000.0, clock=SystemClock(), dry_book=None,
        names=settings.names,
    ).run(SystemClock().now() + timedelta(minutes=14), force=True)  # fmt: skip
    assert run.run.counts.drifts["NOT_LISTED"] == 1
    parts.sweep.run(SystemClock().now() + timedelta(seconds=50))
    listed = sms.describe_opted_out_numbers(OptOutListName=name)["OptedOutNumbers"]
    assert {each["OptedOutNumber"] for each in listed} == {PERSON, WAITING}
    after = parts.ledger.consent(PERSON, settings.opt_out_list)
    assert before is not None
    assert after is not None
    assert (after.status, after.decided_at, after.end_user_opted_out) == (
        Status.OPTED_OUT, before.decided_at, True,
    )  # fmt: skip
