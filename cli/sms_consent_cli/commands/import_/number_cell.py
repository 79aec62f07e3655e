"""Parsing of a cell with a phone number, in the forms that spreadsheets and databases leave. No message repeats the cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from sms_consent.domain.phone_number import PhoneNumber
from sms_consent_cli.commands.import_.heading import heading_key
from sms_consent_cli.shared.number_input import InvalidNumber, is_country, length_problem, parse_number

__all__ = ["NumberForm", "is_written_number", "looks_like_number"]

_SCIENTIFIC = re.compile(r"\+?(?P<whole>[0-9])(?:[.,](?P<decimals>[0-9]+))?E\+?(?P<exponent>[0-9]{1,2})", re.IGNORECASE)
_TEXT_FORMULA = re.compile(r'="(?P<text>[^"]*)"')
"""How exports keep a spreadsheet from rounding a number: ``="+14255550182"``."""
_DIGITS = re.compile(r"(?:00)?[1-9][0-9]{6,14}")
_CALLING_CODE = re.compile(r"\+?(?P<code>[1-9][0-9]{0,2})")


@dataclass(frozen=True, slots=True)
class NumberForm:
    """The form of the numbers in a file: the country of national ones, and whether the plus is missing."""

    region: str | None = None
    with_country_code: bool = False

    def read(self, cell: str, country: str | None = None) -> str:
        """Return a number in E.164 form. Raises ValueError with the reason.

        A number with its country code is accepted even if its length is impossible for the country (``length_problem`` is a
        warning then): numbering plans change, and its opt-out would be lost. A national number of impossible length is
        refused: digits are missing, since the country code is added here.
        """
        text = _plain(cell)
        if not text:
            raise ValueError("it has no number")
        if (scientific := _SCIENTIFIC.fullmatch(text)) is not None:
            if len(scientific["decimals"] or "") < int(scientific["exponent"]):
                raise ValueError("a spreadsheet has rounded its number, and its last digits are lost")
            text = ("+" if text.startswith("+") else "") + f"{Decimal(text.lstrip('+').replace(',', '.')):.0f}"
        if self.with_country_code and _DIGITS.fullmatch(bare := re.sub(r"[\s().\-/]", "", text)):
            text = "+" + bare.removeprefix("00")
        region = None if text.startswith("+") else _region(country, self.region)
        try:
            number = parse_number(text, region)
        except InvalidNumber as error:
            raise ValueError(_explained(str(error), text)) from None
        if not number.is_e164:
            raise ValueError("a number has seven to fifteen digits with its country code, as +14255550182")
        if not text.startswith("+") and (problem := length_problem(number)) is not None:
            raise ValueError(f"{problem}: check how it was exported")
        return number.e164


def looks_like_number(cell: str, form: NumberForm) -> bool:
    """Return whether a first cell holds a number, which means that the file has no headings."""
    try:
        number = form.read(cell)
    except ValueError:
        return False
    return length_problem(PhoneNumber(number)) is None


_WRITTEN_NUMBER = re.compile(
    r"(?![0-9]{4}-[0-9]{2}-[0-9]{2})'?\(?[0-9][0-9 ().-]{5,}[0-9](\.0)?|[0-9]+([.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE
)


def is_written_number(cell: str) -> bool:
    """Return whether a cell may be a number without country code. If it were read as a heading, its opt-out would be lost."""
    return _WRITTEN_NUMBER.fullmatch(cell.strip()) is not None


def _plain(cell: str) -> str:
    text = "".join(each for each in unicodedata.normalize("NFKC", cell) if unicodedata.category(each) != "Cf").strip()
    formula = _TEXT_FORMULA.fullmatch(text)
    text = formula["text"].strip() if formula is not None else text
    return text.removeprefix("'").removesuffix(".0")


def _explained(problem: str, text: str) -> str:
    explained = problem.replace("--country, as US", "country with --region, as US")
    if "--region" in explained and _DIGITS.fullmatch(re.sub(r"[\s().\-/]", "", text)):
        explained += ". If the numbers begin with their country code and only lack the plus: --with-country-code"
    return explained


def _region(country: str | None, default: str | None) -> str | None:
    if country is None or not country.strip():
        return default
    if (region := _region_of(country.strip())) is None:
        raise ValueError("its country is not known: give it by two letters, as US, or leave it empty and give --region")
    return region


@lru_cache(maxsize=1024)
def _region_of(country: str) -> str | None:
    """Return the two letters of a country from its code, its calling code, or its name in any language; None if it is
    unknown."""
    import phonenumbers

    if (calling := _CALLING_CODE.fullmatch(country)) is not None:
        region = phonenumbers.region_code_for_country_code(int(calling["code"]))
        return region if is_country(region) else None
    if len(country) == 2 and is_country(country):
        return country.upper()
    return _COUNTRY_CODES.get(country.upper()) or _names().get(heading_key(country))


_COUNTRY_CODES: Mapping[str, str] = {
    "UK": "GB", "USA": "US", "GBR": "GB", "CAN": "CA", "AUS": "AU", "NZL": "NZ", "IRL": "IE", "DEU": "DE", "AUT": "AT",
    "CHE": "CH", "FRA": "FR", "ESP": "ES", "ITA": "IT", "PRT": "PT", "NLD": "NL", "BEL": "BE", "LUX": "LU", "DNK": "DK",
    "SWE": "SE", "NOR": "NO", "FIN": "FI", "POL": "PL", "CZE": "CZ", "HUN": "HU", "TUR": "TR", "BRA": "BR", "MEX": "MX",
    "ARG": "AR", "CHL": "CL", "COL": "CO", "PER": "PE", "ZAF": "ZA", "IND": "IN", "JPN": "JP", "KOR": "KR", "CHN": "CN",
    "SGP": "SG", "HKG": "HK", "ISR": "IL", "ARE": "AE", "SAU": "SA", "UKR": "UA", "PRI": "PR", "PHL": "PH", "IDN": "ID",
}  # fmt: skip
"""Codes of three letters (ISO 3166-1), and the two that people write instead of theirs."""


@cache
def _names() -> Mapping[str, str]:
    """Return the codes of countries by their names, in the languages of the phonenumbers library."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names: dict[str, str] = {"united_states_of_america": "US", "great_britain": "GB", "england": "GB", "holland": "NL"}
    for region, by_language in LOCALE_DATA.items():
        for name in by_language.values():
            if not name.startswith("*"):  # a reference to the name in another language
                names.setdefault(heading_key(name), region)
    return names
