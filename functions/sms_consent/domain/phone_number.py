"""Which numbers are taken for a person's, and how a number looks where others may read it."""

from __future__ import annotations

import hashlib
import re

__all__ = ["canonical", "mask", "mask_id"]

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


_RANDOM_ID = re.compile(r"(?:[a-z]+-)?(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_DIGIT = re.compile(r"[0-9]", re.ASCII)
SHORTEST_NUMBER = 7
"""Digits of the shortest phone numbers, country code included."""


def mask_id(message_id: str) -> str:
    """Return the form in which an id appears in logs: the id itself, or ``sha256-…`` if a phone number may be part of it.

    RCS ids begin with the sender's number (``12679164820-2026-06-17T17:36:29.937+0000``). UUIDs and our own digests are
    unchanged. Search logs for ``sha256-`` and the first 32 characters of ``printf %s ID | sha256sum``.
    """
    if _RANDOM_ID.fullmatch(message_id) or len(_DIGIT.findall(message_id)) < SHORTEST_NUMBER:
        return message_id
    return "sha256-" + hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
