"""Turns a decision into what should be, once, and lets sync make the world match: the same for every channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sms_consent.answer import Answer
from sms_consent.consent import Consent, decide
from sms_consent.decision import Asked, Decision, Outcome
from sms_consent.errors import Moved, Unavailable
from sms_consent.ports import Clock, ConsentLedger
from sms_consent.progress import OPT_IN_ANSWER_USEFUL_FOR
from sms_consent.replies import ReplyKind
from sms_consent.sync import Sync

__all__ = ["Recorded", "Recorder"]

ATTEMPTS = 12
"""Conditional writes lost in a row before a record goes back to its queue."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a decision did for one list, and the consent as it stands after it."""

    outcome: Outcome
    consent: Consent


class Recorder:
    """Records opt-outs and opt-ins."""

    def __init__(self, *, ledger: ConsentLedger, sync: Sync, clock: Clock, grace: timedelta) -> None:
        """``grace`` is how long a put may wait for its confirmation, which the service would refuse after it."""
        self._ledger = ledger
        self._sync = sync
        self._clock = clock
        self._grace = grace

    def record(self, decision: Decision, list_name: str, *, reply_from: str | None) -> Recorded:
        """Record, and do at once what can be done. Safe to repeat, after any failure, at any point.

        Raises TryAgain if the ledger did not answer: the caller delivers the same decision again.
        """
        outcome, consent, worker = self._change(decision, list_name, reply_from)
        if worker is not None and consent.lease == worker:
            consent = self._sync.carry_on(consent, worker)
        if outcome is not Outcome.CHANGED or consent.outbox is not None:
            self._ledger.append(decision, outcome, self._clock.now())
        return Recorded(outcome, consent if worker is not None else self._sync.settle(consent))

    def _change(
        self, decision: Decision, list_name: str, reply_from: str | None
    ) -> tuple[Outcome, Consent, str | None]:
        """The consent as this decision leaves it, and the name under which its lease was taken."""
        standing: Consent | None = None  # a guess, right for every first STOP: a conditional write spares the read
        for _ in range(ATTEMPTS):
            now = self._clock.now()
            answer = self._answer(decision, reply_from)
            claim = self._sync.offer(opting_out=decision.asked is Asked.OPT_OUT, answering=answer is not None)
            outcome, changed = decide(standing, decision, list_name, now=now, claim=claim, answer=answer)
            if changed is None:
                return outcome, cast("Consent", standing), None
            if standing is not None and standing.outbox is not None and changed.outbox is not standing.outbox:
                self._ledger.append(standing.outbox, Outcome.CHANGED, now)
            try:
                self._ledger.save(changed, replacing=standing)
            except Moved as moved:
                standing = cast("Consent | None", moved.current)
                continue
            return outcome, changed, claim.worker if claim is not None else None
        raise Unavailable("the consent changed under every attempt to write it")

    def _answer(self, decision: Decision, reply_from: str | None) -> Answer | None:
        """Only who texted us is answered; a confirmation is allowed once, without marketing (47 CFR 64.1200(a)(12))."""
        if reply_from is None or not decision.by_end_user:
            return None
        opting_out = decision.asked is Asked.OPT_OUT
        return Answer(
            decision_id=decision.id,
            kind=ReplyKind.OPT_OUT_CONFIRMATION if opting_out else ReplyKind.OPT_IN_CONFIRMATION,
            language=decision.language,
            sender=reply_from,
            until=self._clock.now() + (self._grace if opting_out else OPT_IN_ANSWER_USEFUL_FOR),
        )
