"""The checks of `connect` before any change: whatever could lose a STOP fails, with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from support.connectable import FUNCTIONS, NUMBER, OWN_LIST, Connectable, client

from sms_consent.domain.ports import Sender

Damage = Callable[[Connectable], object]
SERVICE = {"Service": "sms-voice.amazonaws.com"}


def policy(stack: Connectable, *statements: dict[str, object]) -> None:
    """Of the topic."""
    full = [{"Principal": SERVICE, "Action": "sns:Publish", "Resource": stack.topic} | each for each in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": full})
    client("sns").set_topic_attributes(TopicArn=stack.topic, AttributeName="Policy", AttributeValue=document)


def subscription(stack: Connectable, name: str, value: str) -> None:
    """An attribute of it."""
    (found,) = client("sns").list_subscriptions_by_topic(TopicArn=stack.topic)["Subscriptions"]
    client("sns").set_subscription_attributes(
        SubscriptionArn=found["SubscriptionArn"], AttributeName=name, AttributeValue=value
    )


def unsubscribed(stack: Connectable) -> None:
    (found,) = client("sns").list_subscriptions_by_topic(TopicArn=stack.topic)["Subscriptions"]
    client("sns").unsubscribe(SubscriptionArn=found["SubscriptionArn"])


def mapping(**changes: object) -> None:
    (found,) = client("lambda").list_event_source_mappings(FunctionName=FUNCTIONS[0])["EventSourceMappings"]
    client("lambda").update_event_source_mapping(UUID=found["UUID"], **changes)


def encrypted(stack: Connectable, key: str) -> None:
    client("sns").set_topic_attributes(TopicArn=stack.topic, AttributeName="KmsMasterKeyId", AttributeValue=key)


def own_key(stack: Connectable) -> None:
    """A key whose policy names only the account."""
    encrypted(stack, client("kms").create_key()["KeyMetadata"]["KeyId"])


def pooled(stack: Connectable) -> None:
    stack.world.aws.create_pool(OriginationIdentity=stack.number_id, IsoCountryCode="US", MessageType="TRANSACTIONAL")


DAMAGES: dict[str, tuple[str, Damage, str]] = {
    "the topic is gone": ("topic", lambda stack: client("sns").delete_topic(TopicArn=stack.topic), "there is no topic"),
    "the topic lets nobody publish": ("topic", lambda stack: policy(stack), "does not let"),
    "the topic lets another account's numbers publish": (
        "topic",
        lambda stack: policy(
            stack, {"Effect": "Allow", "Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}}
        ),
        "does not let",
    ),
    "the topic denies it": (
        "topic",
        lambda stack: policy(stack, {"Effect": "Allow"}, {"Effect": "Deny", "Principal": "*"}),
        "denies sns:Publish",
    ),
    "SNS's own key encrypts the topic": ("encryption", lambda stack: encrypted(stack, "alias/aws/sns"), "cannot use"),
    "the topic's key does not know the service": ("encryption", own_key, "kms:GenerateDataKey"),
    "the queue is not subscribed": ("subscription", unsubscribed, "is missing"),
    "delivery is raw": ("subscription", lambda stack: subscription(stack, "RawMessageDelivery", "true"), "raw"),
    "a filter lets few texts pass": (
        "subscription",
        lambda stack: subscription(stack, "FilterPolicy", json.dumps({"kind": ["news"]})),
        "filter policy",
    ),
    "the function is gone": (
        "function",
        lambda _: client("lambda").delete_function(FunctionName=FUNCTIONS[1]),
        "there is no function",
    ),
    "nothing feeds the function": ("function", lambda _: mapping(Enabled=False), "is Disabled, not Enabled"),
    "the list is gone": (
        "list",
        lambda stack: stack.world.aws.delete_opt_out_list(OptOutListName=OWN_LIST),
        "which does not exist",
    ),
    "the number is in a pool": ("number", pooled, "connect the pool"),
}


@pytest.mark.parametrize(("name", "damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_what_could_lose_a_stop_stops_it(stack: Connectable, name: str, damage: Damage, reason: str) -> None:
    """With its reason, and with nothing changed."""
    damage(stack)
    before = stack.handling()
    assert stack.quickly("connect", NUMBER) == 1
    assert stack.found(name)[0] == "BAD"
    assert reason in stack.found(name)[1]
    assert (stack.handling(), stack.changes()) == (before, [])


def test_a_deployment_as_it_is_passes(stack: Connectable) -> None:
    """Each check is told, and none of them changes anything; --dry-run says what would be done, in order."""
    assert stack.quickly("connect", NUMBER, "--dry-run") == 0
    assert stack.report is not None
    assert {check.verdict.value for check in stack.report.checks} == {"GOOD"}
    assert [step.value for step, _, _ in stack.report.steps] == [
        "TRIAL", "REMEMBER", "TWO_WAY", "COPY", "LIST", "CATCH_UP", "SELF_MANAGED",
    ]  # fmt: skip
    assert stack.changes() == []


def test_a_us_toll_free_number_is_refused_with_the_reason(stack: Connectable) -> None:
    """There the carriers honour STOP, and a START cannot lift their block."""
    stack.world.backend.add_phone_number("+18005550142", number_type="TOLL_FREE")
    assert stack.quickly("connect", "+18005550142") == 1
    verdict, told = stack.found("number")
    assert verdict == "BAD"
    assert "carriers honour STOP and START themselves" in told


def test_a_pool_with_a_us_toll_free_number_is_refused_as_a_whole(stack: Connectable) -> None:
    """Its numbers are set together."""
    toll_free = stack.world.backend.add_phone_number("+18005550142", number_type="TOLL_FREE")
    pooled(stack)
    (pool,) = stack.world.aws.describe_pools()["Pools"]
    toll_free.pool_id = pool["PoolId"]
    assert stack.quickly("connect", pool["PoolId"]) == 1
    assert "+18005550142 is a US toll-free number" in stack.found("number")[1]


def test_texts_of_another_system_are_not_redirected_without_consent(stack: Connectable) -> None:
    """--accept channel allows it."""
    other = client("sns").create_topic(Name="other")["TopicArn"]
    stack.world.aws.update_phone_number(PhoneNumberId=stack.number_id, TwoWayEnabled=True, TwoWayChannelArn=other)
    assert stack.quickly("connect", NUMBER) == 1
    assert stack.found("channel")[0] == "UNSURE"
    assert other in stack.found("channel")[1]
    assert stack.quickly("connect", NUMBER, "--accept", "channel") == 0
    assert stack.handling() == (True, stack.topic, OWN_LIST, True)


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("arn:aws:connect:us-east-1:123456789012:instance/8e2f1f6e-0b1c-4a55-9df0-5d2f1a6f7a10", "Amazon Connect"),
        ("arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/x", "Amazon Connect"),
        ("connect.us-east-1.amazonaws.com", "Amazon Connect"),
        ("arn:aws:sqs:us-east-1:123456789012:texts", "unknown kind of destination"),
        ("arn:aws:lambda:us-east-1:123456789012:function:texts", "unknown kind of destination"),
        ("arn:aws:sns:us-east-1:123456789012:texts:8a1b", "unknown kind of destination"),
        ("something-that-is-no-arn", "unknown kind of destination"),
    ],
)
def test_a_channel_that_is_no_topic_is_explained(stack: Connectable, channel: str, told: str) -> None:
    """Amazon Connect may be a number's destination; it is replaced on request only, and restored by disconnect."""
    role = "arn:aws:iam::123456789012:role/connect"
    sms = stack.world.aws
    sms.update_phone_number(
        PhoneNumberId=stack.number_id, TwoWayEnabled=True, TwoWayChannelArn=channel, TwoWayChannelRole=role
    )
    before = stack.handling()
    assert stack.quickly("connect", NUMBER) == 1
    assert stack.found("channel")[0] == "UNSURE"
    assert told in stack.found("channel")[1]
    assert "ExistingTopicArn" not in stack.found("channel")[1]
    assert (stack.handling(), stack.changes()) == (before, [])
    assert stack.quickly("connect", NUMBER, "--accept", "channel", "--accept", "role") == 0
    assert stack.handling() == (True, stack.topic, OWN_LIST, True)
    other = "arn:aws:iam::123456789012:role/topic"
    sms.update_phone_number(PhoneNumberId=stack.number_id, TwoWayChannelRole=other)
    assert stack.quickly("disconnect", NUMBER, "--forget") == 0
    assert (stack.handling(), stack.number.two_way_channel_role) == (before, role)


def test_a_role_of_the_channel_is_not_trusted_unasked(stack: Connectable) -> None:
    """It publishes in place of the service, which no topic's policy shows."""
    stack.world.aws.update_phone_number(
        PhoneNumberId=stack.number_id, TwoWayEnabled=True, TwoWayChannelArn=stack.topic,
        TwoWayChannelRole="arn:aws:iam::123456789012:role/texts",
    )  # fmt: skip
    assert stack.quickly("connect", NUMBER) == 1
    assert stack.found("role")[0] == "UNSURE"


def test_a_deny_that_cannot_be_evaluated_is_unsure(stack: Connectable) -> None:
    """A condition that this command does not understand."""
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    policy(stack, {"Effect": "Allow"}, {"Effect": "Deny", "Principal": "*", "Condition": condition})
    assert stack.quickly("connect", NUMBER) == 1
    assert stack.found("topic")[0] == "UNSURE"


def test_what_only_delays_confirmations_is_a_note(stack: Connectable) -> None:
    """The sandbox delays no opt-out."""
    stack.world.backend.set_account("SANDBOX")
    assert stack.quickly("connect", NUMBER) == 0
    assert stack.found("account")[0] == "NOTE"


def test_a_number_obeys_the_list_that_its_texts_count_for(stack: Connectable) -> None:
    """The sender's own list, if it has one."""
    from sms_consent.adapters.dynamodb.codec import encode

    stack.world.aws.create_opt_out_list(OptOutListName="Club")
    sender = encode(Sender(identity=NUMBER, list_name="Club"))
    client("dynamodb").put_item(TableName=stack.world.table, Item=sender)
    assert stack.quickly("connect", NUMBER) == 1
    assert "AdditionalOptOutListArns" in stack.found("list")[1]


def test_a_test_text_that_is_not_processed_changes_nothing(stack: Connectable) -> None:
    """Whatever AWS says of the function: the proof is in the ledger."""
    stack.deaf = True
    before = stack.handling()
    assert stack.quickly("connect", NUMBER) == 1
    assert stack.report is not None
    assert "dead-letters" in str(stack.report.failure)
    assert stack.handling() == before


def test_a_connected_number_whose_stops_may_be_lost_is_reported(stack: Connectable) -> None:
    """It must not read like a refusal."""
    assert stack.quickly("connect", NUMBER) == 0
    mapping(Enabled=False)
    result = stack.run("connect", NUMBER)
    assert result.exit_code == 1
    assert "connected already, and its STOPs may be lost" in " ".join(result.output.split())


def test_an_unknown_number_is_bad_input(stack: Connectable) -> None:
    """Exit code 2."""
    result = stack.run("connect", "+12065550177")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no number and no pool" in result.stderr
