"""The result of one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sms_consent.domain.consent import Consent, Listing
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.reply import Reply
from sms_consent_cli.local.event_files import Record

if TYPE_CHECKING:
    from moto_sms_voice.pinpointsmsvoicev2.models import SentText

__all__ = ["EventResult"]


@dataclass(frozen=True, kw_only=True)
class EventResult:
    """The result of one record. Without decision and problem, the text requested nothing."""

    record: Record
    problem: str | None = None  # why it could not be processed
    decision: Decision | None = None
    outcome: Outcome | None = None
    consent: Consent | None = None
    listing: Listing | None = None
    reply: SentText | None = None
    answer: Reply | None = None
