"""A ledger restored to yesterday: reconcile recovers later opt-outs from the list, and uncertain opt-ins are revoked."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from support.recovery import Recovery, client, sms_backend

from sms_consent.domain.consent import HOLD, Consent, Status
from sms_consent.domain.decision import Asked, Author

pytestmark = pytest.mark.slow

NEW, BACK, WAITING, AGAIN, OLD, IN = (f"+1425555018{digit}" for digit in range(6))


def _texts(recovery: Recovery, number: str, *asked: Asked) -> None:
    for each in asked:
        recovery.text(each, number)


def _yesterday(recovery: Recovery) -> None:
    """What the ledger says at the restore point; the copy is made here, since moto restores what is there now."""
    recovery.deploy()
    _texts(recovery, BACK, Asked.OPT_OUT)
    _texts(recovery, WAITING, Asked.OPT_OUT, Asked.OPT_IN, Asked.OPT_OUT, Asked.OPT_IN)
    _texts(recovery, AGAIN, Asked.OPT_OUT, Asked.OPT_IN)
    _texts(recovery, OLD, Asked.OPT_OUT)
    _texts(recovery, IN, Asked.OPT_OUT, Asked.OPT_IN)
    client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=recovery.output("LedgerTableName"), TargetTableName="restored", UseLatestRestorableTime=True
    )
    recovery.time.shift(timedelta(days=1))


def _since(recovery: Recovery) -> None:
    """What the restored ledger does not know."""
    _texts(recovery, NEW, Asked.OPT_OUT)
    _texts(recovery, BACK, Asked.OPT_IN)
    _texts(recovery, WAITING, Asked.OPT_OUT)
    _texts(recovery, AGAIN, Asked.OPT_OUT)


def _restored(recovery: Recovery) -> str:
    """Prepare the restored table, and put a stack on it and on the list; return the old table."""
    old, list_arn = recovery.output("LedgerTableName"), recovery.list_arn
    prepared = json.loads(recovery.done("ledger", "prepare", "restored", "--json"))
    assert {"stream", "time to live", "point-in-time recovery", "deletion protection"} <= set(prepared["changed"])
    recovery.delete()
    recovery.deploy(**prepared["parameters"], ExistingOptOutListArn=list_arn)
    return old


def _known(recovery: Recovery, number: str) -> Consent:
    consent = recovery.consent(number)
    assert consent is not None
    return consent


def test_no_opted_out_person_can_be_texted_after_a_restore(recovery: Recovery) -> None:
    """An opt-out since is known from the list, an opt-in since is lost, and an opt-in that waited is taken back."""
    _yesterday(recovery)
    _since(recovery)
    _restored(recovery)
    counts = recovery.reconcile()
    assert {kind.value: count for kind, count in counts.drifts.items() if count} == {"NOT_RECORDED": 2, "NOT_LISTED": 1}
    opted_out = {NEW, BACK, WAITING, AGAIN, OLD}
    assert recovery.listed() == opted_out
    for number in (*opted_out, IN):
        expected = Status.OPTED_OUT if number in opted_out else Status.OPTED_IN
        assert _known(recovery, number).status is expected
    assert sum(recovery.reconcile().drifts.values()) == 0
    assert recovery.listed() == opted_out


def test_an_opt_out_from_the_list_has_its_time_and_nothing_of_the_text(recovery: Recovery) -> None:
    """Who asked, the words and the rule were in the lost decision; AWS does not know that the person asked."""
    _yesterday(recovery)
    asked_at = _asked_at(recovery, NEW)
    _restored(recovery)
    recovery.reconcile()
    consent = _known(recovery, NEW)
    assert (consent.decided_at, consent.decided_author) == (asked_at, Author.IMPORT)
    assert consent.end_user_opted_out is False
    assert "+14255550180" in recovery.done("history", NEW)


def _asked_at(recovery: Recovery, number: str) -> object:
    consent = recovery.text(Asked.OPT_OUT, number)
    assert consent.end_user_opted_out is True
    assert consent.listing is not None
    return consent.listing.at


def test_a_person_who_opted_in_since_waits_for_30_days_from_the_reconcile(recovery: Recovery) -> None:
    """The deletion since used up the one in 30 days, and when it was is lost; the latest time that it can have been counts."""
    _yesterday(recovery)
    _since(recovery)
    _restored(recovery)
    recovery.reconcile()
    found_at = _known(recovery, BACK).deleted_at
    assert found_at is not None
    started = recovery.text(Asked.OPT_IN, BACK)
    assert (started.status, started.held_until) == (Status.OPT_IN_PENDING, found_at + HOLD)
    recovery.time.shift(timedelta(days=31))
    recovery.sweep()
    assert _known(recovery, BACK).status is Status.OPTED_IN
    assert BACK not in recovery.listed()


def test_without_preparation_a_waiting_opt_in_would_undo_a_newer_stop(recovery: Recovery) -> None:
    """The reason for taking opt-ins back: reconcile cannot see this STOP, and sweep would delete the number."""
    _yesterday(recovery)
    _since(recovery)
    assert recovery.consent(WAITING) is not None
    list_arn = recovery.list_arn
    stream = client("dynamodb").update_table(
        TableName="restored", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )["TableDescription"]["LatestStreamArn"]
    key = recovery.output("KeyArn")
    recovery.delete()
    recovery.deploy(
        ExistingLedgerTable="restored",
        ExistingLedgerStreamArn=stream,
        ExistingKeyArn=key,
        ExistingOptOutListArn=list_arn,
    )
    recovery.reconcile()
    assert _known(recovery, WAITING).status is Status.OPT_IN_PENDING


def test_the_old_table_gives_back_every_request_if_it_can_be_read(recovery: Recovery, tmp_path: Path) -> None:
    """Also an opt-out that was not on the list yet, and an opt-in, whose number then stays off the list."""
    _yesterday(recovery)
    sms_backend().fail_next("PutOptedOutNumber", "ThrottlingException", 3)
    recovery.text(Asked.OPT_OUT, NEW)
    assert NEW not in recovery.listed()
    recovery.text(Asked.OPT_IN, BACK)
    old = _restored(recovery)
    exported = tmp_path / "old.csv"
    recovery.done("export", "--table", old, "--output", str(exported))
    recovery.done("import", str(exported), "--opt-ins")
    assert sum(recovery.reconcile().drifts.values()) == 0
    assert (_known(recovery, NEW).status, _known(recovery, BACK).status) == (Status.OPTED_OUT, Status.OPTED_IN)
    recovery.time.shift(timedelta(minutes=5))
    recovery.sweep()
    assert NEW in recovery.listed()
    assert BACK not in recovery.listed()
