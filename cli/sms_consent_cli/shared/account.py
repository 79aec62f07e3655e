"""Decides what an AWS account says of opt-out lists: which there are, how the ledger names one, and who obeys it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["Account", "ListedNumber", "OptOutList"]

PAGE = 100
_UNKNOWN = frozenset({"ResourceNotFoundException", "AccessDeniedException", "ValidationException"})
"""How the service refuses to tell of a list that another account does not share."""

_DENIED = frozenset({"AccessDeniedException", "UnknownOperationException", "NotImplemented"})


@dataclass(frozen=True, slots=True)
class OptOutList:
    """One list; another account's is known by its ARN alone."""

    name: str
    arn: str
    created_at: datetime
    shared: bool

    @property
    def reference(self) -> str:
        """The name by which the API takes the list, and under which the ledger keeps its consents."""
        return self.arn if self.shared else self.name


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """What a count needs to know of one number on a list."""

    end_user_opted_out: bool


class Account:
    """The account that the command works in. Its methods raise ClientError or BotoCoreError."""

    def __init__(self, sms: PinpointSMSVoiceV2Client) -> None:
        self._sms = sms

    @cached_property
    def lists(self) -> tuple[OptOutList, ...]:
        """Its own."""
        pages = self._sms.get_paginator("describe_opt_out_lists").paginate(Owner="SELF", PaginationConfig=_PAGES)
        return tuple(_opt_out_list(each, shared=False) for page in pages for each in page["OptOutLists"])

    def find(self, given: str) -> OptOutList | None:
        """By name or ARN, one of another account by ARN."""
        for each in self.lists:
            if given in {each.name, each.arn}:
                return each
        if not given.startswith("arn:"):
            return None
        try:
            found = self._sms.describe_opt_out_lists(OptOutListNames=[given])["OptOutLists"]
        except ClientError as error:
            if error.response["Error"].get("Code") in _UNKNOWN:
                return None
            raise
        return _opt_out_list(found[0], shared=True) if found else None

    def obeying(self, found: OptOutList) -> list[str]:
        """The numbers and pools of this account whose texts the list stops."""
        chosen: Any = [{"Name": "opt-out-list-name", "Values": [found.reference]}]
        return [identity for identity, _ in self._identities(chosen)]

    def list_of(self, identity: str) -> str | None:
        """The list that AWS has one of our numbers or pools obey, as the service names it; None if it does not say."""
        return self._obeyed.get(identity)

    @cached_property
    def _obeyed(self) -> dict[str, str]:
        try:
            return dict(self._identities([]))
        except ClientError as error:
            # Only a note hangs on it: who may set a sender need not be allowed to look at numbers.
            if error.response["Error"].get("Code") != "AccessDeniedException":
                raise
            return {}

    def _identities(self, filters: Any) -> Iterator[tuple[str, str]]:
        for page in self._sms.get_paginator("describe_phone_numbers").paginate(
            Filters=filters, PaginationConfig=_PAGES
        ):
            for number in page["PhoneNumbers"]:
                yield number["PhoneNumber"], number["OptOutListName"]
        for pools in self._sms.get_paginator("describe_pools").paginate(Filters=filters, PaginationConfig=_PAGES):
            for pool in pools["Pools"]:
                yield pool["PoolId"], pool["OptOutListName"]
        yield from self._agents(filters)

    def _agents(self, filters: Any) -> Iterator[tuple[str, str]]:
        try:
            for page in self._sms.get_paginator("describe_rcs_agents").paginate(
                Filters=filters, PaginationConfig=_PAGES
            ):
                for agent in page["RcsAgents"]:
                    yield agent["RcsAgentId"], agent.get("OptOutListName", "Default")
        except ClientError as error:
            # Who may read numbers and pools need not be allowed to read agents.
            if error.response["Error"].get("Code") not in _DENIED:
                raise

    def numbers_on(self, found: OptOutList, wait: Callable[[], None]) -> Iterator[list[ListedNumber]]:
        """Page by page, of a hundred at the most; ``wait`` keeps to the rate of one request a second."""
        place: dict[str, Any] = {}
        while True:
            wait()
            page = self._sms.describe_opted_out_numbers(OptOutListName=found.reference, MaxResults=PAGE, **place)
            yield [ListedNumber(bool(each.get("EndUserOptedOut"))) for each in page["OptedOutNumbers"]]
            if not page.get("NextToken"):
                return
            place = {"NextToken": page["NextToken"]}


_PAGES: Any = {"PageSize": PAGE}


def _opt_out_list(described: Any, *, shared: bool) -> OptOutList:
    return OptOutList(
        described["OptOutListName"], described["OptOutListArn"], described["CreatedTimestamp"], shared=shared
    )
