"""Decides what a repeated ClientToken gives: the resource that its first use made."""

from __future__ import annotations

from typing import Generic, TypeVar

from .exceptions import ValidationError

T = TypeVar("T")


class ClientTokens(Generic[T]):
    """Tokens of one create operation. AWS's clients make one up for each call and repeat it when they retry."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[object, T]] = {}

    def earlier(self, token: str | None, parameters: object) -> T | None:
        """What the token made. With other parameters, which the service leaves undocumented, it is refused."""
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
        """A deleted resource can be made again, and by the same token."""
        self._made = {token: made for token, made in self._made.items() if made[1] is not resource}
