"""Information about opt-out lists, from the account and from the deployment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sms_consent.adapters.clock import QuotaRateLimiter
from sms_consent.adapters.dynamodb.sender_store import Groups, SenderStore
from sms_consent.domain.ports import Call
from sms_consent.domain.time import as_text
from sms_consent.recording.list_copy import ListCopy
from sms_consent_cli.shared.account import Account, AccountList
from sms_consent_cli.shared.aws_clock import SteadyClock
from sms_consent_cli.shared.deployment import Deployment, NotFound
from sms_consent_cli.shared.list_copying import Choice, ListCopying, Move
from sms_consent_cli.shared.sender_checks import SenderChecks
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Count", "ListDescription", "ListService", "ListSummary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSummary:
    """A list that the deployment knows: its group, its senders, and whether functions may write to it."""

    name: str
    group: str | None
    own: bool
    senders: tuple[str, ...]
    writable: bool | None  # by the functions; None where there is no stack, or no such list, to tell

    def view(self) -> dict[str, Any]:
        """Return the object for JSON."""
        view = {
            "name": self.name,
            "group": self.group,
            "own": self.own,
            "senders": list(self.senders),
            "writable": self.writable,
        }
        return {name: value for name, value in view.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDescription:
    """A list of the account, or one that another account shares."""

    found: AccountList
    here: ListSummary | None  # None where there is no deployment
    used_by: tuple[str, ...]

    def view(self) -> dict[str, Any]:
        """Return the object for JSON."""
        view = {
            "name": self.found.name,
            "arn": self.found.arn,
            "createdAt": as_text(self.found.created_at),
            "shared": self.found.shared,
            "obeyedBy": list(self.used_by),
        }
        return view | ({"here": self.here.view()} if self.here is not None else {})


@dataclass(slots=True)
class Count:
    """How many numbers are on a list, and how many of them AWS's own keyword handling added."""

    total: int = 0
    end_user: int = 0

    def view(self) -> dict[str, int]:
        """Return the object for JSON."""
        return {"total": self.total, "endUserOptedOut": self.end_user}


class ListService:
    """The account's lists and the deployment's settings. Methods raise UsageError, NotFound, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment, *, optional: bool) -> None:
        """Use a deployment, which need not exist if ``optional``."""
        self.deployment = deployment
        self._optional = optional

    @cached_property
    def account(self) -> Account:
        """The account of the deployment."""
        return Account(self.deployment.sms_voice())

    @cached_property
    def sender_store(self) -> SenderStore | None:
        """The store of senders and lists; None without a deployment."""
        try:
            return SenderStore(self.deployment.dynamodb(), self.deployment.table, self.deployment.names)
        except NotFound:
            if self._optional:
                return None
            raise

    @cached_property
    def checks(self) -> SenderChecks:
        """The checks of lists."""
        return SenderChecks(self.deployment, self.account)

    # --- to be looked at

    def known(self) -> list[ListSummary]:
        """Return the known lists, the stack's own first."""
        groups = self._groups()
        own = self.deployment.own_list
        names = [*([own] if own is not None else []), *(name for name in groups if name != own)]
        return [self._known(name, groups, self.account.find(name)) for name in names]

    def scopes(self) -> tuple[str, str] | None:
        """Return the scopes of opt-outs and opt-ins; None without a stack."""
        if not self.deployment.has_stack:
            return None
        parameter = self.deployment.parameter
        return parameter("OptOutScope", "SENDER"), parameter("OptInScope", "SENDER")

    def described(self, name: str) -> ListDescription | None:
        """Return the description of a list, or None if there is no such list."""
        found = self.account.find(name)
        if found is None:
            return None
        here = self._known(found.reference, self._groups(), found) if self.sender_store is not None else None
        return ListDescription(found=found, here=here, used_by=tuple(self.account.used_by(found)))

    def count(self, described: ListDescription, on_progress: Callable[[int], None]) -> Count:
        """Count the numbers on a list, at the deployment's rate. ``on_progress`` gets the count after every page."""
        rate = float(self.deployment.parameter("DescribeRequestsPerSecond", "1"))
        rate_limiter = QuotaRateLimiter(SteadyClock(), {Call.FIND: rate})
        counted = Count()
        for page in self.account.numbers_on(described.found, lambda: rate_limiter.take(Call.FIND)):
            counted.total += len(page)
            counted.end_user += sum(number.end_user_opted_out for number in page)
            on_progress(counted.total)
        return counted

    # --- copies between lists

    def copies(self) -> tuple[ListCopy, ...]:
        """Return the copies between lists that are not complete."""
        return self.sender_store.lists().copies if self.sender_store is not None else ()

    def copy(self, source: str, target: str, *, forget: bool) -> str:
        """Copy now, or cancel a copy that is not complete. Returns what was done."""
        deployment = self.deployment
        if self.sender_store is None:
            raise NotFound("there is no deployment here: give --stack or --table")
        move = Move(deployment.names.canonical(source), self.checks.list_name(target)[0])
        if move.source == move.target:
            raise UsageError(f"{source} and {target} are the same list")
        carrying = ListCopying(deployment, self.sender_store, deployment.clock)
        if forget:
            gone = carrying.forget(move)
            state = "is no longer" if gone else "was not being"
            return f"{move.source} {state} copied to {move.target}"
        carrying.begin([move], Choice.CARRY)
        return f"{carrying.finish([move.target])} consents of {move.source} were copied to {move.target}"

    # --- its parts

    def _known(self, name: str, groups: Groups, found: AccountList | None) -> ListSummary:
        return ListSummary(
            name=name,
            group=groups.get(name),
            own=name == self.deployment.own_list,
            senders=self.senders_of(name),
            writable=self.checks.may_write(found) if found is not None else None,
        )

    def senders_of(self, name: str) -> tuple[str, ...]:
        """Return the senders that use a list."""
        return tuple(sender.identity for sender in self._senders if sender.list_name == name)

    @cached_property
    def _senders(self) -> list[Any]:
        return self.sender_store.senders() if self.sender_store is not None else []

    def _groups(self) -> Groups:
        return self.sender_store.groups() if self.sender_store is not None else {}
