"""Voice and media messages, capabilities of numbers, sender ids and feedback."""

from __future__ import annotations

from typing import Any

import pytest

PERSON, NUMBER = "+14255550182", "+12125550101"


@pytest.fixture(autouse=True)
def _not_on_aws(world: Any) -> None:
    world.not_on_aws()


@pytest.fixture
def calls(sms: Any) -> dict[str, Any]:
    """A call for each channel, by the capability that it needs."""
    to = {"DestinationPhoneNumber": PERSON, "OriginationIdentity": NUMBER}
    media = {"MediaUrls": ["s3://bucket/media.jpg"]}
    return {
        "SMS": lambda: sms.send_text_message(MessageBody="Hello.", **to),
        "VOICE": lambda: sms.send_voice_message(MessageBody="Hello.", **to),
        "MMS": lambda: sms.send_media_message(**media, **to),
    }


@pytest.mark.parametrize("capability", ["SMS", "VOICE", "MMS"])
def test_a_number_sends_what_it_is_capable_of(world: Any, calls: Any, refused: Any, capability: str) -> None:
    """NUMBER_CAPABILITIES_MISMATCH for the other channels."""
    world.control("POST", "phone-numbers", phone_number=NUMBER, number_capabilities=[capability])
    for needed, call in calls.items():
        if needed == capability:
            call()
        else:
            error = refused(call)
            assert (error["Code"], error["Reason"]) == ("ConflictException", "NUMBER_CAPABILITIES_MISMATCH")
    assert len(world.control("GET", "messages")["messages"]) == 1


def test_a_listed_number_gets_no_message_on_any_channel(world: Any, sms: Any, calls: Any, refused: Any) -> None:
    """ "You can't send SMS or voice messages to them"."""
    world.control("POST", "phone-numbers", phone_number=NUMBER, number_capabilities=["SMS", "VOICE", "MMS"])
    sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
    for call in calls.values():
        assert refused(call)["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    assert world.control("GET", "messages")["messages"] == []


def test_voice_and_media_are_no_texts(world: Any, calls: Any) -> None:
    """They are read back as messages, with their channel and media."""
    world.control("POST", "phone-numbers", phone_number=NUMBER, number_capabilities=["SMS", "VOICE", "MMS"])
    for call in calls.values():
        call()
    messages = world.control("GET", "messages")["messages"]
    assert [(each["channel"], each["media_urls"]) for each in messages] == [
        ("TEXT", []),
        ("VOICE", []),
        ("MEDIA", ["s3://bucket/media.jpg"]),
    ]
    assert [each["channel"] for each in world.texts()] == ["TEXT"]


def test_an_unknown_capability_is_refused(world: Any) -> None:
    """A misspelt one would make a number that can do nothing."""
    answer = world.control_answer("POST", "phone-numbers", phone_number=NUMBER, number_capabilities=["SMSS"])
    assert answer.status_code == 400


def test_feedback_is_given_for_messages_that_were_sent(world: Any, calls: Any, sms: Any, refused: Any) -> None:
    """ResourceNotFoundException for others."""
    world.control("POST", "phone-numbers", phone_number=NUMBER)
    sent = calls["SMS"]()["MessageId"]
    given = {"MessageId": sent, "MessageFeedbackStatus": "RECEIVED"}
    assert given.items() <= sms.put_message_feedback(**given).items()
    error = refused(sms.put_message_feedback, MessageId="none", MessageFeedbackStatus="FAILED")
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "message")


class TestSenderIds:
    """Names that messages are sent from."""

    @pytest.fixture
    def sender(self, sms: Any) -> Any:
        return sms.request_sender_id(SenderId="BRAND", IsoCountryCode="GB", MessageTypes=["PROMOTIONAL"])

    @pytest.mark.parametrize("by", ["SenderId", "SenderIdArn"])
    def test_send_texts(self, world: Any, sms: Any, sender: Any, by: str) -> None:
        """By name or ARN, with their own type."""
        sms.send_text_message(
            DestinationPhoneNumber="+447700900001", OriginationIdentity=sender[by], MessageBody="Hello."
        )
        (text,) = world.texts()
        assert (text["from"], text["message_type"]) == ("BRAND", "PROMOTIONAL")

    @pytest.mark.usefixtures("sender")
    @pytest.mark.parametrize("identity", ["OTHER", "arn:aws:sms-voice:us-east-1:123456789012:sender-id/OTHER/GB"])
    def test_that_were_not_requested_send_nothing(self, sms: Any, refused: Any, identity: str) -> None:
        """Refused."""
        error = refused(
            sms.send_text_message,
            DestinationPhoneNumber="+447700900001",
            OriginationIdentity=identity,
            MessageBody="Hello.",
        )
        assert error["Code"] in ("ResourceNotFoundException", "ValidationException")

    @pytest.mark.usefixtures("sender")
    def test_send_no_voice(self, sms: Any, refused: Any) -> None:
        """NUMBER_CAPABILITIES_MISMATCH."""
        error = refused(sms.send_voice_message, DestinationPhoneNumber=PERSON, OriginationIdentity="BRAND")
        assert error["Reason"] == "NUMBER_CAPABILITIES_MISMATCH"

    def test_are_described_by_name_type_and_country(self, sms: Any, sender: Any, refused: Any) -> None:
        """Filters and references."""
        for query in (
            {},
            {"SenderIds": [{"SenderId": "BRAND", "IsoCountryCode": "GB"}]},
            {
                "Filters": [
                    {"Name": "message-type", "Values": ["PROMOTIONAL"]},
                    {"Name": "registered", "Values": ["false"]},
                ]
            },
        ):
            (found,) = sms.describe_sender_ids(**query)["SenderIds"]
            assert (found["SenderIdArn"], found["MessageTypes"]) == (sender["SenderIdArn"], ["PROMOTIONAL"])
        error = refused(sms.describe_sender_ids, SenderIds=[{"SenderId": "BRAND", "IsoCountryCode": "FR"}])
        assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "sender-id")

    @pytest.mark.usefixtures("sender")
    def test_are_there_once_in_a_country_that_has_them(self, sms: Any, refused: Any) -> None:
        """RESOURCE_ALREADY_EXISTS and SENDER_ID_NOT_SUPPORTED."""
        again = refused(sms.request_sender_id, SenderId="BRAND", IsoCountryCode="GB")
        there = refused(sms.request_sender_id, SenderId="BRAND", IsoCountryCode="US")
        assert (again["Reason"], there["Reason"]) == ("RESOURCE_ALREADY_EXISTS", "SENDER_ID_NOT_SUPPORTED")

    @pytest.mark.usefixtures("sender")
    def test_are_released_unless_they_are_protected(self, sms: Any, refused: Any) -> None:
        """DELETION_PROTECTION_ENABLED."""
        brand = {"SenderId": "BRAND", "IsoCountryCode": "GB"}
        sms.update_sender_id(DeletionProtectionEnabled=True, **brand)
        assert refused(sms.release_sender_id, **brand)["Reason"] == "DELETION_PROTECTION_ENABLED"
        sms.update_sender_id(DeletionProtectionEnabled=False, **brand)
        sms.release_sender_id(**brand)
        assert sms.describe_sender_ids()["SenderIds"] == []


class TestSpendLimits:
    """Overrides of the account's monthly limits."""

    def test_are_lowered_and_restored(self, sms: Any, refused: Any) -> None:
        """Never above the maximum."""
        assert sms.set_text_message_spend_limit_override(MonthlyLimit=5)["MonthlyLimit"] == 5
        limits = {each["Name"]: each for each in sms.describe_spend_limits()["SpendLimits"]}
        text = limits["TEXT_MESSAGE_MONTHLY_SPEND_LIMIT"]
        assert (text["EnforcedLimit"], text["MaxLimit"], text["Overridden"]) == (5, 100, True)
        error = refused(sms.set_text_message_spend_limit_override, MonthlyLimit=101)
        assert error["Reason"] == "REQUESTED_SPEND_LIMIT_HIGHER_THAN_SERVICE_LIMIT"
        assert sms.delete_text_message_spend_limit_override()["MonthlyLimit"] == 100
