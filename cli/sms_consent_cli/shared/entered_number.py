"""Decides which phone number a person means who types one."""

from __future__ import annotations

import re
import unicodedata

from sms_consent.domain.phone_number import canonical

__all__ = ["NotANumber", "entered"]

_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015\u00b7]")


class NotANumber(ValueError):
    """The message says how a number is written; it never repeats what was typed."""


def entered(text: str, country: str | None) -> str:
    """The number in E.164 form. Without a country code of its own, it is read as one of ``country``.

    phonenumbers reads what is written in a country's own way; it has no say on which numbers exist. A number without plus
    and country is refused rather than guessed at: "nothing is known of it" would be the wrong answer to a typing error.
    """
    written = unicodedata.normalize("NFKC", text).strip().removeprefix("tel:")
    bare = _SEPARATORS.sub("", written.replace("(0)", ""))
    if bare.startswith("+"):
        number = canonical(bare)
        if number is None:
            raise NotANumber("a number has its country code and digits, as +14255550182")
        return number
    if country is None:
        raise NotANumber("write the number with its country code, as +14255550182, or name its --country, as US")
    return _national(written, country.upper())


def _national(written: str, country: str) -> str:
    import phonenumbers

    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise NotANumber("--country takes two letters, as US")
    try:
        parsed = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        raise NotANumber("write the number with its country code, as +14255550182") from None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
