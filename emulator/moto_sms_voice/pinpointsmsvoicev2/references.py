"""Decides which resource a name, an id or an ARN means."""

from __future__ import annotations

from .exceptions import ResourceNotFoundError, ValidationError


def name_in(reference: str, resource_type: str, account_arn: str, field: str) -> str:
    """The name or id in a reference that may be an ARN; ``account_arn`` is this account's, up to the resource.

    An ARN of another kind of resource is INVALID_ARN. One of another account or region is not found: it would have to
    be shared by a resource policy, and the operations that set one are not implemented.
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
