"""Verified destination numbers, and the sandbox account that may send to no others."""

from __future__ import annotations

from typing import Any

import pytest

PERSON, ANOTHER = "+14255550182", "+14255550183"
NUMBER = "+12125550101"


@pytest.fixture(autouse=True)
def _sandbox(world: Any) -> None:
    world.not_on_aws()
    world.control("POST", "phone-numbers", phone_number=NUMBER)
    world.control("POST", "account", tier="SANDBOX")


@pytest.fixture
def verified(sms: Any) -> str:
    """The id of a verified destination number that waits for its code."""
    return str(sms.create_verified_destination_number(DestinationPhoneNumber=PERSON)["VerifiedDestinationNumberId"])


def code_sent(world: Any, sms: Any, verified: str) -> str:
    sms.send_destination_number_verification_code(
        VerifiedDestinationNumberId=verified, VerificationChannel="TEXT", OriginationIdentity=NUMBER
    )
    text = world.texts()[-1]
    assert (text["to"], text["automatic"]) == (PERSON, True)
    return str(text["body"].split()[-1])


def send(sms: Any, to: str = PERSON) -> Any:
    return sms.send_text_message(DestinationPhoneNumber=to, OriginationIdentity=NUMBER, MessageBody="Hello.")


def test_a_sandbox_account_sends_to_verified_numbers_only(world: Any, sms: Any, refused: Any, verified: str) -> None:
    """DESTINATION_PHONE_NUMBER_NOT_VERIFIED until the code that was sent has been entered."""
    for to in (PERSON, ANOTHER):
        error = refused(send, sms=sms, to=to)
        assert (error["Code"], error["Reason"]) == ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED")
    code = code_sent(world, sms, verified)
    done = sms.verify_destination_number(VerifiedDestinationNumberId=verified, VerificationCode=code)
    assert done["Status"] == "VERIFIED"
    send(sms)
    assert refused(send, sms=sms, to=ANOTHER)["Reason"] == "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"


def test_in_production_any_number_is_sent_to(world: Any, sms: Any) -> None:
    """Without verification."""
    world.control("POST", "account", tier="PRODUCTION")
    send(sms)


def test_another_code_is_refused(world: Any, sms: Any, refused: Any, verified: str) -> None:
    """Before one was sent, and if it is not the one that was sent last."""
    number = {"VerifiedDestinationNumberId": verified}
    assert (
        refused(sms.verify_destination_number, VerificationCode="x", **number)["Reason"] == "VERIFICATION_CODE_MISMATCH"
    )
    code_sent(world, sms, verified)
    assert (
        refused(sms.verify_destination_number, VerificationCode="x", **number)["Reason"] == "VERIFICATION_CODE_MISMATCH"
    )


def test_a_code_expires(world: Any, sms: Any, refused: Any, verified: str) -> None:
    """VERIFICATION_CODE_EXPIRED; after how long is not documented."""
    code = code_sent(world, sms, verified)
    world.pass_days(2)
    error = refused(sms.verify_destination_number, VerifiedDestinationNumberId=verified, VerificationCode=code)
    assert error["Reason"] == "VERIFICATION_CODE_EXPIRED"


def test_verification_is_done_once(world: Any, sms: Any, refused: Any, verified: str) -> None:
    """VERIFICATION_ALREADY_COMPLETE, for a code and for its sending."""
    number = {"VerifiedDestinationNumberId": verified}
    code = code_sent(world, sms, verified)
    sms.verify_destination_number(VerificationCode=code, **number)
    for operation, more in (
        (sms.verify_destination_number, {"VerificationCode": code}),
        (sms.send_destination_number_verification_code, {"VerificationChannel": "TEXT"}),
    ):
        assert refused(operation, **number, **more)["Reason"] == "VERIFICATION_ALREADY_COMPLETE"


def test_numbers_are_described_and_deleted(sms: Any, refused: Any, verified: str) -> None:
    """By id, by number, by status; a number is registered once."""
    described = sms.describe_verified_destination_numbers
    for query in (
        {},
        {"VerifiedDestinationNumberIds": [verified]},
        {"DestinationPhoneNumbers": [PERSON]},
        {"Filters": [{"Name": "status", "Values": ["PENDING"]}]},
    ):
        (found,) = described(**query)["VerifiedDestinationNumbers"]
        assert (found["VerifiedDestinationNumberId"], found["Status"]) == (verified, "PENDING")
    assert described(DestinationPhoneNumbers=[ANOTHER])["VerifiedDestinationNumbers"] == []
    again = refused(sms.create_verified_destination_number, DestinationPhoneNumber=PERSON)
    assert again["Reason"] == "RESOURCE_ALREADY_EXISTS"
    sms.delete_verified_destination_number(VerifiedDestinationNumberId=verified)
    error = refused(described, VerifiedDestinationNumberIds=[verified])
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "verified-destination-number")
