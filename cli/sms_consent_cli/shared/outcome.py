"""Decides what an agent can tell the person on the phone once a request is recorded."""

from __future__ import annotations

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked
from sms_consent.recording.channel_requests import RequestOutcome, Result
from sms_consent_cli.shared.terminal_text import visible

__all__ = ["told"]


def told(number: str, asked: Asked, result: Result, left: list[str]) -> str:
    """One to three sentences; ``left`` are the lists that have not followed yet."""
    consent = result.consent
    if result.became is RequestOutcome.REJECTED:
        return f"{number}: the ledger refused it, so it is not recorded: {result.error}"
    if result.became is RequestOutcome.FAILED or consent is None:
        return f"{number}: the ledger did not answer, so it may not be recorded. Run this again."
    if result.became is RequestOutcome.SUPERSEDED:
        stands = "opted in" if consent.status is Status.OPTED_IN else "opted out"
        return f"{number}: recorded, but a newer request stands: {stands} on {visible(consent.list_name)}."
    if asked is Asked.OPT_OUT:
        return f"{number} is opted out on {visible(consent.list_name)}{_followed(consent, left)}"
    if consent.status is Status.OPT_IN_PENDING and consent.held_until is not None:
        date = f"{consent.held_until.day} {consent.held_until:%B %Y}"
        why = (
            f"AWS refuses to release the number for now; it is asked again on {date}."
            if consent.refusal is not None
            else f"a number can leave a list once in 30 days, so it is released on {date}."
        )
        return f"{number}: the opt-in is recorded for {visible(consent.list_name)}, and waits: {why}"
    return f"{number} is opted in on {visible(consent.list_name)}{_followed(consent, left)}"


def _followed(consent: Consent, left: list[str]) -> str:
    if not left and consent.settled:
        return ", and AWS's list matches."
    if not left:
        return '. AWS rejects the number on its list: "sms-consent rejected list" says why. What is recorded counts meanwhile.'
    return (
        f". Recorded and due: {', '.join(map(visible, left))} has not followed yet, and SweepFunction goes on trying. "
        "What is recorded counts meanwhile."
    )
