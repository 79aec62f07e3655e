"""The errors of the service, with the members of the service model.

ServiceError (moto's ServiceException)
├── AccessDeniedError
├── ConflictError
├── InternalServerError         the only one with status 500
├── ResourceNotFoundError
├── ServiceQuotaExceededError
├── ThrottlingError
└── ValidationError

``code`` is the name of the model's shape. As in the service, a message contains the resource's id, which can be a phone
number: a test can then detect a caller that logs messages.
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ServiceError(ServiceException):
    """Base class of the service's errors. The serializer reads the shape's members from the attributes."""

    status = 400
    reason: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    fields: list[dict[str, str]] | None = None


class AccessDeniedError(ServiceError):
    code = "AccessDeniedException"
    message = "Access denied"


class ConflictError(ServiceError):
    code = "ConflictException"
    message = "Conflict"

    def __init__(self, reason: str, resource_type: str | None = None, resource_id: str | None = None) -> None:
        super().__init__(
            f'Conflict Occurred - Reason="{reason}" ResourceType="{resource_type or ""}" ResourceId="{resource_id or ""}"'
        )
        self.reason = reason
        self.resource_type = resource_type
        self.resource_id = resource_id


class InternalServerError(ServiceError):
    code = "InternalServerException"
    message = "Internal error"
    status = 500


class ResourceNotFoundError(ServiceError):
    code = "ResourceNotFoundException"
    message = "Resource not found"

    def __init__(self, resource_type: str, resource_id: str) -> None:
        super().__init__(f'Resource not found - ResourceType="{resource_type}" ResourceId="{resource_id}"')
        self.resource_type = resource_type
        self.resource_id = resource_id


class ServiceQuotaExceededError(ServiceError):
    code = "ServiceQuotaExceededException"
    message = "Quota exceeded"

    def __init__(self, reason: str) -> None:
        super().__init__(f'Quota exceeded - Reason="{reason}"')
        self.reason = reason


class ThrottlingError(ServiceError):
    code = "ThrottlingException"
    message = "Rate exceeded"


class ValidationError(ServiceError):
    code = "ValidationException"
    message = "Validation failed"

    def __init__(self, reason: str, *fields: tuple[str, str]) -> None:
        super().__init__(f'Validation failed - Reason="{reason}"')
        self.reason = reason
        self.fields = [{"Name": name, "Message": message} for name, message in fields]
