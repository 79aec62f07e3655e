"""Decides what is known of an opt-out list: in the account, and in what the deployment was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.adapters.dynamodb.sender_store import Groups, SenderStore
from sms_consent.domain.rate_limiter import Call, RateLimiter
from sms_consent.domain.time import as_text
from sms_consent.recording.list_copy import ListCopy
from sms_consent_cli.shared.account import Account, OptOutList
from sms_consent_cli.shared.aws_clock import SteadyClock
from sms_consent_cli.shared.deployment import Deployment, NotFound
from sms_consent_cli.shared.list_copying import Choice, ListCarrying, Move
from sms_consent_cli.shared.sender_checks import SenderChecks
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Count", "Described", "Known", "ListService"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A list that requests may count for."""

    name: str
    group: str | None
    own: bool
    senders: tuple[str, ...]
    writable: bool | None  # by the functions; None where there is no stack, or no such list, to tell

    def view(self) -> dict[str, Any]:
        """For programs."""
        view = {
            "name": self.name,
            "group": self.group,
            "own": self.own,
            "senders": list(self.senders),
            "writable": self.writable,
        }
        return {name: value for name, value in view.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A list of the account, or one that another account shares."""

    found: OptOutList
    here: Known | None  # None where there is no deployment
    obeying: tuple[str, ...]

    def view(self) -> dict[str, Any]:
        """For programs."""
        view = {
            "name": self.found.name,
            "arn": self.found.arn,
            "createdAt": as_text(self.found.created_at),
            "shared": self.found.shared,
            "obeyedBy": list(self.obeying),
        }
        return view | ({"here": self.here.view()} if self.here is not None else {})


@dataclass(slots=True)
class Count:
    """How many numbers are on a list, and how many of them AWS's own keyword handling put there."""

    total: int = 0
    end_user: int = 0

    def view(self) -> dict[str, int]:
        """For programs."""
        return {"total": self.total, "endUserOptedOut": self.end_user}


class ListService:
    """The account's lists, and the deployment's settings. Its methods raise Refusal, NotFound, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment, *, optional: bool) -> None:
        """``optional``: whether there may be no deployment."""
        self.deployment = deployment
        self._optional = optional

    @cached_property
    def account(self) -> Account:
        """In which the deployment is."""
        return Account(self.deployment.sms_voice())

    @cached_property
    def book(self) -> SenderStore | None:
        """None where there is no deployment and there need not be one."""
        try:
            return SenderStore(self.deployment.dynamodb(), self.deployment.table, self.deployment.names)
        except NotFound:
            if self._optional:
                return None
            raise

    @cached_property
    def checks(self) -> SenderChecks:
        """What a list must be."""
        return SenderChecks(self.deployment, self.account)

    # --- to be looked at

    def known(self) -> list[Known]:
        """The stack's own list first."""
        groups = self._groups()
        own = self.deployment.own_list
        names = [*([own] if own is not None else []), *(name for name in groups if name != own)]
        return [self._known(name, groups, self.account.find(name)) for name in names]

    def scopes(self) -> tuple[str, str] | None:
        """How far opt-outs and opt-ins go; None where there is no stack to tell."""
        if not self.deployment.has_stack:
            return None
        parameter = self.deployment.parameter
        return parameter("OptOutScope", "SENDER"), parameter("OptInScope", "SENDER")

    def described(self, name: str) -> Described | None:
        """None if there is no such list."""
        found = self.account.find(name)
        if found is None:
            return None
        here = self._known(found.reference, self._groups(), found) if self.book is not None else None
        return Described(found=found, here=here, obeying=tuple(self.account.obeying(found)))

    def count(self, described: Described, tell: Callable[[int], None]) -> Count:
        """At the rate that the deployment was told, else at that of every account; ``tell`` hears how far it is."""
        rate = float(self.deployment.parameter("DescribeRequestsPerSecond", "1"))
        pace = RateLimiter(SteadyClock(), {Call.FIND: rate})
        counted = Count()
        for page in self.account.numbers_on(described.found, lambda: pace.take(Call.FIND)):
            counted.total += len(page)
            counted.end_user += sum(number.end_user_opted_out for number in page)
            tell(counted.total)
        return counted

    # --- copies between lists

    def carries(self) -> tuple[ListCopy, ...]:
        """Copies of opt-outs from one list to another that are not complete."""
        return self.book.lists().carries if self.book is not None else ()

    def carry(self, source: str, target: str, *, forget: bool) -> str:
        """Copy now, or forget what is still to be copied. Returns what was done."""
        deployment = self.deployment
        if self.book is None:
            raise NotFound("there is no deployment here: give --stack or --table")
        move = Move(deployment.names.canonical(source), self.checks.list_name(target)[0])
        if move.source == move.target:
            raise UsageError(f"{source} and {target} are one list")
        carrying = ListCarrying(deployment, self.book, deployment.clock)
        if forget:
            gone = carrying.forget(move)
            state = "is no longer" if gone else "was not being"
            return f"{move.source} {state} copied to {move.target}"
        carrying.begin([move], Choice.CARRY)
        return f"{carrying.finish([move.target])} consents of {move.source} were copied to {move.target}"

    # --- its parts

    def _known(self, name: str, groups: Groups, found: OptOutList | None) -> Known:
        return Known(
            name=name,
            group=groups.get(name),
            own=name == self.deployment.own_list,
            senders=self.senders_of(name),
            writable=self.checks.may_write(found) if found is not None else None,
        )

    def senders_of(self, name: str) -> tuple[str, ...]:
        """Whose texts count for it."""
        return tuple(sender.identity for sender in self._senders if sender.list_name == name)

    @cached_property
    def _senders(self) -> list[Any]:
        return self.book.senders() if self.book is not None else []

    def _groups(self) -> Groups:
        return self.book.groups() if self.book is not None else {}
