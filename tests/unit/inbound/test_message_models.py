"""The models of what SNS and AWS End User Messaging publish."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sms_consent.domain.errors import Unreadable
from sms_consent.inbound.message import Notification, Payload

TEXT = {"originationNumber": "+14255550182", "destinationNumber": "+12125550101", "messageBody": "STOP"}


@pytest.mark.parametrize("sender", ["+14255550182", "14255550182", " 72345 ", "ACME", "+999", "\ud83d"])
def test_a_sender_of_any_form_is_accepted(sender: str) -> None:
    """What is no phone number is put aside later, where a person sees it."""
    assert Payload.read(TEXT | {"originationNumber": sender}).sender == sender.strip()


def test_half_a_character_and_unknown_members_are_accepted() -> None:
    """Phones cut texts between the halves of an emoji; AWS adds members without notice."""
    read = Payload.read(TEXT | {"messageBody": "STOP \ud83d", "newMember": {"nested": []}, "inboundMessageId": 7})
    assert (read.body, read.message_id) == ("STOP \ud83d", 7)


@pytest.mark.parametrize("member", sorted(TEXT))
@pytest.mark.parametrize("value", [None, 14255550182, ["STOP"]])
def test_the_reason_names_the_member_and_quotes_nothing(member: str, value: Any) -> None:
    """It is logged, and kept beside the dead letter."""
    with pytest.raises(Unreadable) as refused:
        Payload.read(TEXT | {member: value})
    assert refused.value.reason == Payload.reasons[member]
    assert refused.value.__cause__ is refused.value.__context__ is None


@pytest.mark.parametrize("model", [Notification, Payload])
def test_errors_of_validation_hide_the_input(model: type[Notification | Payload]) -> None:
    """A traceback may be logged."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate({"originationNumber": 14255550182, "Message": 14255550182})
    assert "4255550182" not in str(refused.value)
