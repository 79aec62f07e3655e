"""PhoneNumber: what the API's own pattern accepts, and what logs show of it."""

from __future__ import annotations

import pytest

from sms_consent.domain.phone_number import PhoneNumber, canonical, mask


@pytest.mark.parametrize("sender", ["+14255550182", "14255550182", " 14255550182 ", "+12", "+9991234567890123456"])
def test_a_sender_that_the_api_accepts_is_a_number(sender: str) -> None:
    """Whatever a library knows of its range or length."""
    number = PhoneNumber.of_sender(sender)
    assert number is not None
    assert number.e164 == canonical(sender) == "+" + sender.strip().removeprefix("+")


@pytest.mark.parametrize("sender", ["12345", "ACME", "rcs-abc", "+", "+0123", "+1٤255550182", "", "+" + "1" * 20])
def test_short_codes_and_names_are_not_numbers(sender: str) -> None:
    """Machines use them, and nobody can be opted out by them."""
    assert PhoneNumber.of_sender(sender) is None
    assert canonical(sender) is None


@pytest.mark.parametrize(("number", "is_e164"), [("+14255550182", True), ("+12", False), ("+1234567890123456", False)])
def test_requests_must_name_numbers_of_seven_to_fifteen_digits(number: str, is_e164: bool) -> None:
    """E.164 allows no more, and the shortest international numbers have seven."""
    parsed = PhoneNumber.parse(number)
    assert parsed is not None
    assert parsed.is_e164 is is_e164


def test_a_number_is_masked_wherever_it_is_represented() -> None:
    """A traceback or log shows ``repr``."""
    number = PhoneNumber("+14255550182")
    assert number.masked == mask("+14255550182") == "+1425•••0182"
    assert "5550" not in repr(number)
    assert str(number) == "+14255550182"
