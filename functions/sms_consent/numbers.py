"""Which numbers are taken for a person's, and how a number looks where others may read it."""

from __future__ import annotations

import re

__all__ = ["canonical", "mask"]

# The API's own pattern is \+?[1-9][0-9]{1,18}; E.164 has at most fifteen digits, but carriers open ranges faster than
# libraries learn them, so only what the API itself would refuse is refused here. A sender without a plus is taken for
# a national destination code with country only from eight digits on: shorter ones are short codes, which machines use.
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{1,18}")
_WITHOUT_PLUS = re.compile(r"[1-9][0-9]{7,18}")


def canonical(number: str) -> str | None:
    """The number in E.164 form with its plus, or None for a short code, an alphanumeric sender, or no number at all."""
    number = number.strip()
    if not number.isascii():
        return None
    if _INTERNATIONAL.fullmatch(number):
        return number
    if _WITHOUT_PLUS.fullmatch(number):
        return "+" + number
    return None


def mask(number: str) -> str:
    """The number as logs show it: ``+1425•••0182``, enough to find a case with its owner, too little to call."""
    if len(number) < 9:
        return "•••"
    return f"{number[:5]}•••{number[-4:]}"
