"""The opt-out lists of an AWS account, and the numbers, pools and RCS agents that use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["Account", "AccountList", "ListedNumber"]

PAGE = 100
_UNKNOWN = frozenset({"ResourceNotFoundException", "AccessDeniedException", "ValidationException"})
"""Error codes of AWS for a list that another account does not share with this one."""

_DENIED = frozenset({"AccessDeniedException", "UnknownOperationException", "NotImplemented"})


@dataclass(frozen=True, slots=True)
class AccountList:
    """An opt-out list. For a list that another account shares, only the ARN is known."""

    name: str
    arn: str
    created_at: datetime
    shared: bool

    @property
    def reference(self) -> str:
        """The name or ARN that the API takes, which is also the list's name in the ledger."""
        return self.arn if self.shared else self.name


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """An entry of an opt-out list, with what is needed for counting."""

    end_user_opted_out: bool


class Account:
    """Read access to the caller's account. Methods raise ClientError or BotoCoreError."""

    def __init__(self, sms: PinpointSMSVoiceV2Client) -> None:
        self._sms = sms

    @cached_property
    def lists(self) -> tuple[AccountList, ...]:
        """The account's own lists."""
        pages = self._sms.get_paginator("describe_opt_out_lists").paginate(Owner="SELF", PaginationConfig=_PAGES)
        return tuple(_opt_out_list(each, shared=False) for page in pages for each in page["OptOutLists"])

    def find(self, given: str) -> AccountList | None:
        """Return the list with a name or ARN, or None. Lists of other accounts are found by ARN only."""
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

    def used_by(self, found: AccountList) -> list[str]:
        """Return the numbers, pools and RCS agents of this account that use a list."""
        chosen: Any = [{"Name": "opt-out-list-name", "Values": [found.reference]}]
        return [identity for identity, _ in self._identities(chosen)]

    def list_of(self, identity: str) -> str | None:
        """Return the list that AWS uses for a number, pool or RCS agent, or None if AWS does not return one."""
        return self._list_by_identity.get(identity)

    @cached_property
    def _list_by_identity(self) -> dict[str, str]:
        try:
            return dict(self._identities([]))
        except ClientError as error:
            # Needed for a note only. A caller who may set senders need not have the permission to describe numbers.
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
            # A caller who may describe numbers and pools need not have the permission to describe RCS agents.
            if error.response["Error"].get("Code") not in _DENIED:
                raise

    def numbers_on(self, found: AccountList, wait: Callable[[], None]) -> Iterator[list[ListedNumber]]:
        """Yield the numbers on a list, at most a hundred at a time.

        ``wait`` is called before each request, to keep to AWS's rate of one request a second.
        """
        place: dict[str, Any] = {}
        while True:
            wait()
            page = self._sms.describe_opted_out_numbers(OptOutListName=found.reference, MaxResults=PAGE, **place)
            yield [ListedNumber(bool(each.get("EndUserOptedOut"))) for each in page["OptedOutNumbers"]]
            if not page.get("NextToken"):
                return
            place = {"NextToken": page["NextToken"]}


_PAGES: Any = {"PageSize": PAGE}


def _opt_out_list(described: Any, *, shared: bool) -> AccountList:
    return AccountList(
        described["OptOutListName"], described["OptOutListArn"], described["CreatedTimestamp"], shared=shared
    )
