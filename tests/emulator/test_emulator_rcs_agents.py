"""RCS agents: what they are set to, and messages in both directions."""

from __future__ import annotations

import json
from typing import Any

import pytest

TWO_WAY = {"TwoWayEnabled": True, "TwoWayChannelArn": "arn:aws:sns:us-east-1:123456789012:inbound"}
CONTENT = {"Content": {"TextMessage": {"Body": "Hello"}}}


@pytest.fixture(autouse=True)
def _not_on_aws(world: Any) -> None:
    """An agent has to be registered."""
    world.not_on_aws()


@pytest.fixture
def agent_id(sms: Any) -> str:
    """An agent, as it is created."""
    created: str = sms.create_rcs_agent()["RcsAgentId"]
    return created


def described(sms: Any, agent_id: str) -> dict[str, Any]:
    (found,) = sms.describe_rcs_agents(RcsAgentIds=[agent_id])["RcsAgents"]
    return dict(found)


def test_an_agent_is_changed_one_setting_at_a_time(sms: Any, agent_id: str) -> None:
    """What is not given stays."""
    sms.create_opt_out_list(OptOutListName="Club")
    sms.update_rcs_agent(RcsAgentId=agent_id, TwoWayRcsEventsEnabled=["ALL"], **TWO_WAY)
    sms.update_rcs_agent(RcsAgentId=agent_id, OptOutListName="Club")
    changed = sms.update_rcs_agent(RcsAgentId=agent_id, SelfManagedOptOutsEnabled=True)
    found = described(sms, agent_id)
    for each in (changed, found):
        assert (each["TwoWayEnabled"], each["TwoWayChannelArn"]) == tuple(TWO_WAY.values())
        assert (each["OptOutListName"], each["SelfManagedOptOutsEnabled"]) == ("Club", True)
        assert each["TwoWayRcsEventsEnabled"] == ["ALL"]
    assert found["RcsAgentArn"].endswith(f":rcs-agent/{agent_id}")


def test_settings_that_contradict_each_other_are_refused(sms: Any, refused: Any, agent_id: str) -> None:
    """As for a phone number."""
    assert refused(sms.update_rcs_agent, RcsAgentId=agent_id, TwoWayEnabled=True)["Reason"] == (
        "TWO_WAY_CHANNEL_NOT_PRESENT"
    )
    assert refused(sms.update_rcs_agent, RcsAgentId=agent_id, SelfManagedOptOutsEnabled=True)["Reason"] == (
        "TWO_WAY_NOT_ENABLED"
    )
    events = ["ALL", "TYPING"]
    assert refused(sms.update_rcs_agent, RcsAgentId=agent_id, TwoWayRcsEventsEnabled=events)["Code"] == (
        "ValidationException"
    )


def test_an_agent_that_is_not_there_is_not_found(sms: Any, refused: Any) -> None:
    """By each operation."""
    for operation in (sms.update_rcs_agent, sms.delete_rcs_agent):
        error = refused(operation, RcsAgentId="rcs-1")
        assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "rcs-agent")


def test_a_list_that_an_agent_obeys_is_not_deleted(sms: Any, refused: Any, agent_id: str) -> None:
    """Until the agent is gone."""
    sms.create_opt_out_list(OptOutListName="Club")
    sms.update_rcs_agent(RcsAgentId=agent_id, OptOutListName="Club")
    assert refused(sms.delete_opt_out_list, OptOutListName="Club")["Code"] == "ConflictException"
    sms.delete_rcs_agent(RcsAgentId=agent_id)
    sms.delete_opt_out_list(OptOutListName="Club")


@pytest.mark.parametrize("operation", ["send_rcs_message", "send_text_message"])
def test_an_agent_sends_by_either_operation_unless_the_recipient_opted_out(
    sms: Any, world: Any, refused: Any, agent_id: str, operation: str
) -> None:
    """The list is the agent's."""
    content = {"RcsMessageContent": CONTENT} if operation == "send_rcs_message" else {"MessageBody": "Hello"}
    message = {"DestinationPhoneNumber": "+14255550182", "OriginationIdentity": agent_id, **content}
    assert getattr(sms, operation)(**message)["MessageId"]
    sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber="+14255550182")
    assert refused(getattr(sms, operation), **message)["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"


def test_only_an_agent_sends_rcs_messages(sms: Any, refused: Any) -> None:
    """A number has no RCS."""
    number = sms.request_phone_number(
        IsoCountryCode="US", MessageType="TRANSACTIONAL", NumberCapabilities=["SMS"], NumberType="TEN_DLC"
    )["PhoneNumberId"]
    error = refused(
        sms.send_rcs_message,
        DestinationPhoneNumber="+14255550182",
        OriginationIdentity=number,
        RcsMessageContent=CONTENT,
    )
    assert error["Code"] == "ResourceNotFoundException"


def test_a_message_to_an_agent_is_published_as_rcs_has_it() -> None:
    """Without plus and keyword; a keyword that the service acts on is published too."""
    import boto3
    from moto import mock_aws

    from moto_sms_voice.pinpointsmsvoicev2 import pinpointsmsvoicev2_backends

    with mock_aws():
        sns, sqs = boto3.client("sns", "us-east-1"), boto3.client("sqs", "us-east-1")
        topic, queue = sns.create_topic(Name="t")["TopicArn"], sqs.create_queue(QueueName="q")["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:q")
        backend = pinpointsmsvoicev2_backends["123456789012"]["us-east-1"]
        backend.add_rcs_agent("rcs-1", two_way_channel_arn=topic)
        ids = {backend.receive_text("+14255550182", "rcs-1", body) for body in ("STOP", "hi")}
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        payloads = [json.loads(json.loads(each["Body"])["Message"]) for each in messages]
        assert {each["messageBody"] for each in payloads} == {"STOP", "hi"}
        assert {each["inboundMessageId"] for each in payloads} == ids
        assert all(each["originationNumber"] == "14255550182" for each in payloads)
        assert "+14255550182" in backend.opt_out_lists["Default"]
