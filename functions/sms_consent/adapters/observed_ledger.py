"""A decorator of the ledger that reports what each write changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sms_consent.domain.consent import Consent
from sms_consent.domain.operational_events import OperationalEvent, of_consent, of_thread
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.reply import ReplyThread

__all__ = ["observed"]


def observed(ledger: ConsentLedger, clock: Clock, observe: Callable[[OperationalEvent], None]) -> ConsentLedger:
    """Return a ledger that calls ``observe`` with the operational events of each write, once it has succeeded."""
    return cast("ConsentLedger", _ObservedLedger(ledger, clock, observe))


class _ObservedLedger:
    def __init__(self, ledger: ConsentLedger, clock: Clock, observe: Callable[[OperationalEvent], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._observe = observe

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def save(self, consent: Consent, replacing: Consent | None) -> None:
        self._ledger.save(consent, replacing)
        for event in of_consent(replacing, consent, self._clock.now()):
            self._observe(event)

    def save_thread(self, key: str, thread: ReplyThread, replacing: ReplyThread | None) -> None:
        self._ledger.save_thread(key, thread, replacing)
        for event in of_thread(replacing, thread, self._clock.now()):
            self._observe(event)
