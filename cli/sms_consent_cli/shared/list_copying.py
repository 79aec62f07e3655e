"""Copying of consents when a sender's opt-out list changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
from sms_consent.adapters.dynamodb.known_lists import Lists
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.domain.ports import Clock
from sms_consent.recording.list_copy import SETTLE, Affected, ListCopier, ListCopy
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import say
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Choice", "ListCopying", "Move", "list_choice"]


class Choice(StrEnum):
    """Whether the opt-outs on the old list are copied."""

    CARRY = "CARRY"
    FORGET = "FORGET"


def list_choice(*, copy: bool, forget: bool) -> Choice | None:
    """Return the choice by ``--carry`` and ``--forget``. Raises UsageError if both are given."""
    if copy and forget:
        raise UsageError("give --carry or --forget")
    return Choice.CARRY if copy else Choice.FORGET if forget else None


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """A change from one list to another. An empty target is the stack's own list, if its name is not known."""

    source: str
    target: str


class ListCopying:
    """Copies consents between lists. Every step can be repeated.

    Methods raise UsageError, TryAgain, Rejected, ClientError or BotoCoreError.
    """

    def __init__(self, deployment: Deployment, sender_store: SenderStore, clock: Clock) -> None:
        self._sender_store = sender_store
        self._clock = clock
        table, names = deployment.table, deployment.names
        self._copier = ListCopier(
            ledger=DynamoLedger(deployment.dynamodb(), table, names, clock=clock),
            scan=DynamoConsentScan(deployment.dynamodb(), table, names),
            clock=clock,
            actor=f"sms-consent by {os.environ.get('USER', 'an operator')}",
        )

    def require_choice(self, moves: Collection[Move], choice: Choice | None) -> None:
        """Raise UsageError if people are affected and no choice was given. Reads the whole ledger once for each list."""
        if choice is Choice.CARRY and any(not move.target for move in moves):
            raise UsageError("opt-outs would be copied to the stack's own list, which is not known: give --stack")
        if choice is not None:
            return
        affected_lists = []
        for source in sorted({move.source for move in moves}):
            targets = sorted(move.target for move in moves if move.source == source)
            with _read_count("read") as on_progress:
                affected = self._copier.count(source, targets, on_progress)
            affected_lists += [
                _describe(Move(source, target), affected[target]) for target in targets if affected[target].total
            ]
        if affected_lists:
            raise UsageError(
                f"{'; '.join(affected_lists)}. Give --carry to copy their consents to the new list, or --forget to leave "
                "them out: texts may then reach people who opted out"
            )

    def begin(self, moves: Collection[Move], choice: Choice | None) -> None:
        """Call before the change: record the copies to make, and with CARRY make them."""
        for copy in self._record_copies(moves, choice):
            if choice is Choice.CARRY:
                self._copy(copy)
        if choice is Choice.CARRY:
            self._record_copies(moves, choice)  # starts the time in which functions may still use the old list

    def finish(self, targets: Collection[str]) -> int:
        """Call after the change: wait until no function uses the old list, and copy what was recorded meanwhile.

        Returns how many consents were copied in all.
        """
        copies = [copy for copy in self._sender_store.lists().copies if copy.target in targets]
        if not copies:
            return self._copier.copied
        rest = max(copy.at for copy in copies) + SETTLE - self._clock.now()
        if rest > timedelta():
            with _status(f"waiting {rest.total_seconds():.0f} s, until all functions use the new list"):
                self._clock.sleep(rest.total_seconds())
        for copy in copies:
            self._copy(replace(copy, place=None))
            self._complete(copy)
        return self._copier.copied

    def forget(self, move: Move) -> bool:
        """Cancel a pending copy. Returns whether there was one."""
        before, now = self._sender_store.lists().copies, self._clock.now()
        gone = tuple(each for each in before if (each.source, each.target) == (move.source, move.target))
        self._sender_store.change_lists(
            lambda lists: replace(
                lists,
                copies=tuple(each for each in lists.copies if each not in gone),
                rechecks=tuple(
                    each for each in lists.rechecks if (each.source, each.target) != (move.source, move.target)
                ),
                left_behind=lists.leaving_behind(move.source, now),
            )
        )
        return bool(gone)

    def _complete(self, copy: ListCopy) -> None:
        self._sender_store.change_lists(lambda lists: lists.completed(copy))

    def _record_copies(self, moves: Collection[Move], choice: Choice | None) -> list[ListCopy]:
        """Record the copies in the ledger, so that ReconcileFunction completes them if this command is killed.

        With FORGET, this copies only a STOP that a function records for the old list after the change.
        """
        now = self._clock.now()
        since = now if choice is Choice.FORGET else None
        copies = [
            ListCopy(source=each.source, target=each.target, at=now, since=since) for each in moves if each.target
        ]

        def marked(lists: Lists) -> Lists:
            for copy in copies:
                lists = replace(lists, copies=lists.with_copy(copy))
            for move in moves if choice is Choice.FORGET else ():
                lists = replace(lists, left_behind=lists.leaving_behind(move.source, now))
            return lists

        self._sender_store.change_lists(marked)
        return copies

    def _copy(self, copy: ListCopy) -> None:
        with _read_count(f"copying opt-outs of {copy.source} to {copy.target}: read") as on_progress:
            self._copier.copy(copy, on_progress)


def _describe(move: Move, affected: Affected) -> str:
    people = "1 person is" if affected.total == 1 else f"{affected.total} people are"
    waiting = f" ({affected.pending} of them with a pending opt-in)" if affected.pending else ""
    there = f"not on {move.target}" if move.target else "perhaps not on the stack's own list"
    return f"{people} opted out on {move.source}{waiting}, and {there}"


@contextmanager
def _read_count(what: str) -> Iterator[Callable[[int], None]]:
    """Show in a terminal how many items have been read. A large ledger takes minutes."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield lambda _: None
        return
    with out.status(f"{what} …") as status:
        yield lambda read: status.update(f"{what} {read} items of the ledger …")


@contextmanager
def _status(what: str) -> Iterator[None]:
    out = console(stderr=True)
    if not out.is_terminal:
        say(what, err=True)
        yield
        return
    with out.status(f"{what} …"):
        yield
