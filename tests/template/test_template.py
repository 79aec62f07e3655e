"""What template.yaml must contain so that no STOP is lost, and access is limited to what is needed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from support.formation import Formation, formation
from support.policies import Permission, granted
from support.template import KEY_ARN, KEY_ID, REPOSITORY, resources, statements, template

from sms_consent.adapters import clients
from sms_consent.adapters.clock import MARGIN
from sms_consent.adapters.eventbridge import SOURCE
from sms_consent.bootstrap.settings import CALL_MARGIN
from sms_consent.domain.consent import IN_FLIGHT_FOR
from sms_consent.inbound.batch import GIVE_UP_AFTER, GIVE_UP_UNTRIED_AFTER
from sms_consent.publishing.event_publisher import GIVEN_UP_AFTER
from sms_consent.reconciliation.reconciler import EVERY, LEASE

FUNCTIONS = resources("AWS::Serverless::Function")
ROLES = resources("AWS::IAM::Role")


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def _every_statement() -> Iterator[dict[str, Any]]:
    for role in ROLES:
        yield from statements(role)
        yield from ROLES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for policy in resources(kind).values():
            yield from policy["Properties"]["PolicyDocument"]["Statement"]
    yield from resources("AWS::KMS::Key")["Key"]["Properties"]["KeyPolicy"]["Statement"]


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def _environment(function: str) -> dict[str, Any]:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = FUNCTIONS[function]["Properties"].get("Environment", {}).get("Variables", {})
    return shared | own


def test_no_action_is_a_wildcard() -> None:
    """Each permission is one that somebody chose."""
    assert [action for statement in _every_statement() for action in _actions(statement) if "*" in action] == []


def test_no_role_reaches_every_resource() -> None:
    """Resources are the stack's own; replies go out from the number that was texted. X-Ray alone has no resources to name."""
    everything = [each for role in ROLES for each in statements(role) if each.get("Resource") == "*"]
    assert {each["Sid"] for each in everything} == {"Traces"}


def test_each_function_has_a_separate_role() -> None:
    """Least privilege is a function's, not a stack's."""
    roles = [json.dumps(function["Properties"]["Role"]) for function in FUNCTIONS.values()]
    assert len(set(roles)) == len(FUNCTIONS)


def test_the_topic_takes_texts_only_from_the_service_for_this_account() -> None:
    """Anybody else who could publish could opt people in."""
    statements = resources("AWS::SNS::TopicPolicy")["InboundTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (statement,) = statements
    assert statement["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert _actions(statement) == ["sns:Publish"]


def test_the_queues_take_messages_only_from_the_topic() -> None:
    """What the queue holds is believed."""
    statements = resources("AWS::SQS::QueuePolicy")["InboundQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (statement,) = statements
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert list(statement["Condition"]) == ["ArnEquals"]


def test_the_service_may_use_the_topics_key_for_this_account() -> None:
    """Without the grant, an encrypted topic silently gets no text at all."""
    statements = {
        each["Sid"]: each for each in resources("AWS::KMS::Key")["Key"]["Properties"]["KeyPolicy"]["Statement"]
    }
    grant = statements["TheServicePublishesTextsToTheEncryptedTopic"]
    assert grant["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert set(_actions(grant)) == {"kms:GenerateDataKey", "kms:Decrypt"}
    assert grant["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


@pytest.mark.parametrize(
    ("kind", "name", "setting"),
    [
        ("AWS::SNS::Topic", "InboundTopic", "KmsMasterKeyId"),
        ("AWS::SQS::Queue", "InboundQueue", "KmsMasterKeyId"),
        ("AWS::SQS::Queue", "NotifyDeadLetterQueue", "KmsMasterKeyId"),
        ("AWS::Logs::LogGroup", "InboundLogGroup", "KmsKeyId"),
        ("AWS::Logs::LogGroup", "NotifyLogGroup", "KmsKeyId"),
        ("AWS::Logs::LogGroup", "ReconcileLogGroup", "KmsKeyId"),
        ("AWS::Logs::LogGroup", "RetentionLogGroup", "KmsKeyId"),
        ("AWS::Logs::LogGroup", "SweepLogGroup", "KmsKeyId"),
    ],
)
def test_stored_data_is_encrypted_with_the_stacks_key(kind: str, name: str, setting: str) -> None:
    """Texts and numbers are personal data."""
    key = resources(kind)[name]["Properties"][setting]
    assert key in (KEY_ID, KEY_ARN)


def test_the_ledger_survives_the_stack_and_mistakes() -> None:
    """It is the proof: point-in-time recovery, deletion protection, Retain, and the stack's key."""
    table = template()["Resources"]["LedgerTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["KMSMasterKeyId"] == KEY_ID
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_opt_out_list_survives_the_stack() -> None:
    """Deleting a list deletes the numbers on it: everybody would be texted again."""
    opt_out_list = template()["Resources"]["OptOutList"]
    assert (opt_out_list["DeletionPolicy"], opt_out_list["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_what_a_failed_first_creation_leaves_behind_is_the_table_alone() -> None:
    """CloudFormation cannot delete a table with deletion protection: with another policy it would fail to roll back."""
    kept = {name: each for name, each in template()["Resources"].items() if "DeletionPolicy" in each}
    assert {name for name, each in kept.items() if each["DeletionPolicy"] == "Retain"} == {"LedgerTable"}
    assert {name for name, each in kept.items() if each["DeletionPolicy"] == "RetainExceptOnCreate"} == {
        "InboundDeadLetterQueue",
        "Key",
        "NotifyDeadLetterQueue",
        "OptOutList",
    }
    assert {each["UpdateReplacePolicy"] for each in kept.values()} == {"Retain"}


def _topic(**chosen: str) -> tuple[Formation, str]:
    """The stack, and the ARN that its topic has: CloudFormation names a resource for the stack and its logical id."""
    made = formation(REPOSITORY / "template.yaml", **chosen)
    created = "arn:aws:sns:us-east-1:123456789012:sms-consent-InboundTopic-1A"
    return made, chosen.get("ExistingTopicArn", created)


@pytest.mark.parametrize(
    "topic", ["", "arn:aws:sns:us-east-1:123456789012:texts", "arn:aws:sns:us-east-1:210987654321:texts"]
)
def test_sns_may_use_the_key_for_the_topic_by_its_arn(topic: str, region: None) -> None:
    """The form that is known to work. A wrong condition would lose every text without an error here."""
    made, arn = _topic(**({"ExistingTopicArn": topic} if topic else {}))
    statements = made.of_type("AWS::KMS::Key")["Key"]["KeyPolicy"]["Statement"]
    (grant,) = [each for each in statements if each["Principal"] == {"Service": "sns.amazonaws.com"}]
    assert set(_actions(grant)) == {"kms:GenerateDataKey", "kms:Decrypt"}
    assert list(grant["Condition"]) == ["ArnLike"]
    pattern = grant["Condition"]["ArnLike"]["aws:SourceArn"]
    assert fnmatchcase(arn, pattern)
    for other in ("arn:aws:sns:us-east-1:123456789012:other", "arn:aws:sns:us-east-1:999999999999:texts"):
        assert not fnmatchcase(other, pattern)


def test_the_key_does_not_need_the_topic_that_needs_the_key() -> None:
    """Neither could be created first."""
    key = json.dumps(template()["Resources"]["Key"])
    assert "${InboundTopic" not in key
    assert '"InboundTopic"' not in key


def test_the_dead_letter_queue_of_the_subscription_does_not_need_the_key() -> None:
    """If SNS may not use the key, the texts that it cannot put into the queue still get there; encrypted by SQS itself."""
    queue = resources("AWS::SQS::Queue")["InboundDeadLetterQueue"]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue


@pytest.mark.parametrize("topic", ["", "arn:aws:sns:us-east-1:123456789012:texts"])
def test_texts_that_sns_cannot_deliver_raise_alarms(topic: str, region: None) -> None:
    """Of the topic that there is; one for those in the dead-letter queue, and one for those that are lost."""
    made, _ = _topic(**({"ExistingTopicArn": topic} if topic else {}))
    watched = {
        each["MetricName"]: each
        for each in made.of_type("AWS::CloudWatch::Alarm").values()
        if each.get("Namespace") == "AWS/SNS"
    }
    assert set(watched) == {"NumberOfNotificationsFailed", "NumberOfNotificationsFailedToRedriveToDlq"}
    for alarm in watched.values():
        assert alarm["Dimensions"] == [{"Name": "TopicName", "Value": "texts" if topic else "<InboundTopic.TopicName>"}]
        assert (alarm["Threshold"], alarm["TreatMissingData"]) == (0, "notBreaching")


def test_server_errors_of_either_api_raise_an_alarm(region: None) -> None:
    """API Gateway answers a request itself when Lambda throttles the function."""
    for keys, apis in (("Disabled", {"<Api>"}), ("Enabled", {"<Api>", "<AccessKeyApi>"})):
        alarms = formation(REPOSITORY / "template.yaml", AccessKeys=keys).of_type("AWS::CloudWatch::Alarm").values()
        watched = [each for each in alarms if each.get("MetricName") == "5xx"]
        assert {each["Namespace"] for each in watched} == {"AWS/ApiGateway"}
        assert {each["Dimensions"][0]["Value"] for each in watched} == apis


def test_an_output_says_where_alarms_are_sent(region: None) -> None:
    """Or that they reach nobody, which is the default."""
    topic = "arn:aws:sns:us-east-1:123456789012:alarms"
    assert formation(REPOSITORY / "template.yaml", AlarmTopicArn=topic).outputs["AlarmTopic"] == topic
    assert formation(REPOSITORY / "template.yaml").outputs["AlarmTopic"].startswith("NONE")


def test_a_text_is_invisible_for_six_times_as_long_as_the_function_may_take() -> None:
    """Less, and the queue hands out a text that is still being worked on (AWS Lambda developer guide, SQS sources)."""
    queue = resources("AWS::SQS::Queue")["InboundQueue"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS["InboundFunction"]["Properties"]["Timeout"]


def test_a_lease_outlives_every_worker() -> None:
    """So that a lost worker's call to the list is over before another begins.

    Functions that may not change a list need no lease. The others know their own time-out, and raise a shorter lease.
    """
    put = Permission("sms-voice:PutOptedOutNumber", "OptOutList")
    for name, function in FUNCTIONS.items():
        if put not in granted(name):
            continue
        timeout = function["Properties"]["Timeout"]
        assert _environment(name)["TIMEOUT_SECONDS"] == timeout
        assert float(_environment(name)["LEASE_SECONDS"]) >= timeout + CALL_MARGIN.total_seconds()
    assert CALL_MARGIN >= IN_FLIGHT_FOR


def test_reconcile_may_only_read_lists() -> None:
    """What differs is made due in the ledger; only what has the lease of a number changes a list, or texts anybody."""
    actions = {action for statement in statements("ReconcileRole") for action in _actions(statement)}
    assert {action for action in actions if action.startswith("sms-voice:")} == {"sms-voice:DescribeOptedOutNumbers"}


def test_reconcile_knows_every_list_that_the_functions_may_write_to() -> None:
    """Its own list and the additional ones; whose account it is says how the ledger spells them."""
    variables = _environment("ReconcileFunction")
    assert variables["OPT_OUT_LIST"] == _environment("SweepFunction")["OPT_OUT_LIST"]
    assert variables["ADDITIONAL_OPT_OUT_LISTS"] == {"Fn::Join": [",", {"Ref": "AdditionalOptOutListArns"}]}
    assert variables["ACCOUNT_ID"] == {"Ref": "AWS::AccountId"}


def test_a_reconcile_that_was_cut_off_goes_on_soon() -> None:
    """Its schedule has a turn more often than its lease lasts, and none that does nothing costs more than a read."""
    source = FUNCTIONS["ReconcileFunction"]["Properties"]["Events"]["EveryFiveMinutes"]["Properties"]
    assert source["Schedule"] == "rate(5 minutes)"
    assert timedelta(minutes=5) <= LEASE
    assert timedelta(days=1) - timedelta(minutes=5) < EVERY < timedelta(days=1)


def test_drift_to_the_unsafe_side_alarms_at_the_first_number() -> None:
    """Somebody who is opted out could be texted."""
    alarm = resources("AWS::CloudWatch::Alarm")["UnsafeDriftAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "DriftNotListed", 0, "GreaterThanThreshold",
    )  # fmt: skip


def test_three_days_without_a_whole_reconcile_alarm_and_so_does_silence() -> None:
    """A function that does not run says nothing."""
    alarm = resources("AWS::CloudWatch::Alarm")["ReconcileLateAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Unit"], alarm["TreatMissingData"]) == ("ReconcileAge", "Seconds", "missing")
    assert alarm["InsufficientDataActions"] == alarm["AlarmActions"]
    assert alarm["Threshold"] == timedelta(days=3).total_seconds()


def test_a_failing_record_does_not_take_its_batch_with_it() -> None:
    """Partial batch responses are opt-in."""
    source = FUNCTIONS["InboundFunction"]["Properties"]["Events"]["Texts"]["Properties"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_an_unpublishable_change_neither_blocks_the_stream_nor_is_lost() -> None:
    """The function puts aside whole records before the mapping gives up, and the mapping before the stream forgets."""
    source = FUNCTIONS["NotifyFunction"]["Properties"]["Events"]["Changes"]["Properties"]
    assert source["Stream"]["Fn::If"][1] == {"Fn::GetAtt": ["LedgerTable", "StreamArn"]}
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert "MaximumRetryAttempts" in source
    assert GIVEN_UP_AFTER < timedelta(seconds=source["MaximumRecordAgeInSeconds"]) < timedelta(hours=24)
    target = {"Fn::GetAtt": ["NotifyDeadLetterQueue", "Arn"]}
    assert source["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": target}


def test_events_of_a_number_are_published_in_order() -> None:
    """Several workers on a shard keep the order of an item only, and a number has several."""
    source = FUNCTIONS["NotifyFunction"]["Properties"]["Events"]["Changes"]["Properties"]
    assert source.get("ParallelizationFactor", 1) == 1


def test_events_are_put_on_the_chosen_bus_alone_and_in_our_name_alone() -> None:
    """On a shared bus, no other system's events can be forged by this function."""
    (statement,) = [each for each in statements("NotifyRole") if "events:PutEvents" in _actions(each)]
    assert statement["Resource"]["Fn::Sub"].endswith(":event-bus/${EventBusName}")
    assert statement["Condition"] == {"StringEquals": {"events:source": SOURCE}}


def test_a_scheduled_invocation_is_neither_repeated_nor_kept_for_later(region: None) -> None:
    """The next one does what it left over. Kept ones would run all at once after an outage."""
    made = formation(REPOSITORY / "template.yaml", BodyRetentionDays="30")
    scheduled = {name for name, each in FUNCTIONS.items() if "'Schedule'" in str(each["Properties"].get("Events"))}
    settings = made.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert {each["FunctionName"].strip("<>") for each in settings} == scheduled
    assert "SweepFunction" in scheduled
    for each in settings:
        assert (each["Qualifier"], each["MaximumRetryAttempts"], each["MaximumEventAgeInSeconds"]) == ("live", 0, 60)
    for rule in made.of_type("AWS::Events::Rule").values():
        (target,) = rule["Targets"]
        assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}


def test_raw_delivery_stays_off() -> None:
    """It strips the notification's timestamp, by which texts are ordered."""
    assert resources("AWS::SNS::Subscription")["InboundSubscription"]["Properties"]["RawMessageDelivery"] is False


def test_no_number_of_receives_takes_a_text_out_of_the_queue() -> None:
    """An outage can last longer than 1,000 receives. The function itself gives up, two days before SQS deletes the message."""
    queues = resources("AWS::SQS::Queue")
    queue = queues["InboundQueue"]["Properties"]
    policy = queue.get("RedrivePolicy")
    lasts = timedelta(seconds=policy["maxReceiveCount"] * queue["VisibilityTimeout"]) if policy else timedelta.max
    assert lasts > GIVE_UP_UNTRIED_AFTER
    assert (
        GIVE_UP_AFTER < GIVE_UP_UNTRIED_AFTER < timedelta(seconds=queue["MessageRetentionPeriod"]) == timedelta(days=14)
    )
    assert queues["InboundDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"] == queue["MessageRetentionPeriod"]


def test_what_sns_cannot_deliver_goes_to_the_dead_letter_queue() -> None:
    """The topic keeps nothing itself."""
    target = {"Fn::GetAtt": ["InboundDeadLetterQueue", "Arn"]}
    subscription = resources("AWS::SNS::Subscription")["InboundSubscription"]["Properties"]["RedrivePolicy"]
    assert subscription == {"deadLetterTargetArn": target}


def test_the_inbound_function_can_start_a_text_and_its_lease_outlives_it() -> None:
    """Time-outs times attempts fit into the function's time-out, several times over for fast calls."""
    timeout = FUNCTIONS["InboundFunction"]["Properties"]["Timeout"]
    assert timeout > MARGIN + clients.RECORDING + 10
    assert timeout > MARGIN + clients.SYNCING + 10
    assert timedelta(seconds=timeout) + IN_FLIGHT_FOR <= timedelta(seconds=90)
    assert resources("AWS::SQS::Queue")["InboundQueue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout
    assert resources("AWS::SQS::Queue")["InboundQueue"]["Properties"]["VisibilityTimeout"] < 300


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_handler_can_be_imported(name: str) -> None:
    """A typing mistake in a handler's name shows at the first text otherwise."""
    module, _, function = FUNCTIONS[name]["Properties"]["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", sorted(template()["Parameters"]))
def test_every_parameter_says_what_it_is_and_what_it_takes(name: str) -> None:
    """Whoever deploys reads nothing else."""
    parameter = template()["Parameters"][name]
    bounds = {"AllowedPattern", "AllowedValues", "MinValue", "MaxLength"} & set(parameter)
    assert parameter["Description"].endswith(".") or '"' in parameter["Description"]
    assert bounds


def test_every_alarm_says_what_to_do() -> None:
    """It is read at night."""
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        assert len(alarm["Properties"]["AlarmDescription"]) > 80


def test_no_secret_is_in_the_template() -> None:
    """Nothing here is one, and a default must not become one."""
    assert not [name for name in template()["Parameters"] if "secret" in name.lower() or "password" in name.lower()]
    assert "AKIA" not in (REPOSITORY / "template.yaml").read_text()
