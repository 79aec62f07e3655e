"""The backend with a test's controls beside it: clock, quotas, injected failures and the log of requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import get_service_model, utcnow

from ..pinpointsmsvoicev2.models import SERVICE_NAME, PinpointSMSVoiceV2Backend, SentText, pinpointsmsvoicev2_backends
from ..pinpointsmsvoicev2.models.configuration_set import EventDestination
from .faults import Fault, Faults
from .quotas import Quotas
from .request_log import RequestLog, RequestRecord
from .validation import checked

TIERS = ("PRODUCTION", "SANDBOX")
OPT_IN_REFUSALS = ("ValidationException", "ConflictException")


class ControlledBackend(PinpointSMSVoiceV2Backend):
    """The backend of one account in one region, and its controls. A reset by moto resets the controls too."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._moved = timedelta()
        self.quotas = Quotas()
        self.faults = Faults()
        self.requests = RequestLog()
        self._kept_events: list[tuple[EventDestination, str, SentText]] | None = None
        super().__init__(region_name, account_id)

    # --- time

    def now(self) -> datetime:
        now = self.exactly_now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def exactly_now(self) -> datetime:
        """Return the process's time (freezegun and time_machine apply) plus this backend's own offset."""
        return utcnow() + self._moved

    def advance_time(self, seconds: float) -> datetime:
        """Advance this backend's time (30-day rule, quotas, timestamps), but not the process's clock."""
        if not seconds >= 0:
            raise ValueError("Time moves on, not back.")
        with self.lock:
            self._moved += timedelta(seconds=seconds)
            return self.now()

    # --- calls

    def set_quotas(self, enabled: bool | Mapping[str, float]) -> None:
        """Switch quotas on (documented rates, or a mapping of operations to requests a second) or off."""
        if isinstance(enabled, Mapping):
            for operation in enabled:
                _must_exist(operation)
        with self.lock:
            self.quotas.set(enabled)

    def fail_next(
        self,
        operation: str,
        error: str,
        times: int = 1,
        after_effect: bool = False,
        message: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Make the next calls of an operation fail with an error code.

        With ``after_effect`` the call takes effect and the error replaces its result, as when the connection breaks
        before the response. The client's own retries count as calls.
        """
        _must_exist(operation)
        if times < 1:
            raise ValueError("times must be at least 1.")
        with self.lock:
            self.faults.order(operation, Fault(error, message, reason, after_effect), times)

    def request_log(self) -> tuple[RequestRecord, ...]:
        """Return the API calls so far, including failed ones, in order. The log keeps the latest of them."""
        with self.lock:
            return self.requests.page()[0]

    # --- events

    @contextmanager
    def deferred_events(self) -> Iterator[None]:
        """Hold the lock, and publish events after it is released: a subscriber may call this service from another thread."""
        kept: list[tuple[EventDestination, str, SentText]] = []
        with self.lock:
            outer, self._kept_events = self._kept_events, kept
            try:
                yield
            finally:
                self._kept_events = outer
        for each in kept:
            super().emit(*each)

    def emit(self, destination: EventDestination, event: str, sent: SentText) -> None:
        """Publish an event, or keep it while events are deferred."""
        if self._kept_events is None:
            super().emit(destination, event, sent)
        else:
            self._kept_events.append((destination, event, sent))

    # --- the account

    def set_account(self, tier: str = TIERS[0], text_spend_limit: int = 100) -> None:
        """Set the tier and the monthly spend limit for texts, in whole US dollars."""
        if tier not in TIERS:
            raise ValueError(f"A tier is one of {', '.join(TIERS)}.")
        if type(text_spend_limit) is not int or text_spend_limit < 0:
            raise ValueError("A limit is a whole number, from 0 on.")
        with self.lock:
            self.tier = tier
            self.spend_limits["TEXT"] = text_spend_limit

    def set_opt_in_refusal(self, error: str) -> None:
        """Set the error of a second deletion within 30 days: one of OPT_IN_REFUSALS."""
        if error not in OPT_IN_REFUSALS:
            raise ValueError(f"The refusal must be one of {', '.join(OPT_IN_REFUSALS)}.")
        with self.lock:
            self.opt_in_refusal = error

    def from_template(self, operation: str, given: dict[str, Any]) -> Any:
        """Hold templates to the service model too."""
        return super().from_template(
            operation, checked(get_service_model(SERVICE_NAME).operation_model(operation), given)
        )


def backend_of(account_id: str, region: str) -> ControlledBackend:
    """Return the backend of an account in a region. Raises TypeError if the emulator was not installed in moto."""
    found = pinpointsmsvoicev2_backends[account_id][region]
    if not isinstance(found, ControlledBackend):
        raise TypeError("Call moto_sms_voice.install() first.")
    return found


def _must_exist(operation: str) -> None:
    """Raise ValueError for an unknown operation: a fault for a misspelt one would never happen."""
    if operation not in get_service_model(SERVICE_NAME).operation_names:
        raise ValueError(f"{operation} is no operation of {SERVICE_NAME}.")
