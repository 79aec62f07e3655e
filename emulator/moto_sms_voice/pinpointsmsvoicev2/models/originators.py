"""Settings of phone numbers, pools and RCS agents, and which of them require each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..exceptions import ValidationError
from .resource import Resource

DEFAULT_LIST = "Default"


@dataclass
class TwoWay:
    """Settings that phone numbers, pools and agents share. Attributes have the names of the API's members."""

    opt_out_list_name: str = DEFAULT_LIST
    two_way_enabled: bool = False
    two_way_channel_arn: str | None = None
    two_way_channel_role: str | None = None
    self_managed_opt_outs_enabled: bool = False

    def take_over(self, other: TwoWay) -> None:
        for name in TwoWay.__dataclass_fields__:
            setattr(self, name, getattr(other, name))

    @classmethod
    def of(cls, list_name: str, channel_arn: str | None, self_managed_opt_outs: bool) -> TwoWay:
        """Return settings that are two-way if there is a channel."""
        return TwoWay()._changed(
            {
                "opt_out_list_name": list_name,
                "two_way_enabled": channel_arn is not None,
                "two_way_channel_arn": channel_arn,
                "self_managed_opt_outs_enabled": self_managed_opt_outs,
            }
        )

    def update(self, changes: Mapping[str, Any], *own_settings: str) -> None:
        """Change the settings that are given. ``own_settings``: those of this type of resource."""
        self.take_over(self._changed(changes))
        for name in own_settings:
            if changes.get(name) is not None:
                setattr(self, name, changes[name])

    def _changed(self, changes: Mapping[str, Any]) -> TwoWay:
        """Return the settings after a change. Contradictory settings are refused.

        Self-managed opt-outs require two-way messaging, which requires a channel:
        https://docs.aws.amazon.com/sms-voice/latest/userguide/opt-out-list-self-managed.html
        """
        result = TwoWay(
            **{
                name: getattr(self, name) if changes.get(name) is None else changes[name]
                for name in TwoWay.__dataclass_fields__
            }
        )
        if result.two_way_enabled and not result.two_way_channel_arn:
            raise ValidationError(
                "TWO_WAY_CHANNEL_NOT_PRESENT", ("TwoWayChannelArn", "Required for two-way messaging.")
            )
        if result.self_managed_opt_outs_enabled and not result.two_way_enabled:
            raise ValidationError("TWO_WAY_NOT_ENABLED", ("SelfManagedOptOutsEnabled", "Needs two-way messaging."))
        return result


@dataclass(eq=False)
class PhoneNumber(TwoWay, Resource):
    """An origination phone number."""

    resource_type = "phone-number"

    phone_number_id: str = ""
    phone_number_arn: str = ""
    phone_number: str = ""
    iso_country_code: str = "US"
    message_type: str = "TRANSACTIONAL"
    number_type: str = "LONG_CODE"
    number_capabilities: list[str] = field(default_factory=lambda: ["SMS"])
    status: str = "ACTIVE"
    monthly_leasing_price: str = "1.00"
    international_sending_enabled: bool = False
    deletion_protection_enabled: bool = False
    registration_id: str | None = None
    pool_id: str | None = None
    tags: list[dict[str, str]] | None = None
    created_timestamp: datetime = datetime.min  # noqa: DTZ901  # moto's times are naive UTC; always given


@dataclass(eq=False)
class Pool(TwoWay, Resource):
    """Phone numbers that send as one."""

    resource_type = "pool"

    pool_id: str = ""
    pool_arn: str = ""
    sender_ids: set[str] = field(default_factory=set)
    status: str = "ACTIVE"
    message_type: str = "TRANSACTIONAL"
    shared_routes_enabled: bool = False
    deletion_protection_enabled: bool = False
    tags: list[dict[str, str]] | None = None
    created_timestamp: datetime = datetime.min  # noqa: DTZ901  # moto's times are naive UTC; always given


@dataclass(eq=False)
class RcsAgent(TwoWay, Resource):
    """An RCS agent."""

    resource_type = "rcs-agent"

    rcs_agent_id: str = ""
    rcs_agent_arn: str = ""
    status: str = "ACTIVE"
    deletion_protection_enabled: bool = False
    pool_id: str | None = None
    two_way_media_s3_bucket_name: str | None = None
    two_way_media_s3_key_prefix: str | None = None
    two_way_media_s3_role: str | None = None
    two_way_rcs_events_enabled: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] | None = None
    created_timestamp: datetime = datetime.min  # noqa: DTZ901  # moto's times are naive UTC; always given

    @property
    def phone_number(self) -> str:
        """Return the agent's name as sender or destination of a message."""
        return self.rcs_agent_id

    @property
    def message_type(self) -> str:
        """Return TRANSACTIONAL: agents have no message type of their own."""
        return "TRANSACTIONAL"


@dataclass(eq=False)
class SenderId(Resource):
    """A name that messages to a country are sent from. It can be in several pools, which know it by its identifier."""

    resource_type = "sender-id"

    sender_id_arn: str
    sender_id: str
    iso_country_code: str
    message_types: list[str]
    monthly_leasing_price: str = "0.00"
    deletion_protection_enabled: bool = False
    registered: bool = False
    registration_id: str | None = None
    tags: list[dict[str, str]] | None = None

    @property
    def identifier(self) -> str:
        return f"{self.sender_id}/{self.iso_country_code}"

    @property
    def phone_number(self) -> str:
        """Return the name that messages are sent from."""
        return self.sender_id

    @property
    def message_type(self) -> str:
        """Return the type of messages that state none."""
        return self.message_types[0]


Originator = PhoneNumber | RcsAgent | SenderId
