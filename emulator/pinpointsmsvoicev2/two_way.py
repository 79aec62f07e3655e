"""Decides which settings of a phone number or pool go together: list, two-way channel, who manages opt-outs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .exceptions import ValidationError
from .opt_out_lists import DEFAULT_LIST


@dataclass
class TwoWay:
    """What a phone number and a pool have in common; attributes are named for the members of the API."""

    opt_out_list_name: str = DEFAULT_LIST
    two_way_enabled: bool = False
    two_way_channel_arn: str | None = None
    two_way_channel_role: str | None = None
    self_managed_opt_outs_enabled: bool = False

    def take_over(self, other: TwoWay) -> None:
        for name in TwoWay.__dataclass_fields__:
            setattr(self, name, getattr(other, name))

    def changed(self, changes: Mapping[str, Any]) -> TwoWay:
        """The settings after a change, refused where they would contradict each other.

        Self-managed opt-outs need two-way messaging first, and that needs a channel:
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
