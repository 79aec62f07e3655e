"""The result of a recorded request, in sentences that an agent can read to the person on the phone."""

from __future__ import annotations

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked
from sms_consent.recording.channel_requests import RequestOutcome, Result
from sms_consent_cli.shared.terminal_text import visible

__all__ = ["told"]


def told(number: str, asked: Asked, result: Result, left: list[str]) -> str:
    """Return one to three sentences. ``left`` are the lists that have not been updated yet."""
    consent = result.consent
    if result.became is RequestOutcome.REJECTED:
        return f"{number}: the ledger rejected the request, so it is not recorded: {result.error}"
    if result.became is RequestOutcome.FAILED or consent is None:
        return f"{number}: the ledger did not respond, so the request may not be recorded. Run this again."
    if result.became is RequestOutcome.SUPERSEDED:
        stands = "opted in" if consent.status is Status.OPTED_IN else "opted out"
        return f"{number}: recorded, but a newer request applies: {stands} on {visible(consent.list_name)}."
    if asked is Asked.OPT_OUT:
        return f"{number} is opted out on {visible(consent.list_name)}{_followed(consent, left)}"
    if consent.status is Status.OPT_IN_PENDING and consent.held_until is not None:
        date = f"{consent.held_until.day} {consent.held_until:%B %Y}"
        why = (
            f"AWS refuses to release the number for now; the next attempt is on {date}."
            if consent.refusal is not None
            else f"a number can be removed from a list once in 30 days, so it is released on {date}."
        )
        return f"{number}: the opt-in is recorded for {visible(consent.list_name)} and pending: {why}"
    return f"{number} is opted in on {visible(consent.list_name)}{_followed(consent, left)}"


def _followed(consent: Consent, left: list[str]) -> str:
    if not left and consent.settled:
        return ", and the opt-out list is up to date."
    if not left:
        return '. AWS rejects the number: "sms-consent rejected list" shows the reason. Until then, the recorded request counts.'
    return (
        f". Recorded and due: {', '.join(map(visible, left))} is not updated yet, and SweepFunction keeps trying. "
        "Until then, the recorded request counts."
    )
