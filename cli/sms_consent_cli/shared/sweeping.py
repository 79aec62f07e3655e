"""Has SweepFunction do what a command has recorded, and waits until the lists have followed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.domain.consent import Consent
from sms_consent_cli.shared.deployment import NotFound

if TYPE_CHECKING:
    from sms_consent.domain.ports import Clock
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["PATIENCE", "Sweeping", "is_open"]

PATIENCE = timedelta(seconds=90)
"""How long a command waits for the lists. The schedule of SweepFunction comes round once in this time, too."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds between two looks; each pause is twice the one before."""
AGAIN_AFTER, AGAIN_WITHIN = timedelta(seconds=5), timedelta(seconds=30)
"""What is due again this soon, such as a throttled call, is a reason to invoke it again; what is put off for longer is not."""
MOST = 10
"""Numbers that SweepFunction takes in one request (``sms_consent.sync.sweep_request``)."""
ALIAS = "live"

Look = Callable[[], Sequence[Consent]]


def is_open(consent: Consent | None) -> bool:
    """Whether a list has not followed yet. An opt-in that waits for its 30 days has been followed as far as possible."""
    return consent is not None and not consent.settled and consent.due is not None


class Sweeping:
    """Invokes SweepFunction. What it is not invoked for, or cannot do yet, stays due and is done by its schedule."""

    def __init__(self, deployment: Deployment, clock: Clock) -> None:
        self._deployment = deployment
        self._clock = clock

    def follow(self, look: Look, notice: Callable[[str], None], patience: timedelta = PATIENCE) -> list[Consent]:
        """Invoke sweep for the open work and wait; return what is still open. ``notice`` is called with what failed.

        ``look`` reads what was recorded, as it is now. Raises what it raises.
        """
        opened = [consent for consent in look() if is_open(consent)]
        if not opened:
            return []
        if (problem := self.start(opened)) is not None:
            notice(f"{problem}: its schedule does it within minutes")
        return self._wait(look, patience, may_invoke=problem is None)

    def start(self, consents: Sequence[Consent]) -> str | None:
        """Invoke it for these; for more than it takes at once, for everything due. Returns why it could not be, or None."""
        asked: dict[str, object] = {}
        if len(consents) <= MOST:
            asked = {"numbers": [{"number": each.number, "list": each.list_name} for each in consents]}
        try:
            self._deployment.functions().invoke(
                FunctionName=self._deployment.part("SweepFunctionName"),
                Qualifier=ALIAS,
                InvocationType="Event",
                Payload=json.dumps(asked).encode(),
            )
        except ClientError as error:
            return f"SweepFunction could not be invoked ({error.response['Error'].get('Code')})"
        except (BotoCoreError, NotFound) as error:
            return f"SweepFunction could not be invoked ({type(error).__name__})"
        return None

    def _wait(self, look: Look, patience: timedelta, *, may_invoke: bool) -> list[Consent]:
        """Look until no consent is open any more, or the time is up; return those that are."""
        started_at = invoked_at = self._clock.now()
        until, pause = started_at + patience, FIRST_PAUSE
        while True:
            left = [consent for consent in look() if is_open(consent)]
            now = self._clock.now()
            if not left or now >= until or all(_is_put_off(each, until) for each in left):
                return left
            due = [each for each in left if _is_put_off(each, invoked_at) and not _is_put_off(each, now)]
            soon = now - invoked_at >= AGAIN_AFTER and now - started_at <= AGAIN_WITHIN
            if may_invoke and due and soon and len(left) <= MOST:
                self.start(due)
                invoked_at = now
            self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _is_put_off(consent: Consent, until: datetime) -> bool:
    """Whether nothing will be done before that time."""
    return consent.lease is None and consent.due_at is not None and consent.due_at > until
