"""References to resources by name, id or ARN."""

from __future__ import annotations

from .exceptions import ResourceNotFoundError, ValidationError


def name_in(reference: str, resource_type: str, account_arn: str, field: str) -> str:
    """Return the name or id in a reference that may be an ARN. ``account_arn`` is this account's ARN, up to the resource.

    An ARN of another resource type raises INVALID_ARN. An ARN of another account or region is not found: sharing
    requires a resource policy, which is not implemented.
    """
    if not reference.startswith("arn:"):
        return reference
    parts = reference.split(":", 5)
    kind, _, name = parts[-1].partition("/")
    if len(parts) != 6 or parts[2] != "sms-voice" or kind != resource_type or not name or "/" in name:
        raise ValidationError("INVALID_ARN", (field, f"Must be the ARN of a resource of type {resource_type}."))
    if not reference.startswith(account_arn):
        raise ResourceNotFoundError(resource_type, reference)
    return name
