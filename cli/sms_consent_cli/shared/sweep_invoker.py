"""Invocation of SweepFunction for the work that a command has recorded, and waiting for it."""

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

__all__ = ["PATIENCE", "SweepInvoker", "is_open"]

PATIENCE = timedelta(seconds=90)
"""How long a command waits for the lists. SweepFunction's schedule runs at least once in this time."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds between polls; each pause is twice the previous one."""
AGAIN_AFTER, AGAIN_WITHIN = timedelta(seconds=5), timedelta(seconds=30)
"""Work that is due again this soon, such as a throttled call, is worth another invocation."""
MOST = 10
"""Numbers that SweepFunction takes in one request (``sms_consent.sync.sweep_request``)."""
ALIAS = "live"

Look = Callable[[], Sequence[Consent]]


def is_open(consent: Consent | None) -> bool:
    """Return whether a list still has to be updated. An opt-in that waits for its 30 days does not count."""
    return consent is not None and not consent.settled and consent.due is not None


class SweepInvoker:
    """Invokes SweepFunction. Failed work stays due for the function's next scheduled run."""

    def __init__(self, deployment: Deployment, clock: Clock) -> None:
        self._deployment = deployment
        self._clock = clock

    def follow(self, look: Look, notice: Callable[[str], None], patience: timedelta = PATIENCE) -> list[Consent]:
        """Invoke sweep for the open consents, wait, and return those that are still open.

        Args:
            look: Returns the current consents. Its errors are raised.
            notice: Called with a message if sweep cannot be invoked.
            patience: How long to wait.
        """
        opened = [consent for consent in look() if is_open(consent)]
        if not opened:
            return []
        if (problem := self.start(opened)) is not None:
            notice(f"{problem}: its schedule does it within minutes")
        return self._wait(look, patience, may_invoke=problem is None)

    def start(self, consents: Sequence[Consent]) -> str | None:
        """Invoke sweep for these consents, or for everything due if they are too many. Return the problem, or None."""
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
        """Poll until no consent is open or the time is up; return the open ones."""
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
    """Return whether the next attempt is after a time."""
    return consent.lease is None and consent.due_at is not None and consent.due_at > until
