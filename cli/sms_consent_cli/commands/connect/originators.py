"""The origination identities of the account (numbers, pools and RCS agents): reading and changing their settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = [
    "AGENT",
    "ChangeNotVisible",
    "Channel",
    "Member",
    "Originator",
    "Originators",
    "TwoWaySettings",
    "kind_of_channel",
]

AGENT = "RCS_AGENT"
"""The kind of a member that is an RCS agent."""

PAGE = 100
LOOKS, PAUSE = 15, 2.0
"""Polls for a change, and seconds between them."""

DEFAULT_LIST = "Default"
"""The list that every account has, and that an agent without a list uses."""

_PAGES: Any = {"PageSize": PAGE}


class ChangeNotVisible(Exception):
    """AWS accepted a change of settings, but still returns the old ones."""


class Channel(StrEnum):
    """A kind of destination of inbound texts."""

    TOPIC = "TOPIC"
    CONNECT = "CONNECT"
    UNKNOWN = "UNKNOWN"


def kind_of_channel(arn: str) -> Channel:
    """Return the kind of a two-way channel: an SNS topic, Amazon Connect (an instance ARN or its service name), or unknown."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn":
        if parts[2] == "sns" and parts[5] and ":" not in parts[5]:
            return Channel.TOPIC
        return Channel.CONNECT if parts[2] == "connect" else Channel.UNKNOWN
    is_service = arn.startswith("connect.") and ".amazonaws.com" in arn
    return Channel.CONNECT if is_service else Channel.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWaySettings:
    """A number's settings: two-way channel, opt-out list, and whether AWS or the owner handles STOP."""

    two_way: bool
    channel: str | None
    role: str | None
    list_name: str
    self_managed: bool

    def sends_to(self, topic: str) -> bool:
        """Return whether inbound texts go to this topic."""
        return self.two_way and self.channel == topic

    @property
    def goes_to(self) -> Channel | None:
        """The destination of inbound texts; None while two-way messaging is off."""
        return kind_of_channel(self.channel) if self.two_way and self.channel is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One number or agent. ``number`` is the destination in its inbound texts."""

    number: str
    country: str
    kind: str
    status: str
    texts: bool

    @property
    def is_us_toll_free(self) -> bool:
        """Whether it is a US toll-free number, for which carriers handle STOP themselves."""
        return self.kind == "TOLL_FREE" and self.country == "US"


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """A number, an RCS agent, or a pool with its numbers and agents, which share settings."""

    identity: str  # as people and the ledger name it
    id: str
    arn: str
    status: str
    settings: TwoWaySettings
    members: tuple[Member, ...]
    pool: str | None = None  # that a number is in, by which alone it can be changed
    events: tuple[str, ...] = ()  # of an RCS agent: the types that AWS publishes

    @property
    def is_pool(self) -> bool:
        """Whether it is a pool."""
        return self.id.startswith("pool-")

    @property
    def is_agent(self) -> bool:
        """Whether it is an RCS agent."""
        return self.id.startswith("rcs-")


class Originators:
    """The identities of the account. Methods raise ClientError, BotoCoreError or ChangeNotVisible."""

    def __init__(self, sms: PinpointSMSVoiceV2Client, sleep: Callable[[float], None]) -> None:
        self._sms = sms
        self._sleep = sleep

    def find(self, given: str) -> Originator | None:
        """Return the identity with a number, id or ARN; None if the account has no such identity."""
        name = given.rpartition("/")[2]
        if name.startswith("pool-"):
            return next((self._pool(each) for each in self._pools() if each["PoolId"] == name), None)
        if name.startswith("rcs-"):
            return next((_agent(each) for each in self._agents() if each["RcsAgentId"] == name), None)
        for each in self._numbers():
            if name in {each["PhoneNumber"], each.get("PhoneNumberId")}:
                return _number(each)
        return None

    def refresh(self, originator: Originator) -> Originator:
        """Return an identity with its current settings."""
        if originator.is_pool:
            (pool,) = self._sms.describe_pools(PoolIds=[originator.id])["Pools"]
            return replace(originator, status=pool["Status"], settings=_settings_of(pool))
        if originator.is_agent:
            (agent,) = self._sms.describe_rcs_agents(RcsAgentIds=[originator.id])["RcsAgents"]
            return _agent(agent)
        (number,) = self._sms.describe_phone_numbers(PhoneNumberIds=[originator.id])["PhoneNumbers"]
        return _number(number)

    def change(self, originator: Originator, shows: Callable[[TwoWaySettings], bool], **settings: Any) -> Originator:
        """Change settings, and poll until ``shows`` returns True for those that AWS returns. Raises ChangeNotVisible."""
        if originator.is_pool:
            self._sms.update_pool(PoolId=originator.id, **settings)
        elif originator.is_agent:
            self._sms.update_rcs_agent(RcsAgentId=originator.id, **settings)
        else:
            self._sms.update_phone_number(PhoneNumberId=originator.id, **settings)
        for look in range(LOOKS):
            if look:
                self._sleep(PAUSE)
            found = self.refresh(originator)
            if shows(found.settings):
                return found
        raise ChangeNotVisible(
            f"AWS accepted {', '.join(settings)} for {originator.identity}, but does not return the new value: run this again"
        )

    def _pool(self, described: Any) -> Originator:
        names = {described["PoolId"], described["PoolArn"]}
        numbers = [_member(each) for each in self._numbers() if each.get("PoolId") in names]
        agents = [_agent_member(each) for each in self._agents_if_allowed() if each.get("PoolId") in names]
        return Originator(
            identity=described["PoolId"],
            id=described["PoolId"],
            arn=described["PoolArn"],
            status=described["Status"],
            settings=_settings_of(described),
            members=(*numbers, *agents),
        )

    def _numbers(self) -> Iterator[Any]:
        for page in self._sms.get_paginator("describe_phone_numbers").paginate(PaginationConfig=_PAGES):
            yield from page["PhoneNumbers"]

    def _agents(self) -> Iterator[Any]:
        for page in self._sms.get_paginator("describe_rcs_agents").paginate(PaginationConfig=_PAGES):
            yield from page["RcsAgents"]

    def _agents_if_allowed(self) -> list[Any]:
        """Return the RCS agents, or none if they cannot be read: a pool of numbers needs no permission for agents."""
        try:
            return list(self._agents())
        except ClientError:
            return []

    def _pools(self) -> Iterator[Any]:
        for page in self._sms.get_paginator("describe_pools").paginate(PaginationConfig=_PAGES):
            yield from page["Pools"]


def _number(described: Any) -> Originator:
    return Originator(
        identity=described["PhoneNumber"],
        id=described["PhoneNumberId"],
        arn=described["PhoneNumberArn"],
        status=described["Status"],
        settings=_settings_of(described),
        members=(_member(described),),
        pool=described.get("PoolId"),
    )


def _agent(described: Any) -> Originator:
    return Originator(
        identity=described["RcsAgentId"],
        id=described["RcsAgentId"],
        arn=described["RcsAgentArn"],
        status=described["Status"],
        settings=_settings_of(described),
        members=(_agent_member(described),),
        pool=described.get("PoolId"),
        events=tuple(described.get("TwoWayRcsEventsEnabled", ())),
    )


def _agent_member(described: Any) -> Member:
    return Member(number=described["RcsAgentId"], country="", kind=AGENT, status=described["Status"], texts=True)


def _member(described: Any) -> Member:
    return Member(
        number=described["PhoneNumber"],
        country=described["IsoCountryCode"],
        kind=described["NumberType"],
        status=described["Status"],
        texts="SMS" in described["NumberCapabilities"],
    )


def _settings_of(described: Any) -> TwoWaySettings:
    return TwoWaySettings(
        two_way=described["TwoWayEnabled"],
        channel=described.get("TwoWayChannelArn"),
        role=described.get("TwoWayChannelRole"),
        list_name=described.get("OptOutListName") or DEFAULT_LIST,
        self_managed=described["SelfManagedOptOutsEnabled"],
    )
