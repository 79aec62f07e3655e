"""Phone numbers of people, ids of RCS agents, and the form in which numbers and message ids appear in logs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

__all__ = ["E164_PATTERN", "SERVICE_PATTERN", "PhoneNumber", "canonical", "is_agent", "mask", "mask_id"]

SERVICE_PATTERN = r"\+[1-9][0-9]{1,18}"
"""The numbers that the opt-out list API accepts, with the plus that it lets callers omit."""
E164_PATTERN = r"\+[1-9][0-9]{6,14}"
"""E.164: at most fifteen digits. The shortest international numbers have seven."""

_SERVICE = re.compile(SERVICE_PATTERN, re.ASCII)
_E164 = re.compile(E164_PATTERN, re.ASCII)
_WITHOUT_PLUS = re.compile(r"[1-9][0-9]{7,18}", re.ASCII)
"""A sender without a plus is a number with its country code from eight digits on. Shorter ones are short codes."""


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A phone number with its plus and country code. ``repr`` masks it, so that no traceback or log shows it.

    Only the API's own pattern decides what is a number: carriers open ranges before libraries know them. National formats,
    lengths and countries need the metadata of phonenumbers (23 MB), which only the command uses; see
    ``sms_consent_cli.shared.number_input``.
    """

    e164: str

    @classmethod
    def parse(cls, text: str) -> PhoneNumber | None:
        """Return the number in a text that begins with a plus; None if the AWS API would refuse it."""
        return cls(text) if _SERVICE.fullmatch(text) else None

    @classmethod
    def of_sender(cls, sender: str) -> PhoneNumber | None:
        """Return the number of an inbound text's sender; None for a short code or an alphanumeric sender."""
        sender = sender.strip()
        if _WITHOUT_PLUS.fullmatch(sender):
            return cls("+" + sender)
        return cls.parse(sender)

    @property
    def is_e164(self) -> bool:
        """Whether the number has a length that E.164 allows. Requests by agents and programs must have one; senders of
        texts need not."""
        return _E164.fullmatch(self.e164) is not None

    @property
    def masked(self) -> str:
        """The number as logs show it: ``+1425•••0182``."""
        return mask(self.e164)

    def __str__(self) -> str:
        """Return the E.164 form."""
        return self.e164

    def __repr__(self) -> str:
        """Return the masked number."""
        return f"PhoneNumber({self.masked})"


def canonical(number: str) -> str | None:
    """Return a sender's number in E.164 form, or None if it is not a phone number."""
    found = PhoneNumber.of_sender(number)
    return found.e164 if found is not None else None


def is_agent(identity: str) -> bool:
    """Return whether an origination identity is an RCS agent, by its id (``rcs-…``) or ARN."""
    return identity.rpartition("/")[2].lower().startswith("rcs-")


def mask(number: str) -> str:
    """Return a number or sender for logs: enough digits to recognise it, too few to call it."""
    if len(number) < 9:
        return "•••"
    return f"{number[:5]}•••{number[-4:]}"


_RANDOM_ID = re.compile(r"(?:[a-z]+-)?(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_DIGIT = re.compile(r"[0-9]", re.ASCII)
SHORTEST_NUMBER = 7
"""Digits of the shortest phone numbers, country code included."""


def mask_id(message_id: str) -> str:
    """Return an id for logs: unchanged, or as ``sha256-…`` if it may contain a phone number.

    RCS ids begin with the sender's number (``12679164820-2026-06-17T17:36:29.937+0000``). UUIDs and our own digests are
    unchanged. Search logs for ``sha256-`` and the first 32 characters of ``printf %s ID | sha256sum``.
    """
    if _RANDOM_ID.fullmatch(message_id) or len(_DIGIT.findall(message_id)) < SHORTEST_NUMBER:
        return message_id
    return "sha256-" + hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
