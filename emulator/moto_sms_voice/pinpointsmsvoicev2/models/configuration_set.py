"""A configuration set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .resource import Resource


@dataclass(frozen=True)
class EventDestination:
    """Where events go. Attributes have the names of the members of the API's results."""

    event_destination_name: str
    enabled: bool
    matching_event_types: list[str]
    cloud_watch_logs_destination: dict[str, Any] | None = None
    kinesis_firehose_destination: dict[str, Any] | None = None
    sns_destination: dict[str, Any] | None = None

    def takes(self, event_type: str) -> bool:
        kinds = {event_type, "ALL", f"{event_type.partition('_')[0]}_ALL"}
        return self.enabled and not kinds.isdisjoint(self.matching_event_types)


@dataclass(eq=False)
class ConfigurationSet(Resource):
    """A configuration set: event destinations, and defaults of messages that are sent with it."""

    resource_type = "configuration-set"

    configuration_set_name: str
    configuration_set_arn: str
    created_timestamp: datetime
    tags: list[dict[str, str]] | None = None
    default_message_type: str | None = None
    default_sender_id: str | None = None
    default_message_feedback_enabled: bool | None = None
    destinations: dict[str, EventDestination] = field(default_factory=dict)

    @property
    def identifier(self) -> str:
        return self.configuration_set_name

    @property
    def event_destinations(self) -> list[EventDestination]:
        return list(self.destinations.values())

    @property
    def event_destination_name(self) -> list[str]:
        """Return the names that a filter compares with."""
        return list(self.destinations)

    @property
    def matching_event_types(self) -> list[str]:
        """Return the event types that a filter compares with."""
        return [kind for each in self.event_destinations for kind in each.matching_event_types]

    @property
    def protect_configuration_id(self) -> None:
        """Return None: protect configurations are not implemented."""
        return
