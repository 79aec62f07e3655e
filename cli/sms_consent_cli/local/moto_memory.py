"""A patch of moto's memory leak: it keeps a reference to every object that it creates, even to copies of whole tables.

``BaseModel.__new__`` adds each instance to its class's ``instances_tracked``, which only moto's dashboard and S3's reset read. A
local stack that processes many texts would keep every item, message and record. Upstream candidate: weak references.

An SNS topic keeps every message that was published to it, and the backend a certificate for each. Upstream candidate: a limit,
and one certificate for all.
"""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel
from moto.core.model_instances import model_data
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import Topic, sns_backends

__all__ = ["patch"]

CERTIFICATES = 100
"""How many messages' certificates remain available."""

_PUBLISH = Topic.publish

TRACKED = frozenset({"s3"})
"""moto's services whose reset reads the instances."""


def patch() -> None:
    """Patch moto, and forget the instances tracked so far. Further calls have no effect."""
    # The type checker forbids assignments to methods.
    setattr(BaseModel, "__new__", _new)  # noqa: B010
    setattr(Topic, "publish", _publish)  # noqa: B010
    for service, models in model_data.items():
        if service not in TRACKED:
            for model in models.values():
                model.instances_tracked.clear()  # type: ignore[attr-defined]


def _new(cls: type[Any], *_arguments: Any, **_keywords: Any) -> Any:
    instance = object.__new__(cls)
    if cls.__module__.split(".")[1] in TRACKED:
        cls.instances_tracked.append(instance)
    return instance


def _publish(self: Topic, *arguments: Any, **keywords: Any) -> str:
    message_id = _PUBLISH(self, *arguments, **keywords)
    self.sent_notifications.clear()
    certificates = sns_backends[DEFAULT_ACCOUNT_ID][self.sns_backend.region_name]._message_public_keys
    for oldest in list(certificates)[:-CERTIFICATES]:
        del certificates[oldest]
    return message_id
