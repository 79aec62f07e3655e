"""`sms-consent doctor --deep` reports for each part of a deployment whether it works, and changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from support.deep_account import ALARM_TOPIC, FUNCTIONS, OURS, OWN_LIST, DeepAccount, client
from support.template import REPOSITORY
from support.world import PERSON
from typer.testing import CliRunner

from sms_consent.domain.ports import Sender
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import STACK

READS = ("Describe", "Get", "List", "Query")


@pytest.mark.slow
def test_a_healthy_deployment_passes_every_check(account: DeepAccount) -> None:
    """With exit code 0, and by calls that only read."""
    account.calls.clear()
    code, told = account.deep()
    assert [each for each in told["checks"] if each["status"] != "PASS"] == []
    assert (told["problems"], code, told["learned"]) == ([], 0, [])
    assert [call for call in account.calls if not call.startswith(READS)] == []


def test_a_person_reads_a_line_for_each_finding_and_its_fix_below(account: DeepAccount) -> None:
    """With a summary at the end."""
    account.denied.add("DescribeAlarms")
    result = CliRunner().invoke(app, ["doctor", "--deep"])
    lines = result.stdout.splitlines()
    assert lines[0] == f"stack {STACK}: no problem"
    at = lines.index("UNKNOWN alarms          the caller lacks the permission cloudwatch:DescribeAlarms")
    assert lines[at + 1].strip() == "Allow cloudwatch:DescribeAlarms."
    assert re.fullmatch(r"0 FAIL, 1 UNKNOWN, 0 NOTE, \d+ PASS", lines[-1])
    assert result.exit_code == 0


# --- what is broken


def _policy(of: str) -> Callable[[DeepAccount], None]:
    nobody = json.dumps({"Statement": []})

    def break_it(account: DeepAccount) -> None:
        if of == "topic":
            client("sns").set_topic_attributes(TopicArn=account.topic, AttributeName="Policy", AttributeValue=nobody)
        elif of == "key":
            client("kms").put_key_policy(KeyId=account.key, PolicyName="default", Policy=nobody)
        else:
            client("sqs").set_queue_attributes(QueueUrl=account.dead, Attributes={"Policy": nobody})

    return break_it


def _queue(**attributes: str) -> Callable[[DeepAccount], None]:
    return lambda account: client("sqs").set_queue_attributes(QueueUrl=account.queue, Attributes=attributes)


def _subscription(name: str, value: str) -> Callable[[DeepAccount], None]:
    return lambda account: client("sns").set_subscription_attributes(
        SubscriptionArn=account.subscription, AttributeName=name, AttributeValue=value
    )


def _mapping(function: str, **fields: Any) -> Callable[[DeepAccount], None]:
    def change(answer: Any) -> Any:
        for each in answer["EventSourceMappings"]:
            if f":{function}:" in each["FunctionArn"]:
                each.update(fields)
        return answer

    return lambda account: account.changed.update(ListEventSourceMappings=change)


def _number(**settings: Any) -> Callable[[DeepAccount], None]:
    def change(answer: Any) -> Any:
        next(each for each in answer["PhoneNumbers"] if each["PhoneNumber"] == OURS).update(settings)
        return answer

    return lambda account: account.changed.update(DescribePhoneNumbers=change)


def _source_account_alone(account: DeepAccount) -> None:
    policy = json.loads(client("kms").get_key_policy(KeyId=account.key, PolicyName="default")["Policy"])
    policy["Statement"][1]["Condition"] = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    client("kms").put_key_policy(KeyId=account.key, PolicyName="default", Policy=json.dumps(policy))


def _new_version(account: DeepAccount) -> None:
    client("lambda").update_function_configuration(FunctionName="SweepFunction", Timeout=50)
    client("lambda").publish_version(FunctionName="SweepFunction")


def _changed_by_hand(**settings: Any) -> Callable[[DeepAccount], None]:
    return lambda _: client("lambda").update_function_configuration(FunctionName="NotifyFunction", **settings)


def _limit(concurrent: int, **parameters: str) -> Callable[[DeepAccount], None]:
    def set_it(account: DeepAccount) -> None:
        limit = {"ConcurrentExecutions": concurrent, "UnreservedConcurrentExecutions": concurrent}
        account.answers["GetAccountSettings"] = {"AccountLimit": limit}
        if parameters:
            account.redeploy(**parameters)

    return set_it


Fault = tuple[str, str, str, Callable[[DeepAccount], Any]]
BROKEN: list[Fault] = [
    ("topic", "FAIL", "sms-voice.amazonaws.com sns:Publish is not allowed", _policy("topic")),
    ("encryption", "UNKNOWN", "by aws:SourceAccount alone", _source_account_alone),
    ("encryption", "FAIL", "alias/aws/sqs, which sns.amazonaws.com cannot use", _queue(KmsMasterKeyId="alias/aws/sqs")),
    ("queues", "FAIL", "the policy of InboundDeadLetterQueue", _policy("queue")),
    ("queues", "FAIL", "keeps messages for 96 hours", _queue(MessageRetentionPeriod="345600")),
    ("queues", "FAIL", "less than 6 times", _queue(VisibilityTimeout="30")),
    ("subscription", "FAIL", "is missing", lambda a: client("sns").unsubscribe(SubscriptionArn=a.subscription)),
    ("subscription", "FAIL", "raw message delivery", _subscription("RawMessageDelivery", "true")),
    ("subscription", "FAIL", "filter policy", _subscription("FilterPolicy", '{"a": ["b"]}')),
    ("subscription", "FAIL", "no dead-letter queue", _subscription("RedrivePolicy", "{}")),
    ("dead letters", "FAIL", "1 messages are in InboundDead", lambda a: client("sqs").send_message(QueueUrl=a.dead, MessageBody=PERSON)),
    ("dead letters", "FAIL", "in NotifyDead", lambda a: client("sqs").send_message(QueueUrl=a.events_dead, MessageBody=PERSON)),
    ("event sources", "FAIL", "ReportBatchItemFailures is off", _mapping("NotifyFunction", FunctionResponseTypes=[])),
    ("event sources", "FAIL", "another version than the alias live", _mapping("InboundFunction", FunctionArn="a:function:InboundFunction")),
    ("event sources", "FAIL", "it has a filter", _mapping("InboundFunction", FilterCriteria={"Filters": [{"Pattern": "{}"}]})),
    ("event sources", "FAIL", "no destination", _mapping("NotifyFunction", DestinationConfig={})),
    ("event sources", "FAIL", "nothing invokes Notify", lambda a: a.changed.update(ListEventSourceMappings=lambda answer: {"EventSourceMappings": [each for each in answer["EventSourceMappings"] if "Inbound" in each["FunctionArn"]]})),
    ("numbers", "FAIL", "AWS honours STOP and replies as well", _number(SelfManagedOptOutsEnabled=False)),
    ("numbers", "FAIL", "uses the opt-out list Default, but its opt-outs are put on Stack", _number(OptOutListName="Default")),
    ("numbers", "NOTE", "AWS publishes with the role arn:role", _number(TwoWayChannelRole="arn:role")),
    ("numbers", "NOTE", "have no such number", lambda a: a.configure(Sender(identity="+12065550199", list_name=OWN_LIST))),
    ("account", "FAIL", "is 60, and AWS allows 50", lambda a: a.redeploy(PutRequestsPerSecond="60")),
    ("account", "UNKNOWN", "above AWS's default", lambda a: a.redeploy(DeleteRequestsPerSecond="11")),
    ("schedules", "FAIL", "is disabled: it never runs", lambda _: client("events").disable_rule(Name=f"{STACK}-SweepFunction")),
    ("schedules", "FAIL", "no rule invokes Reconcile", lambda _: client("events").remove_targets(Rule=f"{STACK}-ReconcileFunction", Ids=["1"])),
    ("activity", "FAIL", "due for 20 minutes", lambda a: a.measure("OldestOptOutDue", 1200, minutes_ago=1, service="sweep")),
    ("activity", "FAIL", "for 72 hours", lambda a: a.measure("ReconcileAge", 259200, minutes_ago=1, service="reconcile")),
    ("activity", "FAIL", "ApiFunction failed 2 times in the last hour", lambda a: a.measure("Errors", 2, minutes_ago=50, FunctionName="ApiFunction")),
    ("activity", "NOTE", "failed 3 times in the last 24 hours, and not", lambda a: a.measure("Errors", 3, minutes_ago=600, FunctionName="NotifyFunction")),
    ("activity", "FAIL", "InboundFunction was throttled 7 times", lambda a: a.measure("Throttles", 7, FunctionName="InboundFunction")),
    ("alarms", "FAIL", "-DeadLetterAlarm-1A2B is in ALARM", lambda _: client("cloudwatch").set_alarm_state(AlarmName=f"{STACK}-DeadLetterAlarm-1A2B", StateValue="ALARM", StateReason="a")),
    ("alarms", "FAIL", "1 alarms do not notify", lambda _: client("cloudwatch").disable_alarm_actions(AlarmNames=[f"{STACK}-QueueAgeAlarm-3C4D"])),
    ("alarms", "NOTE", "AlarmTopicArn is empty", lambda a: a.redeploy(AlarmTopicArn="")),
    ("alarms", "FAIL", "there is no topic", lambda _: client("sns").delete_topic(TopicArn=ALARM_TOPIC)),
    ("alarms", "FAIL", "has no alarms", lambda _: client("cloudwatch").delete_alarms(AlarmNames=[f"{STACK}-DeadLetterAlarm-1A2B", f"{STACK}-QueueAgeAlarm-3C4D"])),
    ("concurrency", "NOTE", "may run 10 functions at once, all", _limit(10)),
    ("concurrency", "FAIL", "the API for access keys is public", _limit(10, AccessKeys="Enabled")),
    ("concurrency", "FAIL", "is switched off", lambda _: client("lambda").put_function_concurrency(FunctionName="SweepFunction", ReservedConcurrentExecutions=0)),
    ("concurrency", "NOTE", "and the stack says 5", lambda a: a.redeploy(InboundReservedConcurrency="5")),
    ("versions", "FAIL", "live is version 1, the newest is 2", _new_version),
    ("versions", "FAIL", "other code or settings", _changed_by_hand(Timeout=50)),
    ("versions", "FAIL", "other code or settings", _changed_by_hand(Environment={"Variables": {"BRAND": "Other"}})),
    ("versions", "FAIL", "its alias live is missing", lambda _: client("lambda").delete_alias(FunctionName="ApiFunction", Name="live")),
]  # fmt: skip
ALONE: list[Fault] = [
    ("topic", "FAIL", "there is no topic", lambda a: client("sns").delete_topic(TopicArn=a.topic)),
    ("encryption", "FAIL", "sms-voice.amazonaws.com kms:GenerateDataKey is not allowed", _policy("key")),
    ("encryption", "FAIL", "is Disabled", lambda a: client("kms").disable_key(KeyId=a.key.rpartition("/")[2])),
    ("queues", "FAIL", "there is no queue", lambda a: client("sqs").delete_queue(QueueUrl=a.dead)),
    ("event sources", "FAIL", "it is Disabled", _mapping("InboundFunction", State="Disabled")),
    ("numbers", "NOTE", "no number sends its texts to this stack", _number(TwoWayEnabled=False)),
    ("numbers", "FAIL", "its texts go to nowhere", lambda a: (a.configure(Sender(identity=OURS, list_name=OWN_LIST)), _number(TwoWayEnabled=False)(a))),
    ("numbers", "FAIL", "its texts go to arn:other", lambda a: (a.configure(Sender(identity=OURS, list_name=OWN_LIST)), _number(TwoWayChannelArn="arn:other")(a))),
    ("numbers", "FAIL", "put on Club", lambda a: a.configure(Sender(identity=OURS, list_name="Club"))),
    ("lists", "FAIL", "there is no opt-out list Club", lambda a: a.configure(Sender(identity=OURS, list_name="Club"))),
    ("lists", "FAIL", "may not write to Default", lambda a: a.configure(Sender(identity=OURS, list_name="Default"))),
    ("activity", "FAIL", "did not run in the last 15", lambda a: a.world.pass_time(minutes=30)),
    ("activity", "FAIL", "ReconcileFunction reported nothing for a day", lambda a: a.world.pass_time(hours=25)),
]  # fmt: skip


def _rounds() -> list[list[Fault]]:
    """Combine faults of different checks, to save time; a fault that several checks report stays separate."""
    rounds: list[list[Fault]] = []
    for fault in BROKEN:
        fits = (each for each in rounds if fault[0] not in {other[0] for other in each})
        chosen = next(fits, None)
        if chosen is None:
            rounds.append(chosen := [])
        chosen.append(fault)
    return [*rounds, *([fault] for fault in ALONE)]


ROUNDS = _rounds()


@pytest.mark.parametrize("faults", ROUNDS, ids=lambda faults: f"{len(faults)} faults")
def test_what_is_broken_is_found_by_its_check(account: DeepAccount, faults: Sequence[Fault]) -> None:
    """With what to do about it, exit code 1 for a failure, and no exception."""
    for *_, break_it in faults:
        break_it(account)
    code, report = account.deep()
    for check, status, told, _ in faults:
        found = [each for each in report["checks"] if each["check"] == check and told in each["message"]]
        assert {each["status"] for each in found} == {status}, (check, told, report["checks"])
        assert all(each["fix"] or status == "NOTE" for each in found)
    failed = any(each["status"] == "FAIL" for each in report["checks"])
    assert code == int(failed or bool(report["problems"]))


def test_a_pool_is_judged_by_the_lists_of_its_numbers(account: DeepAccount) -> None:
    """Texts name the number that they were sent to, so the pool itself needs no settings."""
    account.world.aws.create_opt_out_list(OptOutListName="Club")
    two_way = {"TwoWayEnabled": True, "TwoWayChannelArn": account.topic, "SelfManagedOptOutsEnabled": True}
    pool = {"PoolId": "pool-1", "OptOutListName": "Club", **two_way}
    account.answers["DescribePools"] = {"Pools": [pool]}
    members = [{"PhoneNumber": number, "PoolId": "pool-1"} for number in ("+12065550143", "+12065550144")]
    account.changed["DescribePhoneNumbers"] = lambda answer: {"PhoneNumbers": [*answer["PhoneNumbers"], *members]}
    for member in members:
        account.configure(Sender(identity=member["PhoneNumber"], list_name="Club"))
    assert ("PASS", "pool-1: its texts come here, its opt-outs are self-managed, and it uses Club") in account.findings(
        "numbers"
    )
    account.configure(Sender(identity="+12065550144", list_name=OWN_LIST))
    assert [
        status for status, message in account.findings("numbers") if "different lists (Club, Stack)" in message
    ] == ["FAIL"]


def test_an_rcs_agent_is_judged_like_a_number(account: DeepAccount) -> None:
    """By its own settings, unless it is in a pool."""
    agent = {
        "RcsAgentId": "rcs-1",
        "OptOutListName": OWN_LIST,
        "TwoWayEnabled": True,
        "TwoWayChannelArn": account.topic,
    }
    account.answers["DescribeRcsAgents"] = {"RcsAgents": [agent | {"SelfManagedOptOutsEnabled": False}]}
    assert [status for status, message in account.findings("numbers") if message.startswith("rcs-1")] == ["FAIL"]
    account.answers["DescribeRcsAgents"] = {"RcsAgents": [agent | {"SelfManagedOptOutsEnabled": True}]}
    assert [status for status, message in account.findings("numbers") if message.startswith("rcs-1")] == ["PASS"]


def test_a_list_that_another_account_shares_may_go_by_its_name(account: DeepAccount) -> None:
    """AWS tells of a number's list by the name alone."""
    shared = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Shared"
    account.configure(Sender(identity=OURS, list_name=shared))
    _number(OptOutListName="Shared")(account)
    assert [status for status, message in account.findings("numbers") if message.startswith(OURS)] == ["PASS"]


def test_a_new_stack_does_not_fail(account: DeepAccount) -> None:
    """Its functions had no time to run."""
    account.redeploy()
    account.answers["GetMetricData"] = {"MetricDataResults": []}
    assert [status for status, _ in account.findings("activity")] == ["UNKNOWN", "UNKNOWN"]


# --- what the caller may not do


@pytest.mark.slow
def test_a_denied_call_is_unknown_with_the_name_of_its_permission(account: DeepAccount) -> None:
    """Whichever it is. Nothing ends the command, and AWS's own message, which may quote a number, is not shown."""
    account.deep()
    used = sorted({call for call in account.calls if call.startswith(READS)} - {"DescribeStacks"})
    for operation in used:
        account.denied = {operation}
        _, told = account.deep()
        unknown = [each for each in told["checks"] if each["status"] == "UNKNOWN"]
        named = [each for each in unknown if re.search(rf"\b{operation}\b", each["message"] + (each["fix"] or ""))]
        assert named, operation
        assert PERSON not in json.dumps(told)


def test_the_documented_permissions_are_those_that_the_checks_use(account: DeepAccount) -> None:
    """docs/operations.md has a policy's worth of them."""
    section = (REPOSITORY / "docs" / "operations.md").read_text().partition("## Checking a deployment on AWS")[2]
    listed = set(re.findall(r"`([a-z-]+:[A-Z]\w+)`", section.partition("\n## ")[0]))
    account.redeploy(PutRequestsPerSecond="11")
    account.calls.clear()
    account.deep()
    operations = {each.partition(":")[2] for each in listed}
    assert set(account.calls) <= operations
    assert {each for each in operations if each.startswith(READS)} <= set(account.calls)


def test_no_persons_number_is_in_the_output(account: DeepAccount) -> None:
    """They are on the list, in the ledger and in the dead-letter queue."""
    for list_name in (OWN_LIST, "Default"):
        account.world.aws.put_opted_out_number(OptOutListName=list_name, OptedOutNumber=PERSON)
    account.world.opt_out()
    client("sqs").send_message(QueueUrl=account.dead, MessageBody=PERSON)
    _, told = account.deep()
    assert PERSON.removeprefix("+") not in json.dumps(told)


@pytest.mark.parametrize(
    "arguments", [("--send-test-stop",), ("--learn",), ("--deep", "--parameters", "samconfig.toml")], ids=str
)
def test_options_that_do_not_go_together_are_refused(account: DeepAccount, arguments: tuple[str, ...]) -> None:
    """With exit code 2, before any call."""
    account.calls.clear()
    assert CliRunner().invoke(app, ["doctor", *arguments]).exit_code == 2
    assert account.calls == []


def test_every_function_of_the_template_is_checked() -> None:
    """By an output that has its name."""
    from support.template import resources, template

    from sms_consent_cli.commands.doctor.deep.context import FUNCTIONS as CHECKED

    assert set(CHECKED) == set(FUNCTIONS) == set(resources("AWS::Serverless::Function"))
    assert {name: template()["Outputs"][output]["Value"] for name, output in CHECKED.items()} == {
        name: {"Ref": name} for name in CHECKED
    }
