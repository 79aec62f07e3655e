"""An end user texts a number: what the service does itself, and what it publishes."""

from __future__ import annotations

import json
from typing import Any

import pytest

PERSON, NUMBER = "+14255550182", "+12125550101"
REQUIRED = ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"]


@pytest.fixture
def topic(world: Any) -> str:
    """The ARN of a topic whose messages end in the queue `inbound`."""
    arn: str = world.client("sns").create_topic(Name="inbound")["TopicArn"]
    queue = world.client("sqs").create_queue(QueueName="inbound")["QueueUrl"]
    queue_arn = world.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    world.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn["Attributes"]["QueueArn"])
    return arn


@pytest.fixture
def published(world: Any, topic: str) -> Any:
    """The payloads that arrived in the queue since the last look, with their SNS envelopes."""

    def look() -> list[tuple[dict[str, Any], dict[str, Any]]]:
        sqs = world.client("sqs")
        queue = sqs.get_queue_url(QueueName="inbound")["QueueUrl"]
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        envelopes = [json.loads(message["Body"]) for message in messages]
        return [(envelope, json.loads(envelope["Message"])) for envelope in envelopes]

    return look


@pytest.fixture
def phone_id(world: Any, sms: Any, topic: str, opt_out_list: str) -> str:
    """A two-way number on the new list, whose opt-outs AWS manages."""
    added = world.control(
        "POST",
        "phone-numbers",
        phone_number=NUMBER,
        two_way_channel_arn=topic,
        opt_out_list_name=opt_out_list,
    )
    return str(added["phone_number_id"])


@pytest.fixture
def text(world: Any, phone_id: str) -> Any:
    """The person texts the number; the answer is the id of what was published, if anything was."""

    def receive(body: str, from_number: str = PERSON) -> str | None:
        given = {"from": from_number, "to": NUMBER, "body": body}
        answer: str | None = world.control("POST", "inbound", **given)["inbound_message_id"]
        return answer

    return receive


def opted_out(sms: Any, opt_out_list: str) -> dict[str, bool]:
    found = sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"]
    return {one["OptedOutNumber"]: one["EndUserOptedOut"] for one in found}


class TestWhereAWSManagesOptOuts:
    """SelfManagedOptOutsEnabled is off."""

    def test_each_required_word_opts_its_sender_out(
        self, world: Any, sms: Any, opt_out_list: str, text: Any, published: Any
    ) -> None:
        """EndUserOptedOut is true, each gets STOP's message as the reply, and nothing is published."""
        people = [f"+1425555010{last}" for last in range(10)]
        for person, word in zip(people, REQUIRED, strict=True):
            assert text(word, from_number=person) is None
        assert opted_out(sms, opt_out_list) == dict.fromkeys(people, True)
        assert [(reply["to"], reply["from"], reply["automatic"]) for reply in world.texts()] == [
            (person, NUMBER, True) for person in people
        ]
        assert published() == []

    def test_a_text_that_begins_with_a_keyword_counts(self, sms: Any, opt_out_list: str, text: Any) -> None:
        """In whatever case, with whatever after it."""
        bodies = ["stop", " Stop ", "STOP please", "stop.", "Opt-out now"]
        people = [f"+1425555010{last}" for last in range(len(bodies))]
        for person, body in zip(people, bodies, strict=True):
            text(body, from_number=person)
        assert list(opted_out(sms, opt_out_list)) == people

    def test_a_text_that_does_not_begin_with_one_is_published(
        self, sms: Any, opt_out_list: str, text: Any, published: Any
    ) -> None:
        """It goes to the topic, and the list stays empty."""
        bodies = ["STOPPING by", "please stop", "TDs", "ENDLESS", "don't stop", "🛑"]
        expected = {(text(body), body) for body in bodies}
        assert {(payload["inboundMessageId"], payload["messageBody"]) for _, payload in published()} == expected
        assert opted_out(sms, opt_out_list) == {}

    def test_the_reply_is_what_was_configured(self, world: Any, sms: Any, phone_id: str, text: Any) -> None:
        """PutKeyword changes STOP's and HELP's messages."""
        for word in ("STOP", "HELP"):
            sms.put_keyword(OriginationIdentity=phone_id, Keyword=word, KeywordMessage=f"About {word}.")
            text(word)
        assert [reply["body"] for reply in world.texts()] == ["About STOP.", "About HELP."]

    def test_help_is_answered_and_changes_nothing(self, world: Any, sms: Any, opt_out_list: str, text: Any) -> None:
        """One reply; the sender is not opted out."""
        text("HELP")
        assert len(world.texts()) == 1
        assert opted_out(sms, opt_out_list) == {}

    def test_a_custom_keyword_opts_out(self, sms: Any, opt_out_list: str, phone_id: str, text: Any) -> None:
        """KeywordAction OPT_OUT."""
        sms.put_keyword(OriginationIdentity=phone_id, Keyword="NO MORE", KeywordMessage="Bye.", KeywordAction="OPT_OUT")
        text("no  more, thanks")
        assert opted_out(sms, opt_out_list) == {PERSON: True}

    def test_a_custom_keyword_opts_in(self, world: Any, sms: Any, opt_out_list: str, phone_id: str, text: Any) -> None:
        """KeywordAction OPT_IN takes the sender off the list, as often as asked: their word knows no 30 days."""
        sms.put_keyword(
            OriginationIdentity=phone_id, Keyword="START", KeywordMessage="Hello again.", KeywordAction="OPT_IN"
        )
        for _ in range(2):
            text("STOP")
            text("START")
        assert opted_out(sms, opt_out_list) == {}
        assert world.texts()[-1]["body"] == "Hello again."

    def test_start_is_no_keyword_by_itself(self, sms: Any, opt_out_list: str, text: Any, published: Any) -> None:
        """AWS has no opt-in keyword built in: START is published like any text."""
        text("STOP")
        assert text("START") is not None
        assert opted_out(sms, opt_out_list) == {PERSON: True}
        assert len(published()) == 1

    def test_a_pools_keywords_and_list_stand_for_its_numbers(
        self, world: Any, sms: Any, opt_out_list: str, phone_id: str, text: Any
    ) -> None:
        """What the pool answers, its numbers answer."""
        pool = sms.create_pool(OriginationIdentity=phone_id, MessageType="TRANSACTIONAL")["PoolId"]
        sms.put_keyword(OriginationIdentity=pool, Keyword="STOP", KeywordMessage="The pool says bye.")
        text("STOP")
        assert [reply["body"] for reply in world.texts()] == ["The pool says bye."]
        assert opted_out(sms, opt_out_list) == {PERSON: True}

    def test_who_is_no_number_cannot_be_opted_out(self, world: Any, sms: Any, opt_out_list: str, text: Any) -> None:
        """An alphanumeric sender's STOP is neither listed nor answered."""
        assert text("STOP", from_number="BRAND") is None
        assert opted_out(sms, opt_out_list) == {}
        assert world.texts() == []


class TestWhereOptOutsAreSelfManaged:
    """SelfManagedOptOutsEnabled is on."""

    @pytest.fixture(autouse=True)
    def _self_managed(self, sms: Any, phone_id: str) -> None:
        sms.update_phone_number(PhoneNumberId=phone_id, SelfManagedOptOutsEnabled=True)

    @pytest.mark.parametrize("body", ["STOP", "HELP", "END", "Where is my parcel?"])
    def test_every_text_is_published_and_none_is_acted_on(
        self, world: Any, sms: Any, opt_out_list: str, text: Any, published: Any, body: str
    ) -> None:
        """No list, no reply: both are the subscriber's business."""
        inbound_id = text(body)
        ((envelope, payload),) = published()
        assert payload["inboundMessageId"] == inbound_id
        assert (payload["originationNumber"], payload["destinationNumber"]) == (PERSON, NUMBER)
        assert payload["messageBody"] == body
        assert "timestamp" not in {name.lower() for name in payload}
        assert envelope["Timestamp"].endswith("Z")
        assert opted_out(sms, opt_out_list) == {}
        assert world.texts() == []

    @pytest.mark.parametrize(("body", "keyword"), [("stop it", "STOP"), ("YES", "KEYWORD_123456789012")])
    def test_the_payload_names_the_keyword(self, text: Any, published: Any, body: str, keyword: str) -> None:
        """A registered one, or what AWS puts there for any other text."""
        text(body)
        ((_, payload),) = published()
        assert payload["messageKeyword"] == keyword

    def test_the_payload_names_the_text_before_it(self, sms: Any, text: Any, published: Any) -> None:
        """previousPublishedMessageId is the latest text that the number sent to the person, if it sent any."""
        text("First")
        sent = [
            sms.send_text_message(DestinationPhoneNumber=PERSON, OriginationIdentity=NUMBER, MessageBody="Hello.")
            for _ in range(2)
        ]
        text("Second")
        payloads = sorted((payload for _, payload in published()), key=lambda one: str(one["messageBody"]))
        assert "previousPublishedMessageId" not in payloads[0]
        assert payloads[1]["previousPublishedMessageId"] == sent[1]["MessageId"]

    @pytest.mark.parametrize("sender", ["BRAND", "12345"])
    def test_a_sender_is_published_as_it_is(self, text: Any, published: Any, sender: str) -> None:
        """Short codes and alphanumeric senders too."""
        text("Hello", from_number=sender)
        ((_, payload),) = published()
        assert payload["originationNumber"] == sender

    def test_a_very_long_text_is_published_whole(self, text: Any, published: Any) -> None:
        """100,000 characters are the network's business, not the service's."""
        text("x" * 100_000)
        ((_, payload),) = published()
        assert len(payload["messageBody"]) == 100_000


def test_without_two_way_messaging_a_text_is_lost(world: Any, sms: Any, originator: dict[str, str]) -> None:
    """Keywords are still acted on; anything else goes nowhere."""
    given = {"from": PERSON, "to": NUMBER}
    assert world.control("POST", "inbound", **given, body="Hello")["inbound_message_id"] is None
    world.control("POST", "inbound", **given, body="HELP")
    assert len(world.texts()) == 1


def test_a_channel_counts_only_while_two_way_messaging_is_on(
    sms: Any, phone_id: str, text: Any, published: Any
) -> None:
    """Switched off, the channel stays set, and nothing is published to it."""
    sms.update_phone_number(PhoneNumberId=phone_id, TwoWayEnabled=False)
    assert text("Hello") is None
    assert published() == []


def test_a_number_of_nobodys_receives_nothing(world: Any) -> None:
    """404, and the same in Python: ResourceNotFoundError."""
    given = {"from": PERSON, "to": "+12125550199", "body": "STOP"}
    assert world.control_answer("POST", "inbound", **given).status_code == 404


@pytest.mark.parametrize(
    "channel", ["sns:us-east-1:123456789012:gone", "sns:us-east-1:123456789012:a.fifo", "sqs:us-east-1:123456789012:q"]
)
def test_a_channel_that_is_no_topic_tells_the_test(world: Any, channel: str) -> None:
    """Where AWS would lose the text without a word."""
    world.control("POST", "phone-numbers", phone_number=NUMBER, two_way_channel_arn=f"arn:aws:{channel}")
    answer = world.control_answer("POST", "inbound", **{"from": PERSON, "to": NUMBER, "body": "Hello"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "TWO_WAY_TOPIC_NOT_PRESENT")


def test_a_text_to_amazon_connect_reaches_no_topic(world: Any) -> None:
    """What happens there is not emulated."""
    arn = "arn:aws:connect:us-east-1:123456789012:instance/11111111-2222-3333-4444-555555555555"
    world.control("POST", "phone-numbers", phone_number=NUMBER, two_way_channel_arn=arn)
    assert world.control_answer("POST", "inbound", **{"from": PERSON, "to": NUMBER, "body": "Hello"}).status_code == 200


def test_a_topic_of_another_region_is_published_to(world: Any) -> None:
    """The channel's ARN says where."""
    sns, sqs = world.client("sns", "eu-west-1"), world.client("sqs", "eu-west-1")
    arn = sns.create_topic(Name="far")["TopicArn"]
    queue = sqs.create_queue(QueueName="far")["QueueUrl"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:far")
    world.control("POST", "phone-numbers", phone_number=NUMBER, two_way_channel_arn=arn)
    world.control("POST", "inbound", **{"from": PERSON, "to": NUMBER, "body": "Hello"})
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
