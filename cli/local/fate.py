"""Decides what there is to say about what became of one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.local.event_files import Record
from sms_consent.answer import Answer
from sms_consent.consent import Consent, Listing
from sms_consent.decision import Decision, Outcome

if TYPE_CHECKING:
    from emulator.pinpointsmsvoicev2.messages import SentText

__all__ = ["Fate"]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of one record. Without a decision and without a problem, the text asked for nothing."""

    record: Record
    problem: str | None = None  # why it could not be processed
    decision: Decision | None = None
    outcome: Outcome | None = None
    consent: Consent | None = None
    listing: Listing | None = None
    reply: SentText | None = None
    answer: Answer | None = None
