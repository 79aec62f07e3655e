"""The base class of resources with an ARN."""

from __future__ import annotations

from typing import ClassVar

from moto.core.common_models import BaseModel


class Resource(BaseModel):
    """A resource. Its attributes have the names of the members of the API's results, and so contain its type."""

    resource_type: ClassVar[str]

    def _own(self, suffix: str) -> str:
        value: str = getattr(self, f"{self.resource_type.replace('-', '_')}_{suffix}")
        return value

    @property
    def arn(self) -> str:
        return self._own("arn")

    @property
    def identifier(self) -> str:
        """Return the id or name, which is the last part of the ARN."""
        return self._own("id")
