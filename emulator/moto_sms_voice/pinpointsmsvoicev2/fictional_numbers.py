"""The phone numbers that RequestPhoneNumber assigns: only numbers reserved for fiction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .exceptions import ValidationError
from .utils import e164

# +1 NPA 555-0100 to 555-0199 is reserved for fiction (ATIS-0300115); the area codes are each country's own.
_NANP_AREAS = {
    "US": ("206", "212", "303", "312", "415", "425", "503", "617", "702", "808"),
    "CA": ("204", "416", "514", "604", "902"),
    "PR": ("787", "939"),
}
_TOLL_FREE_AREAS = ("800", "833", "844", "855", "866", "877", "888")
# The other regulators' ranges for drama: Ofcom, ACMA, Arcep. Prefix, then that many digits.
_OTHER_RANGES = {
    "GB": ("+447700900", 3),
    "AU": ("+6149157", 4),
    "FR": ("+3363998", 4),
}


def fictional_numbers(iso_country_code: str, number_type: str) -> Iterator[str]:
    """Yield every number of the country's range for fiction, in order.

    A country without such a range in this table raises COUNTRY_NOT_ENABLED.
    """
    if iso_country_code in _NANP_AREAS:
        areas = _TOLL_FREE_AREAS if number_type == "TOLL_FREE" else _NANP_AREAS[iso_country_code]
        return (f"+1{area}55501{line:02}" for area in areas for line in range(100))
    if iso_country_code in _OTHER_RANGES and number_type != "TOLL_FREE":
        prefix, digits = _OTHER_RANGES[iso_country_code]
        return (f"{prefix}{line:0{digits}}" for line in range(10**digits))
    raise ValidationError(
        "COUNTRY_NOT_ENABLED", ("IsoCountryCode", "No numbers reserved for fiction are known for it.")
    )


def preferred(number: str, preferences: list[dict[str, Any]] | None) -> bool:
    """Return whether NumberPreference allows the number. A filter may omit the plus sign."""
    tests = {
        "StartsWith": lambda value: number.startswith(e164(value)),
        "EndsWith": lambda value: number.endswith(value),
        "Contains": lambda value: value in number,
        "ExactMatch": lambda value: number == e164(value),
    }
    return all(
        any(tests[kind](value) for value in one["Filter"])
        for one in preferences or ()
        for kind in one["PreferenceType"]
    )
