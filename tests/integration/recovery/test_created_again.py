"""A stack that is deleted and created again with its old table, list and key has lost no opt-out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.recovery import Recovery, client
from support.world import PERSON

from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked
from sms_consent_cli.local.errors import LocalError

OTHER = "+14255550183"


def _deleted_with_an_opt_out(recovery: Recovery) -> dict[str, str]:
    """Record a STOP, delete the stack, and return the parameters that the README's procedure finds for the next one."""
    recovery.deploy()
    recovery.text(Asked.OPT_OUT)
    assert recovery.listed() == {PERSON}
    table, list_arn = recovery.output("LedgerTableName"), recovery.list_arn
    recovery.delete()
    prepared = json.loads(recovery.done("ledger", "prepare", table, "--json"))
    assert prepared["opt_ins_taken_back"] == 0
    parameters: dict[str, str] = prepared["parameters"]
    return parameters | {"ExistingOptOutListArn": list_arn}


@pytest.mark.slow
def test_an_opt_out_from_before_counts_and_a_start_lifts_it(recovery: Recovery) -> None:
    """The list has the same identity, by name before and by ARN now."""
    parameters = _deleted_with_an_opt_out(recovery)
    recovery.deploy(**parameters)
    assert recovery.output("LedgerTableName") == parameters["ExistingLedgerTable"]
    shown = json.loads(recovery.done("check", PERSON, "--json"))
    (consent,) = shown["consents"]
    assert (consent["status"], consent["optOutList"].startswith("arn:")) == ("OPTED_OUT", False)
    assert sum(recovery.reconcile().drifts.values()) == 0
    assert recovery.listed() == {PERSON}
    started = recovery.text(Asked.OPT_IN)
    assert started.status is Status.OPTED_IN
    assert recovery.listed() == set()


@pytest.mark.slow
def test_doctor_finds_nothing_wrong_with_what_was_kept(recovery: Recovery) -> None:
    """Table, stream and key are those that the old stack had."""
    parameters = _deleted_with_an_opt_out(recovery)
    recovery.deploy(**parameters)
    assert _about_ledger(recovery) == []


@pytest.mark.slow
def test_a_new_stack_without_the_old_table_has_no_consents(recovery: Recovery) -> None:
    """Without the parameters, the new stack has a new table and a new list, and reconcile finds nothing."""
    _deleted_with_an_opt_out(recovery)
    recovery.deploy()
    assert recovery.consent() is None
    assert sum(recovery.reconcile().drifts.values()) == 0


@pytest.mark.slow
def test_a_new_table_with_the_old_list_learns_of_opt_outs_from_the_list(recovery: Recovery) -> None:
    """Texts and rules are lost, but no opted-out person can be texted."""
    parameters = _deleted_with_an_opt_out(recovery)
    recovery.deploy(ExistingOptOutListArn=parameters["ExistingOptOutListArn"])
    assert recovery.consent() is None
    recovery.reconcile()
    consent = recovery.consent()
    assert consent is not None
    assert consent.status is Status.OPTED_OUT
    assert consent.end_user_opted_out is False  # the list does not know who asked


def test_the_local_stack_refuses_a_ledger_that_is_not_there(recovery: Recovery) -> None:
    """It begins with an empty account, and a made-up table would be an empty ledger."""
    with pytest.raises(LocalError, match="there is no table kept"):
        recovery.deploy(**TABLE, **STREAM, **KEY)


# --- doctor


def _about_ledger(recovery: Recovery) -> list[dict[str, str]]:
    result = recovery.run("doctor", "--json")
    assert result.exit_code in (0, 1), result.output
    problems: list[dict[str, str]] = json.loads(result.stdout)["problems"]
    return [each for each in problems if each["setting"].startswith(("ledger", "key", "Existing"))]


def _spoil(recovery: Recovery, kind: str) -> None:
    table, dynamodb = recovery.output("LedgerTableName"), client("dynamodb")
    match kind:
        case "stream":
            dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
        case "other stream":
            from moto.dynamodb.models import dynamodb_backends

            dynamodb_backends["123456789012"]["us-east-1"].tables[table].latest_stream_label = "2026-11-04T00:00:00.000"
        case "ttl":
            spec = {"AttributeName": "expires", "Enabled": False}
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=spec)
        case "recovery":
            off = {"PointInTimeRecoveryEnabled": False}
            dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=off)
        case "protection":
            dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        case "index" | "other index":
            dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "due"}}])
            if kind == "other index":
                keys = [{"AttributeName": "sk", "KeyType": "HASH"}]
                index: Any = {"IndexName": "due", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
                dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Create": index}])
        case _:
            _spoil_key(recovery.output("KeyArn").rpartition("/")[2], kind)


def _spoil_key(key: str, kind: str) -> None:
    kms = client("kms")
    match kind:
        case "key":
            kms.disable_key(KeyId=key)
        case "sns" | "sms-voice" | "iam":
            principal = {"sns": "sns.amazonaws.com", "sms-voice": "sms-voice.amazonaws.com", "iam": ":root"}[kind]
            policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
            policy["Statement"] = [each for each in policy["Statement"] if principal not in str(each["Principal"])]
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        case "another stack's":
            policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
            other = policy.replace(":sms-consent-InboundTopic", ":another-InboundTopic")
            assert other != policy
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=other)


@pytest.mark.parametrize(
    ("kind", "told", "fix"),
    [
        ("stream", "has no stream", "ledger prepare"),
        ("other index", "an index due with other keys", "Delete the index due of this table first"),
        ("other stream", "no event is published", "ExistingLedgerStreamArn"),
        ("ttl", "no time to live on expires", "ledger prepare"),
        ("recovery", "no point-in-time recovery", "ledger prepare"),
        ("protection", "no deletion protection", "ledger prepare"),
        ("index", "no index due", "ledger prepare"),
        ("key", "is Disabled", "aws kms enable-key"),
        (
            "sns",
            "does not let the topic write to the encrypted queue: texts are lost",
            '"Service": "sns.amazonaws.com"',
        ),
        ("sms-voice", "publish to the encrypted topic: texts are lost", '"Service": "sms-voice.amazonaws.com"'),
        ("another stack's", "does not let the topic write to the encrypted queue: texts are lost", "aws:SourceArn"),
        ("iam", "does not let the account's roles use it", ":root"),
    ],
)
@pytest.mark.slow
def test_doctor_lists_what_is_wrong_with_the_ledger_and_the_key(
    recovery: Recovery, kind: str, told: str, fix: str
) -> None:
    """Of a stack that created them, too: somebody may have changed them by hand."""
    recovery.deploy()
    assert _about_ledger(recovery) == []
    _spoil(recovery, kind)
    (problem,) = _about_ledger(recovery)
    assert told in problem["problem"]
    assert fix in problem["fix"]


@pytest.mark.slow
def test_doctor_tells_that_the_table_is_gone(recovery: Recovery) -> None:
    """Nothing else of the deployment can be read then."""
    recovery.deploy()
    table = recovery.output("LedgerTableName")
    client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
    client("dynamodb").delete_table(TableName=table)
    (problem,) = [each for each in _about_ledger(recovery) if each["setting"].startswith("ledger")]
    assert "does not exist" in problem["problem"]
    assert "Restore it" in problem["fix"]


TABLE = {"ExistingLedgerTable": "kept"}
STREAM = {
    "ExistingLedgerStreamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/kept/stream/2026-11-03T14:00:00.000"
}
KEY = {"ExistingKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        (TABLE | STREAM | KEY, []),
        (KEY, []),
        (TABLE | STREAM, ["ExistingKeyArn"]),
        (TABLE, ["ExistingLedgerStreamArn", "ExistingKeyArn"]),
        (STREAM, ["ExistingLedgerTable"]),
        ({"ExistingLedgerTable": "other"} | STREAM | KEY, ["ExistingLedgerStreamArn"]),
    ],
    ids=str,
)
def test_doctor_finds_part_of_a_ledger_before_the_deployment(
    recovery: Recovery, tmp_path: Any, given: dict[str, str], settings: list[str]
) -> None:
    """What CloudFormation would refuse, and a stream of another table, which it would not."""
    chosen = tmp_path / "parameters"
    chosen.write_text(
        "\n".join(f"{name}={value}" for name, value in {"Brand": "A", "SupportContact": "b.org", **given}.items())
    )
    found = json.loads(recovery.run("doctor", "--parameters", str(chosen), "--json").stdout)["problems"]
    assert [each["setting"] for each in found] == settings
