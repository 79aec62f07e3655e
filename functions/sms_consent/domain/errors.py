"""The errors of this package, by whether the same call may work later.

ConsentError
├── TryAgain                the same call may work later
│   ├── Untouched           it had no effect
│   │   ├── Throttled       refused for its rate
│   │   ├── Unconfirmed     it found nothing to change, and whether the list exists is unknown
│   │   ├── Unreached       no connection
│   │   └── OutOfTime       not started: the function would have been stopped before the end
│   └── Unavailable         timed out or failed inside the service: it may have taken effect
└── Never                   the same call will fail again until something else changes
    ├── OptInRefused        AWS keeps a number on the list, by the 30-day rule
    ├── RecipientOptedOut   a text was refused because its recipient is on the list
    ├── Rejected            denied, invalid, or naming what does not exist
    └── Unreadable          a record that cannot be read: inbound text, ledger item or stream record
        └── OtherEvent      an event of another kind on the same topic

Moved is not part of the tree: a conditional write was refused because the record had changed.
No message contains a phone number or a text, since messages are logged.
"""

from __future__ import annotations

_NUMBER_FIELDS = frozenset({"optedoutnumber", "optedoutnumbers", "phonenumber", "destinationphonenumber"})
_NUMBER_REASONS = frozenset(
    {
        "CANNOT_ADD_OPTED_OUT_NUMBER",
        "COUNTRY_CODE_MISMATCH",
        "COUNTRY_NOT_ENABLED",
        "DESTINATION_COUNTRY_BLOCKED",
        "INTERNATIONAL_SENDING_NOT_SUPPORTED",
        "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY",
    }
)
"""Values of ``Reason`` of a ValidationException that are about the number (API reference, ValidationExceptionReason)."""
_UNSPECIFIC = frozenset({None, "CANNOT_PARSE", "FIELD_VALIDATION_FAILED", "INVALID_PARAMETER", "INVALID_REQUEST"})
"""Values that can be about the number or about the list."""

__all__ = [
    "ConsentError",
    "Moved",
    "Never",
    "OptInRefused",
    "OtherEvent",
    "OutOfTime",
    "RecipientOptedOut",
    "Rejected",
    "Throttled",
    "TryAgain",
    "Unavailable",
    "Unconfirmed",
    "Unreached",
    "Unreadable",
    "Untouched",
]


class ConsentError(Exception):
    """The base class of all errors that this package raises."""


class TryAgain(ConsentError):
    """The same call may work later."""


class Untouched(TryAgain):
    """The call had no effect."""


class Throttled(Untouched):
    """The call was refused for its rate."""


class Unconfirmed(Untouched):
    """The number was not found, and whether its list exists could not be confirmed."""


class Unreached(Untouched):
    """No connection to the service."""


class OutOfTime(Untouched):
    """The call was not started, because it might not have ended before Lambda stops the function."""


class Unavailable(TryAgain):
    """No response, or a failure inside the service. Whether the call took effect is unknown."""


class Never(ConsentError):
    """The same call fails again until something else changes."""


class OptInRefused(Never):
    """DeleteOptedOutNumber was refused: a number can be deleted from a list once every 30 days."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the service keeps the number opted out: {reason}")
        self.reason = reason


class RecipientOptedOut(Never):
    """SendTextMessage was refused, because the recipient is on the opt-out list."""


class Rejected(Never):
    """The call was denied, invalid, or named a list, number or key that does not exist."""

    def __init__(self, code: str, reason: str | None = None, fields: tuple[str, ...] = ()) -> None:
        """``fields`` are the names of the fields that failed validation."""
        super().__init__(code if reason is None else f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.fields = fields

    @property
    def concerns_number(self) -> bool | None:
        """Whether the call was rejected because of the phone number; None if the error does not say."""
        if self.code != "ValidationException":
            return False
        if self.fields:
            return all(name.lower() in _NUMBER_FIELDS for name in self.fields)
        if self.reason in _UNSPECIFIC:
            return None
        return self.reason in _NUMBER_REASONS or "PHONE_NUMBER" in (self.reason or "")


class Unreadable(Never):
    """A record that cannot be read. ``reason`` says why, and never quotes the record."""

    def __init__(self, reason: str, key: tuple[str, str] | None = None) -> None:
        """``key`` is the key of a ledger item. It is not part of the message, since it may contain a phone number."""
        super().__init__(reason)
        self.reason = reason
        self.key = key


class OtherEvent(Unreadable):
    """An event of another kind on the same topic, such as a delivery receipt. It is ignored."""


class Moved(Exception):
    """A conditional write was refused because the record had changed. ``current`` is what is stored."""

    def __init__(self, current: object) -> None:
        super().__init__("the ledger has moved on")
        self.current = current
