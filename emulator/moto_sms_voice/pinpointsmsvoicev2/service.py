"""What all operations share: clock, quotas, fault injection and the request log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock

from moto.core.base_backend import BaseBackend
from moto.core.utils import get_service_model, utcnow
from moto.utilities.tagging_service import TaggingService

from .exceptions import ServiceError
from .faults import Fault, Faults
from .pagination import Paginator
from .quotas import Quotas

SERVICE_NAME = "pinpoint-sms-voice-v2"


@dataclass(frozen=True)
class RequestRecord:
    """One call: ``outcome`` is "OK" or the error's code."""

    operation: str
    at: datetime
    outcome: str


class ServiceBackend(BaseBackend):
    """The base of the backend's classes. Times are naive UTC, as everywhere in moto, with millisecond precision."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = RLock()  # moto's server is multi-threaded
        self.tagger = TaggingService()
        self.paginator = Paginator()
        self._moved = timedelta()
        self.quotas = Quotas()
        self._faults = Faults()
        self._requests: list[RequestRecord] = []

    # --- time

    def now(self) -> datetime:
        """Return the current time with millisecond precision."""
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

    # --- controls for tests

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
            self._faults.order(operation, Fault(error, message, reason, after_effect), times)

    def request_log(self) -> tuple[RequestRecord, ...]:
        """Return every API call so far, including failed ones, in order."""
        with self.lock:
            return tuple(self._requests)

    # --- a call

    @contextmanager
    def call(self, operation: str) -> Iterator[None]:
        """Run one API call under the lock: throttling first, then injected faults, then the operation."""
        with self.lock:
            at = self.now()
            outcome = "a defect of the emulator"
            try:
                self.quotas.take(operation, self.exactly_now())
                fault = self._faults.next(operation)
                if fault and not fault.after_effect:
                    raise fault.as_error()
                yield
                if fault:
                    raise fault.as_error()
                outcome = "OK"
            except ServiceError as error:
                outcome = error.code
                raise
            finally:
                self._requests.append(RequestRecord(operation, at, outcome))

    def arn(self, resource: str) -> str:
        return f"arn:{self.partition}:sms-voice:{self.region_name}:{self.account_id}:{resource}"


def _must_exist(operation: str) -> None:
    """Raise ValueError for an unknown operation: a fault for a misspelt one would never happen."""
    if operation not in get_service_model(SERVICE_NAME).operation_names:
        raise ValueError(f"{operation} is no operation of {SERVICE_NAME}.")
