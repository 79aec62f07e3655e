"""Idempotency of create operations: a repeated ClientToken returns the resource that its first use created."""

from __future__ import annotations

from typing import Generic, TypeVar

from .exceptions import ValidationError

T = TypeVar("T")


class ClientTokens(Generic[T]):
    """The client tokens of one create operation. AWS's clients generate a token for each call and repeat it in retries."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[object, T]] = {}

    def earlier(self, token: str | None, parameters: object) -> T | None:
        """Return the resource that the token created. Other parameters are refused; AWS does not document this case."""
        if token is None or token not in self._made:
            return None
        used_for, resource = self._made[token]
        if used_for != parameters:
            raise ValidationError("INVALID_PARAMETER", ("ClientToken", "Was used with other parameters."))
        return resource

    def keep(self, token: str | None, parameters: object, resource: T) -> None:
        if token is not None:
            self._made[token] = (parameters, resource)

    def forget(self, resource: T) -> None:
        """Forget a deleted resource, so that the same token can create it again."""
        self._made = {token: made for token, made in self._made.items() if made[1] is not resource}
