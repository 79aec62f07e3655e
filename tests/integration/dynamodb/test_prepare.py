"""`sms-consent ledger prepare` gives a restored or copied table every setting of LedgerTable, and prints the parameters."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.configured import Configured
from support.template import resources
from support.world import LIST, PERSON, START_OF_TEST

from sms_consent.adapters import clients
from sms_consent.domain.consent import Status
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.ledger.table import INDEX, STREAM_VIEW, TTL_ATTRIBUTE, Need
from sms_consent_cli.shared.deployment import Deployment

EVERYTHING = [each.value for each in Need if each is not Need.BILLING]


def _restored(ledger: Configured, name: str = "restored") -> str:
    clients.dynamodb().restore_table_to_point_in_time(
        SourceTableName=ledger.world.table, TargetTableName=name, UseLatestRestorableTime=True
    )
    return name


def _described(table: str) -> Any:
    return clients.dynamodb().describe_table(TableName=table)["Table"]


def test_a_restored_table_gets_what_the_restore_left_out(ledger: Configured, key: str) -> None:
    """Stream, time to live, recovery, protection and key are on afterwards, and the items are the same."""
    ledger.world.opt_out()
    table = _restored(ledger)
    told = ledger.told("prepare", table, "--key", key)
    # moto's restore also forgets that the table had capacity on demand.
    assert set(EVERYTHING) - {"index"} <= set(told["changed"]) <= {each.value for each in Need}
    described = _described(table)
    assert told["parameters"] == {
        "ExistingLedgerTable": table,
        "ExistingLedgerStreamArn": described["LatestStreamArn"],
        "ExistingKeyArn": key,
    }
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": STREAM_VIEW}
    assert described["SSEDescription"]["KMSMasterKeyArn"] == key
    assert described["DeletionProtectionEnabled"] is True
    dynamodb = clients.dynamodb()
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", TTL_ATTRIBUTE)
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert dynamodb.scan(TableName=table)["Count"] == len(ledger.written())


def test_a_missing_index_is_created(ledger: Configured, key: str) -> None:
    """A restore may leave indexes out, and an import from S3 has only those that were named."""
    bare = {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }
    clients.dynamodb().create_table(TableName="copied", **bare)
    ledger.world.opt_out()
    for item in ledger.written():
        clients.dynamodb().put_item(TableName="copied", Item=item)
    assert {"index", "billing"} <= set(ledger.told("prepare", "copied", "--key", key)["changed"])
    (index,) = _described("copied")["GlobalSecondaryIndexes"]
    assert index["IndexName"] == INDEX
    assert _described("copied")["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_repeating_it_changes_nothing(ledger: Configured, key: str) -> None:
    """An interrupted run is completed by the next one. Without --key, the table keeps its key."""
    first = ledger.told("prepare", ledger.world.table, "--key", key)
    again = ledger.told("prepare", ledger.world.table)
    assert (again["changed"], again["parameters"]) == ([], first["parameters"])
    assert "all settings of a ledger" in ledger.done("prepare", ledger.world.table).output


def test_a_dry_run_changes_nothing(ledger: Configured, key: str) -> None:
    """It names each change."""
    ledger.world.opt_out()
    before = _described(ledger.world.table)
    told = ledger.told("prepare", ledger.world.table, "--key", key, "--dry-run")
    assert told["would_change"] == [each for each in EVERYTHING if each != "index"]
    assert _described(ledger.world.table) == before


def test_the_template_creates_what_prepare_makes() -> None:
    """A setting that LedgerTable gets in a later version must be one that ``prepare`` makes too."""
    properties = resources("AWS::DynamoDB::Table")["LedgerTable"]["Properties"]
    assert set(properties) == {
        "AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema",
        "PointInTimeRecoverySpecification", "SSESpecification", "StreamSpecification", "TimeToLiveSpecification",
    }  # fmt: skip
    assert properties["StreamSpecification"] == {"StreamViewType": STREAM_VIEW}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": TTL_ATTRIBUTE, "Enabled": True}
    (index,) = properties["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == (INDEX, {"ProjectionType": "ALL"})


def _refused(ledger: Configured, *arguments: str) -> str:
    result = ledger.run("prepare", *arguments)
    assert result.exit_code == 2, result.output
    return result.output


def test_a_table_with_other_keys_is_refused(ledger: Configured, key: str) -> None:
    """Nothing of it is changed."""
    clients.dynamodb().create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert "its keys are id (S, HASH)" in _refused(ledger, "orders", "--key", key)
    assert "LatestStreamArn" not in _described("orders")


@pytest.mark.parametrize(
    ("pk", "sk"),
    [
        ("USER#1", "ORDER#1"),
        ("+12065550100", "PROFILE"),
        ("TENANT", "LIST#1"),
        ("LISTS#x", "LISTS"),
        ("1", "CONNECTED"),
    ],
)
def test_another_applications_table_with_the_same_keys_is_refused(
    ledger: Configured, key: str, pk: str, sk: str
) -> None:
    """Keys named pk and sk are common."""
    clients.dynamodb().put_item(TableName=ledger.world.table, Item={"pk": {"S": pk}, "sk": {"S": sk}})
    assert "is not a ledger" in _refused(ledger, ledger.world.table, "--key", key)


def test_items_of_a_later_version_do_not_make_it_a_strange_table(ledger: Configured, key: str) -> None:
    """A later version may add kinds of items."""
    clients.dynamodb().put_item(TableName=ledger.world.table, Item={"pk": {"S": "NEW#"}, "sk": {"S": "KIND"}})
    ledger.world.opt_out()
    ledger.done("prepare", ledger.world.table, "--key", key)


def test_a_table_without_a_key_of_the_account_needs_one(ledger: Configured) -> None:
    """The stack's queues and topic cannot use a key that DynamoDB owns."""
    assert "give --key" in _refused(ledger, ledger.world.table)


@pytest.mark.parametrize("given", ["alias/none", "arn:aws:kms:us-east-1:123456789012:key/none", "disabled", "rsa"])
def test_a_key_that_cannot_be_used_is_refused(ledger: Configured, key: str, given: str) -> None:
    """Before anything is changed."""
    kms = Deployment("any").client("kms")
    if given == "disabled":
        kms.disable_key(KeyId=key.rpartition("/")[2])
        given = key
    elif given == "rsa":
        given = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    assert "key" in _refused(ledger, ledger.world.table, "--key", given)
    assert "LatestStreamArn" not in _described(ledger.world.table)


def test_a_missing_table_is_refused(ledger: Configured) -> None:
    """By its name."""
    assert "there is no table nowhere" in _refused(ledger, "nowhere")


@pytest.mark.parametrize("kind", ["stream", "index", "ttl"])
def test_what_cannot_be_changed_in_place_is_refused_with_what_to_do(ledger: Configured, key: str, kind: str) -> None:
    """Something else may rely on it."""
    dynamodb, table = clients.dynamodb(), ledger.world.table
    if kind == "stream":
        dynamodb.update_table(
            TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        )
    elif kind == "ttl":
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": "other", "Enabled": True}
        )
    else:
        dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": INDEX}}])
        create: Any = {
            "IndexName": INDEX,
            "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Create": create}])
    told = _refused(ledger, table, "--key", key)
    assert "first" in told or "run this again" in told
    assert "DeletionProtectionEnabled" not in _described(table) or not _described(table)["DeletionProtectionEnabled"]


# --- opt-ins that a restored ledger would carry out


def _stop_start_stop_start(ledger: Configured) -> None:
    """The last opt-in has to wait for the end of the 30 days."""
    for ask in (ledger.world.opt_out, ledger.world.opt_in, ledger.world.opt_out, ledger.world.opt_in):
        ask()
        ledger.world.pass_time(minutes=1)
    assert ledger.world.consent().status is Status.OPT_IN_PENDING


def test_an_opt_in_that_waited_at_the_restore_point_is_taken_back(ledger: Configured, key: str) -> None:
    """A STOP after that point cancelled it, and nothing on the list shows that STOP: the number has been there all the time."""
    world = ledger.world
    _stop_start_stop_start(ledger)
    restored_at = world.parts.clock.now()
    assert restored_at > world.consent().decided_at
    table = _restored(ledger)
    world.pass_time(minutes=1)
    world.opt_out()
    assert ledger.told("prepare", table, "--key", key)["opt_ins_taken_back"] == 1
    told = ledger.told("prepare", table)
    assert told["opt_ins_taken_back"] == 0
    key_of_consent = {"pk": {"S": PERSON}, "sk": {"S": f"LIST#{LIST}"}}
    item = clients.dynamodb().get_item(TableName=table, Key=key_of_consent)["Item"]
    assert item["status"] == {"S": "OPTED_OUT"}
    # A START from before the copy that is delivered again must not undo it.
    assert item["decided_at"] == {"S": as_text(restored_at)}
    history = clients.dynamodb().query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :decision)",
        ExpressionAttributeValues={":pk": {"S": PERSON}, ":decision": {"S": "DECISION#"}},
    )
    assert any(each["through"] == {"S": "ledger-restore"} for each in history["Items"])


def test_an_opt_in_whose_deletion_was_still_to_be_made_is_taken_back(ledger: Configured, key: str) -> None:
    """A STOP that came after it is on the list as a new entry, which the deletion would remove."""
    world = ledger.world
    world.opt_out()
    world.pass_time(minutes=1)
    world.backend.fail_next("DeleteOptedOutNumber", "ThrottlingException", 9)
    world.opt_in()
    assert not world.consent().settled
    assert ledger.told("prepare", _restored(ledger), "--key", key)["opt_ins_taken_back"] == 1


def test_an_opt_in_that_was_carried_out_stays(ledger: Configured, key: str) -> None:
    """Reconcile notices a STOP that came after it by the entry on the list."""
    ledger.world.opt_out()
    ledger.world.pass_time(minutes=1)
    ledger.world.opt_in()
    assert ledger.told("prepare", _restored(ledger), "--key", key)["opt_ins_taken_back"] == 0


def test_an_opt_in_since_the_copy_stays(ledger: Configured, key: str) -> None:
    """The command may be repeated when a stack has used the table for a while."""
    table, copied = ledger.world.table, START_OF_TEST - timedelta(minutes=1)
    _stop_start_stop_start(ledger)
    told = ledger.told("prepare", table, "--key", key, "--copied-at", as_text(copied))
    assert told["opt_ins_taken_back"] == 0
    told = ledger.told("prepare", table, "--copied-at", as_text(START_OF_TEST + timedelta(hours=1)), "--dry-run")
    assert told["opt_ins_taken_back"] == 1
    assert ledger.world.consent().status is Status.OPT_IN_PENDING


def test_a_retained_table_is_no_copy(ledger: Configured, key: str) -> None:
    """Nothing is taken back in a table that was neither restored nor copied."""
    _stop_start_stop_start(ledger)
    assert ledger.told("prepare", ledger.world.table, "--key", key)["opt_ins_taken_back"] == 0


def test_a_time_without_a_zone_is_refused(ledger: Configured) -> None:
    """It would be read as another moment elsewhere."""
    assert "--copied-at" in _refused(ledger, ledger.world.table, "--copied-at", "2026-11-03T14:00:00")


def test_numbers_are_not_printed(ledger: Configured, key: str) -> None:
    """Neither on standard output nor on standard error."""
    _stop_start_stop_start(ledger)
    result = ledger.run("prepare", _restored(ledger), "--key", key)
    assert result.exit_code == 0
    assert PERSON not in result.output
    assert json.dumps(result.output).count("ExistingLedgerTable=restored") == 1
