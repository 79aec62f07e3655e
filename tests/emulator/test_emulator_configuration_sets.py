"""Configuration sets, and the events of texts that are sent with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import moto_sms_voice

PERSON, NUMBER = "+14255550182", "+12125550101"
ROLE = "arn:aws:iam::123456789012:role/events"


@pytest.fixture(autouse=True)
def _number(world: Any) -> None:
    world.not_on_aws()
    world.control("POST", "phone-numbers", phone_number=NUMBER)


@pytest.fixture
def receipts(sms: Any) -> str:
    """The name of a configuration set."""
    return str(sms.create_configuration_set(ConfigurationSetName="receipts")["ConfigurationSetName"])


@pytest.fixture
def send(sms: Any, receipts: str) -> Any:
    """Send a text with the configuration set."""

    def sent(**more: Any) -> str:
        given = {"DestinationPhoneNumber": PERSON, "MessageBody": "Hello.", "ConfigurationSetName": receipts, **more}
        return str(sms.send_text_message(**given)["MessageId"])

    return sent


@pytest.fixture
def queue(world: Any, sms: Any, receipts: str) -> Any:
    """Let events of the given types reach a queue by way of a topic; call it to read them."""
    sns, sqs = world.client("sns"), world.client("sqs")
    topic = sns.create_topic(Name="events")["TopicArn"]
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sms.create_event_destination(
        ConfigurationSetName=receipts,
        EventDestinationName="topic",
        MatchingEventTypes=["TEXT_ALL"],
        SnsDestination={"TopicArn": topic},
    )

    def events() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(json.loads(each["Body"])["Message"]) for each in messages]

    return events


def test_a_text_produces_its_events(send: Any, queue: Any) -> None:
    """Accepted by the carrier and delivered, in the documented form."""
    message_id = send(Context={"campaign": "spring"})
    events = queue()
    assert [(each["eventType"], each["isFinal"]) for each in events] == [
        ("TEXT_SUCCESSFUL", False),
        ("TEXT_DELIVERED", True),
    ]
    for each in events:
        assert (each["messageId"], each["context"]) == (message_id, {"campaign": "spring"})
        assert (each["originationPhoneNumber"], each["destinationPhoneNumber"]) == (NUMBER, PERSON)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"Enabled": False}, []),
        ({"MatchingEventTypes": ["VOICE_ALL"]}, []),
        ({"MatchingEventTypes": ["TEXT_DELIVERED"]}, ["TEXT_DELIVERED"]),
        ({"MatchingEventTypes": ["ALL"]}, ["TEXT_SUCCESSFUL", "TEXT_DELIVERED"]),
    ],
)
def test_a_destination_takes_what_it_is_for(
    sms: Any, send: Any, queue: Any, receipts: str, change: Any, kinds: Any
) -> None:
    """While it is enabled."""
    sms.update_event_destination(ConfigurationSetName=receipts, EventDestinationName="topic", **change)
    send()
    assert [each["eventType"] for each in queue()] == kinds


def test_without_the_set_or_after_its_destination_there_are_no_events(
    sms: Any, send: Any, queue: Any, receipts: str
) -> None:
    """Nor for a dry run, or a text that is refused."""
    sms.send_text_message(DestinationPhoneNumber=PERSON, MessageBody="Hello.")
    send(DryRun=True)
    sms.delete_event_destination(ConfigurationSetName=receipts, EventDestinationName="topic")
    send()
    assert queue() == []


def test_events_go_to_cloudwatch_logs(world: Any, sms: Any, send: Any, receipts: str) -> None:
    """One stream for each message; the name of the stream is not documented."""
    logs = world.client("logs")
    logs.create_log_group(logGroupName="/sms/events")
    sms.create_event_destination(
        ConfigurationSetName=receipts,
        EventDestinationName="logs",
        MatchingEventTypes=["TEXT_DELIVERED"],
        CloudWatchLogsDestination={
            "IamRoleArn": ROLE,
            "LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/sms/events",
        },
    )
    message_id = send()
    (found,) = logs.get_log_events(logGroupName="/sms/events", logStreamName=message_id)["events"]
    assert json.loads(found["message"])["eventType"] == "TEXT_DELIVERED"


@pytest.mark.slow
def test_events_go_to_firehose(world: Any, sms: Any, send: Any, receipts: str) -> None:
    """And from there to a bucket."""
    s3, firehose = world.client("s3"), world.client("firehose")
    s3.create_bucket(Bucket="receipts-of-texts")
    destination = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::receipts-of-texts"}
    arn = firehose.create_delivery_stream(DeliveryStreamName="events", ExtendedS3DestinationConfiguration=destination)
    sms.create_event_destination(
        ConfigurationSetName=receipts,
        EventDestinationName="stream",
        MatchingEventTypes=["TEXT_DELIVERED"],
        KinesisFirehoseDestination={"IamRoleArn": ROLE, "DeliveryStreamArn": arn["DeliveryStreamARN"]},
    )
    message_id = send()
    (key,) = [each["Key"] for each in s3.list_objects_v2(Bucket="receipts-of-texts")["Contents"]]
    assert json.loads(s3.get_object(Bucket="receipts-of-texts", Key=key)["Body"].read())["messageId"] == message_id


def test_a_text_sent_in_python_produces_its_events_too(queue: Any, receipts: str) -> None:
    """Through the backend's own method, as in a test in the same process."""
    moto_sms_voice.backend().send_text_message(PERSON, message_body="Hello.", configuration_set_name=receipts)
    assert [each["eventType"] for each in queue()] == ["TEXT_SUCCESSFUL", "TEXT_DELIVERED"]


def test_a_destination_that_is_not_there_stops_no_text(world: Any, sms: Any, send: Any, receipts: str) -> None:
    """The event is lost."""
    sms.create_event_destination(
        ConfigurationSetName=receipts,
        EventDestinationName="topic",
        MatchingEventTypes=["ALL"],
        SnsDestination={"TopicArn": "arn:aws:sns:us-east-1:123456789012:none"},
    )
    send()
    assert len(world.texts()) == 1


def test_destinations_are_of_one_kind_and_name(sms: Any, receipts: str, refused: Any) -> None:
    """Exactly one destination; a name once; no change to another kind."""
    topic = {"SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:events"}}
    logs = {"CloudWatchLogsDestination": {"IamRoleArn": ROLE, "LogGroupArn": "arn:aws:logs:us-east-1:1:log-group:x"}}
    named = {"ConfigurationSetName": receipts, "EventDestinationName": "events"}
    create = {"MatchingEventTypes": ["ALL"], **named}
    assert refused(sms.create_event_destination, **create)["Code"] == "ValidationException"
    assert refused(sms.create_event_destination, **create, **topic, **logs)["Code"] == "ValidationException"
    sms.create_event_destination(**create, **topic)
    assert refused(sms.create_event_destination, **create, **topic)["Reason"] == "RESOURCE_ALREADY_EXISTS"
    assert refused(sms.update_event_destination, **named, **logs)["Reason"] == "EVENT_DESTINATION_MISMATCH"


def test_defaults_apply_unless_the_text_states_otherwise(world: Any, sms: Any, send: Any, receipts: str) -> None:
    """Message type and sender id; a deleted default applies no longer."""
    sms.request_sender_id(SenderId="BRAND", IsoCountryCode="GB")
    sms.set_default_message_type(ConfigurationSetName=receipts, MessageType="PROMOTIONAL")
    sms.set_default_sender_id(ConfigurationSetName=receipts, SenderId="BRAND")
    (found,) = sms.describe_configuration_sets(Filters=[{"Name": "default-message-type", "Values": ["PROMOTIONAL"]}])[
        "ConfigurationSets"
    ]
    assert (found["DefaultMessageType"], found["DefaultSenderId"]) == ("PROMOTIONAL", "BRAND")
    send()
    send(MessageType="TRANSACTIONAL", OriginationIdentity=NUMBER)
    assert sms.delete_default_message_type(ConfigurationSetName=receipts)["MessageType"] == "PROMOTIONAL"
    assert sms.delete_default_sender_id(ConfigurationSetName=receipts)["SenderId"] == "BRAND"
    send()
    assert [(each["from"], each["message_type"]) for each in world.texts()] == [
        ("BRAND", "PROMOTIONAL"),
        (NUMBER, "TRANSACTIONAL"),
        (NUMBER, "TRANSACTIONAL"),
    ]


def test_a_deleted_set_is_not_found(sms: Any, send: Any, receipts: str, refused: Any) -> None:
    """By texts neither."""
    again = refused(sms.create_configuration_set, ConfigurationSetName=receipts)
    assert again["Reason"] == "RESOURCE_ALREADY_EXISTS"
    sms.set_default_message_feedback_enabled(ConfigurationSetName=receipts, MessageFeedbackEnabled=True)
    assert sms.delete_configuration_set(ConfigurationSetName=receipts)["DefaultMessageFeedbackEnabled"] is True
    error = refused(send)
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "configuration-set")
