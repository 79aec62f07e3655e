"""SendTextMessage: who may be sent to, whose list counts, and what can be read back."""

from __future__ import annotations

from typing import Any

import pytest

PERSON, ANOTHER = "+14255550182", "+14255550183"
NUMBER = "+12125550101"


@pytest.fixture
def send(sms: Any, originator: dict[str, str]) -> Any:
    """Send a text from the account's number to the person by default."""

    def sent(**changed: Any) -> Any:
        given = {"DestinationPhoneNumber": PERSON, "OriginationIdentity": NUMBER, "MessageBody": "Hello.", **changed}
        return sms.send_text_message(**given)

    return sent


def test_a_sent_text_can_be_read_back(world: Any, send: Any) -> None:
    """To whom, from where, what, as what, when, and with which context."""
    answer = send(MessageType="PROMOTIONAL", Context={"campaign": "spring"})
    (text,) = world.texts()
    assert text["message_id"] == answer["MessageId"]
    assert (text["to"], text["from"], text["body"]) == (PERSON, NUMBER, "Hello.")
    assert (text["message_type"], text["context"]) == ("PROMOTIONAL", {"campaign": "spring"})
    assert text["at"].endswith("Z")
    assert text["automatic"] is False


def test_a_listed_number_gets_no_text(world: Any, sms: Any, opt_out_list: str, send: Any, refused: Any) -> None:
    """DESTINATION_PHONE_NUMBER_OPTED_OUT, and nothing is sent."""
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    error = refused(send)
    assert (error["Code"], error["Reason"]) == ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT")
    assert world.texts() == []


@pytest.mark.parametrize("message_type", ["TRANSACTIONAL", "PROMOTIONAL"])
def test_no_message_type_is_exempt(sms: Any, opt_out_list: str, send: Any, refused: Any, message_type: str) -> None:
    """A confirmation sent after the put is refused like any other text."""
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert refused(send, MessageType=message_type)["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"


def test_only_the_originators_list_counts(world: Any, sms: Any, send: Any) -> None:
    """A number on another list of the account is sent to."""
    sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
    send()
    assert [text["to"] for text in world.texts()] == [PERSON]


def test_a_number_off_the_list_is_sent_to_again(world: Any, sms: Any, opt_out_list: str, send: Any) -> None:
    """Deleting the number is what lets texts through."""
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    sms.delete_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    send()
    assert [text["to"] for text in world.texts()] == [PERSON]


@pytest.mark.parametrize("form", ["number", "number without plus", "id", "arn", "pool id", "pool arn"])
def test_every_form_of_an_originator_sends_and_is_held_to_its_list(
    world: Any, sms: Any, opt_out_list: str, originator: dict[str, str], send: Any, refused: Any, form: str
) -> None:
    """Phone number, its id or ARN, and a pool's id or ARN."""
    identity = {
        "number": NUMBER,
        "number without plus": NUMBER.lstrip("+"),
        "id": originator["phone_number_id"],
        "arn": originator["phone_number_arn"],
    }.get(form)
    if identity is None:
        pool = sms.create_pool(OriginationIdentity=originator["phone_number_id"], MessageType="TRANSACTIONAL")
        identity = pool["PoolId" if form == "pool id" else "PoolArn"]
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=ANOTHER)
    send(OriginationIdentity=identity)
    assert refused(send, OriginationIdentity=identity, DestinationPhoneNumber=ANOTHER)["Code"] == "ConflictException"
    assert [(text["to"], text["from"], text["origination_identity"]) for text in world.texts()] == [
        (PERSON, NUMBER, identity)
    ]


@pytest.mark.parametrize("identity", ["+12125550199", "phone-1", "pool-1", "BRAND"])
def test_an_unknown_originator_is_not_found(send: Any, refused: Any, identity: str) -> None:
    """Whatever it looks like."""
    assert refused(send, OriginationIdentity=identity)["Code"] == "ResourceNotFoundException"


def test_without_an_originator_the_service_chooses_one(world: Any, sms: Any, originator: dict[str, str]) -> None:
    """OriginationIdentity is optional."""
    sms.send_text_message(DestinationPhoneNumber=PERSON, MessageBody="Hello.")
    assert [text["from"] for text in world.texts()] == [NUMBER]


def test_an_account_without_numbers_cannot_send(world: Any, sms: Any, refused: Any) -> None:
    """NO_ORIGINATION_IDENTITIES_FOUND."""
    world.not_on_aws()
    error = refused(sms.send_text_message, DestinationPhoneNumber=PERSON, MessageBody="Hello.")
    assert (error["Code"], error["Reason"]) == ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND")


def test_a_dry_run_is_checked_but_not_sent(world: Any, sms: Any, opt_out_list: str, send: Any, refused: Any) -> None:
    """DryRun sends nothing and is refused where the text would be."""
    assert send(DryRun=True)["MessageId"]
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert refused(send, DryRun=True)["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    assert world.texts() == []


def test_a_text_has_a_body(sms: Any, originator: dict[str, str], refused: Any) -> None:
    """The model leaves MessageBody optional; a text without one cannot be sent."""
    error = refused(sms.send_text_message, DestinationPhoneNumber=PERSON, OriginationIdentity=NUMBER)
    assert (error["Code"], error["Reason"]) == ("ValidationException", "MISSING_PARAMETER")


@pytest.mark.parametrize("parameter", ["ConfigurationSetName", "ProtectConfigurationId"])
def test_what_cannot_be_created_here_is_not_found(send: Any, refused: Any, parameter: str) -> None:
    """The emulator has no protect configurations, and no configuration set that a test did not add."""
    assert refused(send, **{parameter: "some"})["Code"] == "ResourceNotFoundException"


def test_a_text_is_kept_letter_for_letter(world: Any, send: Any) -> None:
    """Emoji, other scripts, line breaks and lone surrogates' neighbours."""
    body = "Ça va? 🛑 退订\nсообщение \u200b end"
    send(MessageBody=body)
    assert [text["body"] for text in world.texts()] == [body]
