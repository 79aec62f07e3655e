"""Which number a person means who types one."""

from __future__ import annotations

import pytest

from sms_consent_cli.shared.entered_number import NotANumber, entered


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
    assert entered(written, country) == number


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
    with pytest.raises(NotANumber, match=complaint):
        entered(written, country)
