"""Phone numbers as people type them."""

from __future__ import annotations

import pytest

from sms_consent.domain.phone_number import PhoneNumber
from sms_consent_cli.shared.number_input import InvalidNumber, length_problem, parse_number


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+14255550182", None, "+14255550182"),
        ("+1 425-555-0182", "DE", "+14255550182"),
        ("+44 (0)7700 900123", None, "+447700900123"),
        ("+12", None, "+12"),
        ("+999 1234567", None, "+9991234567"),
        ("425 555 0182", "US", "+14255550182"),
        ("1 (425) 555-0182", "us", "+14255550182"),
        ("07700 900123", "GB", "+447700900123"),
        ("011 44 7700 900123", "US", "+447700900123"),
    ],
)
def test_a_number_is_read_as_it_is_written(written: str, country: str | None, number: str) -> None:
    """A number range that no library knows yet is a number too: only the API's own pattern counts."""
    assert parse_number(written, country).e164 == number


@pytest.mark.parametrize(
    ("written", "country", "complaint"),
    [
        ("14255550182", None, "with its country code"),
        ("0014255550182", None, "with its country code"),
        ("", None, "with its country code"),
        ("+", None, "country code and digits"),
        ("+1", None, "country code and digits"),
        ("+1 425 CALL", None, "country code and digits"),
        ("+" + "1" * 20, None, "country code and digits"),
        ("425 555 0182", "XX", "two letters"),
        ("425 555 0182", "United States", "two letters"),
        ("STOP", "US", "with its country code"),
    ],
)
def test_what_is_no_number_is_refused(written: str, country: str | None, complaint: str) -> None:
    """Rather than answered with what is known of another one."""
    with pytest.raises(InvalidNumber, match=complaint):
        parse_number(written, country)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("+14255550182", None),
        ("+142555501", "it has too few digits for its country"),
        ("+14255550182345", "it has too many digits for its country"),
        ("+9991234567", "no country has its code"),
    ],
)
def test_a_length_that_is_not_possible_is_reported(number: str, problem: str | None) -> None:
    """As a warning: numbering plans change before libraries do."""
    assert length_problem(PhoneNumber(number)) == problem
