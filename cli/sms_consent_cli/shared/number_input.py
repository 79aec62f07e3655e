"""Phone numbers as people write them: national formats, countries and possible lengths, by the metadata of phonenumbers."""

from __future__ import annotations

import re
import unicodedata

from sms_consent.domain.phone_number import PhoneNumber

__all__ = ["InvalidNumber", "is_country", "length_problem", "parse_number"]

_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015\u00b7]")


class InvalidNumber(ValueError):
    """A text is not a phone number. The message explains the expected form and never repeats the text."""


def parse_number(text: str, country: str | None) -> PhoneNumber:
    """Return the number that a person typed. Raises InvalidNumber.

    A number with a plus is accepted even if phonenumbers does not know its range. A number without one is read in the
    national format of ``country`` (two letters, any case). Without a country it is rejected: a guess could show the data of
    another person.
    """
    written = unicodedata.normalize("NFKC", text).strip().removeprefix("tel:")
    bare = _SEPARATORS.sub("", written.replace("(0)", ""))
    if bare.startswith("+"):
        number = PhoneNumber.parse(bare)
        if number is None:
            raise InvalidNumber("a number has its country code and digits, as +14255550182")
        return number
    if country is None:
        raise InvalidNumber("write the number with its country code, as +14255550182, or name its --country, as US")
    return _parse_national(written, country)


def is_country(code: str) -> bool:
    """Return whether a code of two letters, in any case, is a country or region that has phone numbers."""
    import phonenumbers

    return code.upper() in phonenumbers.SUPPORTED_REGIONS


def length_problem(number: PhoneNumber) -> str | None:
    """Return a warning if a number's length is impossible in its country, or None. It is no error, as numbering plans change."""
    import phonenumbers
    from phonenumbers import ValidationResult

    try:
        result = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number.e164))
    except phonenumbers.NumberParseException:
        result = ValidationResult.INVALID_COUNTRY_CODE
    return {
        ValidationResult.TOO_SHORT: "it has too few digits for its country",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "it has no area code",
        ValidationResult.TOO_LONG: "it has too many digits for its country",
        ValidationResult.INVALID_LENGTH: "its country has no numbers of its length",
        ValidationResult.INVALID_COUNTRY_CODE: "no country has its code",
    }.get(result)


def _parse_national(written: str, country: str) -> PhoneNumber:
    import phonenumbers

    if not is_country(country):
        raise InvalidNumber("--country takes two letters, as US")
    try:
        parsed = phonenumbers.parse(written, country.upper())
    except phonenumbers.NumberParseException:
        raise InvalidNumber("write the number with its country code, as +14255550182") from None
    return PhoneNumber(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
