"""Completes list copies, and starts one when the stack has a new list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sms_consent.adapters.dynamodb.known_lists import Lists, ListStore
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.recording.list_copy import RECHECK_AFTER, SETTLE, ListCopier, ListCopy

__all__ = ["ListCopies"]

TURN = "carry"
MARGIN = timedelta(minutes=1)
"""Longer than one page takes."""


@dataclass(frozen=True, kw_only=True)
class ListCopies:
    """The list copies of ReconcileFunction. Every step is safe to repeat."""

    own_list: str
    list_store: ListStore
    copier: ListCopier
    ledger: ConsentLedger
    clock: Clock
    new_token: Callable[[], str]

    def run(self, until: datetime) -> tuple[ListCopy, ...]:
        """Complete the copies that can be completed before ``until``. Return the others. Raises TryAgain or Rejected."""
        lists = self._noticed()
        now = self.clock.now()
        ready = [copy for copy in lists.copies if copy.at + SETTLE <= now]
        ready += [recheck for recheck in lists.rechecks if recheck.at + RECHECK_AFTER <= now]
        worker = self.new_token()
        if not ready or not self.ledger.take_turn(TURN, worker, now, until + MARGIN):
            return lists.copies
        try:
            for copy in ready:
                if self.clock.now() >= until:
                    break
                place = self.copier.copy(copy, lambda _: None, until)
                lists = self._changed(lambda lists, done=copy, at=place: _copied(lists, done, at))  # type: ignore[misc]
        finally:
            self.ledger.end_turn(TURN, worker, self.clock.now())
        return lists.copies

    def _noticed(self) -> Lists:
        """Start a copy from the old list if the stack was deployed with another one."""
        now = self.clock.now()

        def noticed(lists: Lists) -> Lists:
            if lists.own == self.own_list:
                return lists
            copies = lists.copies
            if lists.own is not None:
                copies = lists.with_copy(ListCopy(source=lists.own, target=self.own_list, at=now))
            return replace(lists, own=self.own_list, copies=copies)

        return self._changed(noticed)

    def _changed(self, change: Callable[[Lists], Lists]) -> Lists:
        with translated():
            return self.list_store.change_lists(change)


def _copied(lists: Lists, copy: ListCopy, place: str | None) -> Lists:
    recheck = copy.until is not None
    if place is None:
        return lists.rechecked(copy) if recheck else lists.completed(copy)

    def moved(copies: tuple[ListCopy, ...]) -> tuple[ListCopy, ...]:
        """Return the copies with this one at its new position; one that was requested again meanwhile restarts."""
        return tuple(replace(each, place=place) if each == copy else each for each in copies)

    return replace(lists, rechecks=moved(lists.rechecks)) if recheck else replace(lists, copies=moved(lists.copies))
