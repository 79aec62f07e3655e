"""Operations on configuration sets, and the events of messages that are sent with one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend
from moto.sns.models import sns_backends

from ..exceptions import ConflictError, ResourceNotFoundError, ValidationError
from .account import Account, idempotent
from .configuration_set import ConfigurationSet, EventDestination

if TYPE_CHECKING:
    from .messages import SentText

EVENT_DESTINATION = "event-destination"
# The course of a message that is delivered, by its channel. The order of the events is not documented.
_EVENTS = {
    "TEXT": ["TEXT_SUCCESSFUL", "TEXT_DELIVERED"],
    "MEDIA": ["MEDIA_SUCCESSFUL", "MEDIA_DELIVERED"],
    "VOICE": ["VOICE_INITIATED", "VOICE_COMPLETED"],
    "RCS": ["RCS_SENT", "RCS_DELIVERED"],
}
_NUMBER = "The exact number of destinations is one."


class EventPublisher(Account):
    """The operations on configuration sets and their event destinations."""

    def add_configuration_set(self, name: str) -> str:
        """Add a configuration set and return its ARN."""
        with self.lock:
            return self.create_configuration_set(name).configuration_set_arn

    @idempotent
    def create_configuration_set(
        self, configuration_set_name: str, tags: list[dict[str, str]] | None = None
    ) -> ConfigurationSet:
        if configuration_set_name in self.configuration_sets:
            raise ConflictError("RESOURCE_ALREADY_EXISTS", ConfigurationSet.resource_type, configuration_set_name)
        arn = self.arn_of(ConfigurationSet.resource_type, configuration_set_name)
        created = ConfigurationSet(configuration_set_name, arn, self.now(), tags)
        self.configuration_sets[configuration_set_name] = created
        self._tag(created, tags)
        return created

    def describe_configuration_sets(
        self, configuration_set_names: list[str] | None = None, **options: Any
    ) -> dict[str, Any]:
        wanted = [self.configuration_set(name) for name in configuration_set_names or ()]
        found, token = self._describe(self.configuration_sets, wanted, "configuration_set_name", **options)
        return {"ConfigurationSets": found, "NextToken": token}

    def delete_configuration_set(self, configuration_set_name: str) -> ConfigurationSet:
        found = self.configuration_set(configuration_set_name)
        self._delete(self.configuration_sets, found)
        return found

    def _set_default(self, configuration_set_name: str, name: str, value: Any) -> dict[str, Any]:
        """Set a default, or remove it with None; return the set's members and the new or the removed value."""
        found = self.configuration_set(configuration_set_name)
        before = getattr(found, f"default_{name}")
        setattr(found, f"default_{name}", value)
        return {
            "configuration_set_arn": found.arn,
            "configuration_set_name": found.configuration_set_name,
            name: before if value is None else value,
        }

    def set_default_message_type(self, configuration_set_name: str, message_type: str) -> dict[str, Any]:
        return self._set_default(configuration_set_name, "message_type", message_type)

    def delete_default_message_type(self, configuration_set_name: str) -> dict[str, Any]:
        return self._set_default(configuration_set_name, "message_type", None)

    def set_default_sender_id(self, configuration_set_name: str, sender_id: str) -> dict[str, Any]:
        return self._set_default(configuration_set_name, "sender_id", sender_id)

    def delete_default_sender_id(self, configuration_set_name: str) -> dict[str, Any]:
        return self._set_default(configuration_set_name, "sender_id", None)

    def set_default_message_feedback_enabled(
        self, configuration_set_name: str, message_feedback_enabled: bool
    ) -> dict[str, Any]:
        return self._set_default(configuration_set_name, "message_feedback_enabled", message_feedback_enabled)

    # --- event destinations

    def create_event_destination(
        self,
        configuration_set_name: str,
        event_destination_name: str,
        matching_event_types: list[str],
        client_token: str | None = None,  # noqa: ARG002  # a repeated name is refused
        **destination: Any,
    ) -> dict[str, Any]:
        found = self.configuration_set(configuration_set_name)
        if event_destination_name in found.destinations:
            raise ConflictError("RESOURCE_ALREADY_EXISTS", EVENT_DESTINATION, event_destination_name)
        if len(destination) != 1:
            raise ValidationError("PARAMETERS_CANNOT_BE_USED_TOGETHER", ("EventDestination", _NUMBER))
        created = EventDestination(event_destination_name, True, matching_event_types, **destination)
        found.destinations[event_destination_name] = created
        return _of(found, created)

    def update_event_destination(
        self,
        configuration_set_name: str,
        event_destination_name: str,
        enabled: bool | None = None,
        matching_event_types: list[str] | None = None,
        **destination: Any,
    ) -> dict[str, Any]:
        """Change what is given. Another kind of destination than the one that is there is refused."""
        found, current = self._destination(configuration_set_name, event_destination_name)
        if any(getattr(current, kind) is None for kind in destination):
            raise ConflictError("EVENT_DESTINATION_MISMATCH", EVENT_DESTINATION, event_destination_name)
        changed = replace(
            current,
            enabled=current.enabled if enabled is None else enabled,
            matching_event_types=matching_event_types or current.matching_event_types,
            **destination,
        )
        found.destinations[event_destination_name] = changed
        return _of(found, changed)

    def delete_event_destination(self, configuration_set_name: str, event_destination_name: str) -> dict[str, Any]:
        found, current = self._destination(configuration_set_name, event_destination_name)
        del found.destinations[event_destination_name]
        return _of(found, current)

    def _destination(self, configuration_set_name: str, name: str) -> tuple[ConfigurationSet, EventDestination]:
        found = self.configuration_set(configuration_set_name)
        if name not in found.destinations:
            raise ResourceNotFoundError(EVENT_DESTINATION, name)
        return found, found.destinations[name]

    # --- events

    def publish_events(self, used: ConfigurationSet, sent: SentText) -> None:
        """Publish the events of a message: every message is delivered at once."""
        kinds = _EVENTS[sent.channel]
        for kind in kinds:
            text = json.dumps(_event(kind, sent, is_final=kind == kinds[-1]))
            for destination in used.event_destinations:
                if destination.takes(kind):
                    self.emit(destination, text, sent)

    def emit(self, destination: EventDestination, event: str, sent: SentText) -> None:
        """Put an event into moto's SNS, Firehose or CloudWatch Logs. Without the destination there, the event is lost."""
        if destination.sns_destination:
            arn = destination.sns_destination["TopicArn"]
            _, region, account = arn.split(":")[2:5]
            sns = sns_backends[account][region]
            if arn in sns.topics:
                sns.publish(event, arn)
        elif destination.kinesis_firehose_destination:
            arn = destination.kinesis_firehose_destination["DeliveryStreamArn"]
            _, region, account, stream = arn.split(":")[2:6]
            firehose = get_backend("firehose")[account][region]
            name = stream.partition("/")[2]
            if name in firehose.delivery_streams:
                firehose.put_record(name, {"Data": event.encode()})
        elif destination.cloud_watch_logs_destination:
            _, region, account, _, group = destination.cloud_watch_logs_destination["LogGroupArn"].split(":")[2:7]
            logs = get_backend("logs")[account][region]
            if group in logs.groups:
                if sent.message_id not in logs.groups[group].streams:
                    logs.create_log_stream(group, sent.message_id)
                at = int(sent.at.replace(tzinfo=UTC).timestamp() * 1000)
                logs.put_log_events(group, sent.message_id, [{"timestamp": at, "message": event}])


def _of(found: ConfigurationSet, destination: EventDestination) -> dict[str, Any]:
    return {
        "ConfigurationSetArn": found.arn,
        "ConfigurationSetName": found.configuration_set_name,
        "EventDestination": destination,
    }


def _event(kind: str, sent: SentText, *, is_final: bool) -> dict[str, Any]:
    """Return an event with the fields whose values are known here; price, carrier and country are not.

    https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
    """
    at = int(sent.at.replace(tzinfo=UTC).timestamp() * 1000)
    return {
        "eventType": kind,
        "eventVersion": "1.0",
        "eventTimestamp": at,
        "isFinal": is_final,
        "originationPhoneNumber": sent.from_,
        "destinationPhoneNumber": sent.to,
        "messageId": sent.message_id,
        "messageRequestTimestamp": at,
        "messageType": sent.message_type,
        "messageStatus": kind.partition("_")[2],
        "context": dict(sent.context),
    }
