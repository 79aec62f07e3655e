"""Changes of opt-out lists. A list that is in use cannot be deleted or unregistered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb.sender_store import Groups, SenderStore
from sms_consent_cli.commands.lists.service import ListService
from sms_consent_cli.shared.account import AccountList
from sms_consent_cli.shared.deployment import NotFound
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["ListChangeRefused", "ListChanges"]

_GROUP = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
A_PAGE = 100


class ListChangeRefused(Exception):
    """A list cannot be deleted or unregistered. The message has the reason and what to do."""


class ListChanges:
    """Sets, forgets and deletes lists. Methods return what was done; raise UsageError, NotFound, ClientError or BotoCoreError."""

    def __init__(self, service: ListService) -> None:
        self._service = service

    def set(self, given: str, *, group: str | None, no_group: bool) -> tuple[str, list[str]]:
        """Register a list with its group. Returns what was done, and notes."""
        if group is not None and not _GROUP.fullmatch(group):
            raise UsageError("a group is a name of 1 to 64 letters, digits, _, . and -")
        checks = self._service.checks
        name, found = checks.list_name(given)
        sender_store = self._sender_store()

        def change(groups: Groups) -> Groups:
            return groups | {name: None if no_group else group if group is not None else groups.get(name)}

        sender_store.change_groups(change)
        now_in = sender_store.groups().get(name)
        note = checks.note_of_permission(found) if found is not None else None
        message = f"{name} is known, {'in no group' if now_in is None else f'in the group {now_in}'}"
        return message, [note] if note is not None else []

    def forget(self, given: str) -> str:
        """Unregister a list that no sender uses. Raises ListChangeRefused."""
        sender_store = self._sender_store()
        groups = sender_store.groups()
        found = self._service.account.find(given) if given not in groups else None
        name = found.reference if found is not None else given
        if name not in groups:
            raise ListChangeRefused(f"{given} is not known here")
        self._refuse_if_used_here(name)
        _forget(sender_store, name)
        return f"{name} is forgotten: opt-outs no longer count for it"

    def delete(self, given: str, *, really: bool) -> str:
        """Delete a list in AWS, and then unregister it. Raises ListChangeRefused.

        In this order, an existing list is never unregistered: a STOP with OptOutScope=ALL would miss it.
        """
        account, sender_store = self._service.account, self._service.sender_store
        found = account.find(given)
        if found is None:
            if sender_store is not None and given in sender_store.groups():
                return f"AWS has no list {given}. {self.forget(given)}"
            raise ListChangeRefused(f"there is no list {given}")
        name = found.reference
        if found.shared:
            raise ListChangeRefused(f"{given} belongs to another account, and only that account can delete it")
        if name == self._service.deployment.own_list:
            raise ListChangeRefused(f"{given} is this deployment's own list")
        self._refuse_if_used_here(name)
        if identities := account.used_by(found):
            raise ListChangeRefused(
                f"{given} is used by {_some(identities)}: give them another list first (update-phone-number)"
            )
        if not really:
            raise ListChangeRefused(f"{self._who_is_on(found)}. Deleting {given} deletes its numbers too: give --yes")
        try:
            self._service.deployment.sms_voice().delete_opt_out_list(OptOutListName=found.name)
        except ClientError as error:
            if error.response["Error"].get("Code") != "ConflictException":
                raise
            raise ListChangeRefused(f"AWS keeps {given}: {error.response.get('Reason', 'it is in use')}") from error
        if sender_store is None:
            return f"{given} is deleted. There is no deployment here that may use it."
        _forget(sender_store, name)
        return f"{given} is deleted, and forgotten here"

    def _who_is_on(self, found: AccountList) -> str:
        page = next(self._service.account.numbers_on(found, lambda: None))
        if not page:
            return f"{found.name} is empty"
        if len(page) == 1:
            return f"1 number on {found.name} is opted out"
        return f"{len(page)} numbers{' or more' if len(page) == A_PAGE else ''} on {found.name} are opted out"

    def _refuse_if_used_here(self, name: str) -> None:
        if users := self._service.senders_of(name):
            raise ListChangeRefused(
                f'{name} is used by {_some(users)}: set another list for them first ("senders set")'
            )

    def _sender_store(self) -> SenderStore:
        if self._service.sender_store is None:
            raise NotFound("there is no deployment here: give --stack or --table")
        return self._service.sender_store


def _forget(sender_store: SenderStore, name: str) -> None:
    sender_store.change_groups(lambda groups: {each: group for each, group in groups.items() if each != name})


def _some(identities: Sequence[str]) -> str:
    more = f" and {len(identities) - 3} more" if len(identities) > 3 else ""
    return ", ".join(identities[:3]) + more
