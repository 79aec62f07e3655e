"""Decides what may be done to an opt-out list: no list goes that somebody uses, and none is passed by that still stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb.sender_store import Groups, SenderStore
from sms_consent_cli.commands.lists.service import ListService
from sms_consent_cli.shared.account import OptOutList
from sms_consent_cli.shared.deployment import NotFound
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Kept", "ListChanges"]

_GROUP = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
A_PAGE = 100


class Kept(Exception):
    """A list that is neither deleted nor forgotten; the message says why, and what would do."""


class ListChanges:
    """Sets, forgets and deletes. Methods tell what was done, and raise Refusal, NotFound, ClientError or BotoCoreError."""

    def __init__(self, office: ListService) -> None:
        self._office = office

    def set(self, given: str, *, group: str | None, no_group: bool) -> tuple[str, list[str]]:
        """Known from then on; and what its owner should know."""
        if group is not None and not _GROUP.fullmatch(group):
            raise UsageError("a group is a name of 1 to 64 letters, digits, _, . and -")
        checks = self._office.checks
        name, found = checks.list_name(given)
        book = self._book()

        def change(groups: Groups) -> Groups:
            return groups | {name: None if no_group else group if group is not None else groups.get(name)}

        book.change_groups(change)
        now_in = book.groups().get(name)
        note = checks.note_of_permission(found) if found is not None else None
        told = f"{name} is known, {'in no group' if now_in is None else f'in the group {now_in}'}"
        return told, [note] if note is not None else []

    def forget(self, given: str) -> str:
        """Only where no sender counts for it. Raises Kept."""
        book = self._book()
        groups = book.groups()
        found = self._office.account.find(given) if given not in groups else None
        name = found.reference if found is not None else given
        if name not in groups:
            raise Kept(f"{given} is not known here")
        self._refuse_if_used_here(name)
        _forget(book, name)
        return f"{name} is forgotten: opt-outs count for it no more"

    def delete(self, given: str, *, really: bool) -> str:
        """Deleted in AWS first: a list that still stands must not be forgotten, or a STOP would pass it by. Raises Kept."""
        account, book = self._office.account, self._office.book
        found = account.find(given)
        if found is None:
            if book is not None and given in book.groups():
                return f"AWS has no list {given}. {self.forget(given)}"
            raise Kept(f"there is no list {given}")
        name = found.reference
        if found.shared:
            raise Kept(f"{given} is another account's: only that one can delete it")
        if name == self._office.deployment.own_list:
            raise Kept(f"{given} is this deployment's own list")
        self._refuse_if_used_here(name)
        if obeying := account.obeying(found):
            raise Kept(f"{given} is obeyed by {_some(obeying)}: give them another list first (update-phone-number)")
        if not really:
            raise Kept(f"{self._who_is_on(found)}. Deleting {given} deletes that too: give --yes")
        try:
            self._office.deployment.sms_voice().delete_opt_out_list(OptOutListName=found.name)
        except ClientError as error:
            if error.response["Error"].get("Code") != "ConflictException":
                raise
            raise Kept(f"AWS keeps {given}: {error.response.get('Reason', 'it is in use')}") from error
        if book is None:
            return f"{given} is deleted. There is no deployment here whose senders could count for it."
        _forget(book, name)
        return f"{given} is deleted, and forgotten here"

    def _who_is_on(self, found: OptOutList) -> str:
        page = next(self._office.account.numbers_on(found, lambda: None))
        if not page:
            return f"Nobody is on {found.name}"
        if len(page) == 1:
            return f"1 number on {found.name} is opted out"
        return f"{len(page)} numbers{' or more' if len(page) == A_PAGE else ''} on {found.name} are opted out"

    def _refuse_if_used_here(self, name: str) -> None:
        if users := self._office.senders_of(name):
            raise Kept(f'{name} is the list of {_some(users)}: set another one for them first ("senders set")')

    def _book(self) -> SenderStore:
        if self._office.book is None:
            raise NotFound("there is no deployment here: give --stack or --table")
        return self._office.book


def _forget(book: SenderStore, name: str) -> None:
    book.change_groups(lambda groups: {each: group for each, group in groups.items() if each != name})


def _some(identities: Sequence[str]) -> str:
    more = f" and {len(identities) - 3} more" if len(identities) > 3 else ""
    return ", ".join(identities[:3]) + more
