"""Decides what a number or pool of the account is set to, and changes it one setting at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["Handling", "Member", "Originator", "Originators", "Unmoved"]

PAGE = 100
LOOKS, PAUSE = 15, 2.0
"""How often, and how many seconds apart, it is looked whether a change shows."""

_PAGES: Any = {"PageSize": PAGE}


class Unmoved(Exception):
    """A change was accepted, and does not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """Where texts go, which list stops texts to people, and who honours a STOP."""

    two_way: bool
    channel: str | None
    role: str | None
    list_name: str
    self_managed: bool

    def heard_on(self, topic: str) -> bool:
        """Whether texts go to this topic."""
        return self.two_way and self.channel == topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One phone number; ``number`` is what texts name as their destination."""

    number: str
    country: str
    kind: str
    status: str
    texts: bool

    @property
    def is_us_toll_free(self) -> bool:
        """Where carriers honour STOP themselves, on their own lists."""
        return self.kind == "TOLL_FREE" and self.country == "US"


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """A number, or a pool with its numbers, which are set together."""

    identity: str  # as people and the ledger name it
    id: str
    arn: str
    status: str
    handling: Handling
    members: tuple[Member, ...]
    pool: str | None = None  # that a number is in, by which alone it can be changed

    @property
    def is_pool(self) -> bool:
        """A pool's id shows it."""
        return self.id.startswith("pool-")


class Originators:
    """Those of the account. Its methods raise ClientError, BotoCoreError or Unmoved."""

    def __init__(self, sms: PinpointSMSVoiceV2Client, sleep: Callable[[float], None]) -> None:
        self._sms = sms
        self._sleep = sleep

    def find(self, given: str) -> Originator | None:
        """By its number, its id or its ARN; None if the account has none such."""
        name = given.rpartition("/")[2]
        if name.startswith("pool-"):
            return next((self._pool(each) for each in self._pools() if each["PoolId"] == name), None)
        for each in self._numbers():
            if name in {each["PhoneNumber"], each.get("PhoneNumberId")}:
                return _number(each)
        return None

    def again(self, originator: Originator) -> Originator:
        """As it is now."""
        if originator.is_pool:
            (pool,) = self._sms.describe_pools(PoolIds=[originator.id])["Pools"]
            return replace(originator, status=pool["Status"], handling=_handling(pool))
        (number,) = self._sms.describe_phone_numbers(PhoneNumberIds=[originator.id])["PhoneNumbers"]
        return _number(number)

    def change(self, originator: Originator, shows: Callable[[Handling], bool], **settings: Any) -> Originator:
        """Made, and looked at until it shows: the next step rests on it."""
        if originator.is_pool:
            self._sms.update_pool(PoolId=originator.id, **settings)
        else:
            self._sms.update_phone_number(PhoneNumberId=originator.id, **settings)
        for look in range(LOOKS):
            if look:
                self._sleep(PAUSE)
            found = self.again(originator)
            if shows(found.handling):
                return found
        raise Unmoved(f"AWS took {', '.join(settings)} for {originator.identity}, but does not show it: run this again")

    def _pool(self, described: Any) -> Originator:
        members = tuple(
            _member(each)
            for each in self._numbers()
            if each.get("PoolId") in {described["PoolId"], described["PoolArn"]}
        )
        return Originator(
            identity=described["PoolId"],
            id=described["PoolId"],
            arn=described["PoolArn"],
            status=described["Status"],
            handling=_handling(described),
            members=members,
        )

    def _numbers(self) -> Iterator[Any]:
        for page in self._sms.get_paginator("describe_phone_numbers").paginate(PaginationConfig=_PAGES):
            yield from page["PhoneNumbers"]

    def _pools(self) -> Iterator[Any]:
        for page in self._sms.get_paginator("describe_pools").paginate(PaginationConfig=_PAGES):
            yield from page["Pools"]


def _number(described: Any) -> Originator:
    return Originator(
        identity=described["PhoneNumber"],
        id=described["PhoneNumberId"],
        arn=described["PhoneNumberArn"],
        status=described["Status"],
        handling=_handling(described),
        members=(_member(described),),
        pool=described.get("PoolId"),
    )


def _member(described: Any) -> Member:
    return Member(
        number=described["PhoneNumber"],
        country=described["IsoCountryCode"],
        kind=described["NumberType"],
        status=described["Status"],
        texts="SMS" in described["NumberCapabilities"],
    )


def _handling(described: Any) -> Handling:
    return Handling(
        two_way=described["TwoWayEnabled"],
        channel=described.get("TwoWayChannelArn"),
        role=described.get("TwoWayChannelRole"),
        list_name=described["OptOutListName"],
        self_managed=described["SelfManagedOptOutsEnabled"],
    )
