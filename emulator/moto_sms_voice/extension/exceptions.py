"""Errors that the service model does not contain, and errors by their code for injected failures."""

from __future__ import annotations

from ..pinpointsmsvoicev2.exceptions import ServiceError

__all__ = ["NotImplementedByEmulatorError", "SerializationError", "ServiceError", "UnknownOperationError", "error_of"]


class SerializationError(ServiceError):
    """The body is not JSON of the model's types."""

    code = "SerializationException"
    message = "The body could not be read"


class NotImplementedByEmulatorError(ServiceError):
    """An operation of the service that the emulator lacks. Clients do not retry a 501."""

    code = "NotImplemented"
    status = 501


class UnknownOperationError(ServiceError):
    """The request names no operation of the service. AWS's JSON services answer so; this one does not document it."""

    code = "UnknownOperationException"
    message = "The requested operation is not recognized by the service."


def error_of(code: str, message: str | None = None, reason: str | None = None) -> ServiceError:
    """Return the error with this code, for faults. A code that the service does not know has status 400."""
    known = next((each for each in ServiceError.__subclasses__() if each.code == code), ServiceError)
    error = ServiceError(code, message or known.message)
    error.status = known.status
    error.reason = reason
    return error
