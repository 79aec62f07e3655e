"""The erasure policy: what is kept of a consent when a person's history is erased. Pure.

An opt-out must be honoured after its history is erased: if the number were forgotten, texts would be sent to it again. Both
the GDPR (Art. 17(3)(b) and 21(3)) and the FCC (47 CFR 64.1200(a)(10)) require that, so the suppression itself is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.reply import ReplyState

__all__ = ["Stays", "Why", "what_stays"]

MARGIN = timedelta(days=1)
"""Longer than clocks differ."""


class Why(StrEnum):
    """The reason why a consent is kept."""

    SUPPRESSION = "SUPPRESSION"  # opted out: for good
    HOLD = "HOLD"  # opted in, but a later deletion must still wait for the 30 days
    WORK = "WORK"  # something is still to be done on the list


@dataclass(frozen=True, slots=True)
class Stays:
    """A consent without its history, which is kept until ``until``; None: without a time limit."""

    consent: Consent
    why: Why
    until: datetime | None


def what_stays(consent: Consent, now: datetime) -> Stays | None:
    """Return the part of a consent that must be kept, or None.

    Nothing must be kept of a person who is opted in, if the list matches and the 30 days after the last deletion are over.
    The copy of a decision is never kept, and a reply only while it is not finished.
    """
    answer = consent.answer
    pending = answer is not None and answer.state in {ReplyState.DUE, ReplyState.CLAIMED}
    bare = replace(
        consent,
        outbox=None,
        answer=answer if pending else None,
        refusal=None,
        recent_replies=(),
        revision=consent.revision + 1,
    )
    if consent.status is not Status.OPTED_IN:
        return Stays(bare, Why.SUPPRESSION, None)
    if not consent.settled or consent.due is not None or consent.leased_at(now):
        return Stays(bare, Why.WORK, None)
    possible = consent.opt_in_possible_at()
    if possible is not None and possible > now:
        return Stays(replace(bare, chain=None), Why.HOLD, possible + MARGIN)
    return None
