"""Propagation: the further opt-out lists that a decision counts for, besides the sender's own.

Whether one STOP ends everything that a company sends depends on rules that have been changed and delayed repeatedly (47 CFR
64.1200(a)(10), "revoke all"). So it is configuration: a deployment chooses a reach for opt-outs and one for opt-ins, and the
ledger holds the lists and their groups, so that they can change without a deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sms_consent.domain.decision import Asked, Author, Decision

__all__ = ["KnownList", "Reach", "Scope"]


class Reach(StrEnum):
    """The set of lists that a decision counts for."""

    SENDER = "SENDER"  # the sender's own list
    GROUP = "GROUP"  # and every list of the group that it is in
    ALL = "ALL"  # every list that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownList:
    """An opt-out list that this deployment writes to. It is in at most one group."""

    name: str
    group: str | None = None


_ASKED_BY_PEOPLE = frozenset({Author.END_USER, Author.AGENT})
"""Imports, and opt-outs that AWS reports, concern only the list that they name."""


class Scope:
    """Returns the lists that a decision counts for, by a deployment's reach for opt-outs and for opt-ins."""

    def __init__(
        self, *, opt_out: Reach, opt_in: Reach, own_list: str, lists: Callable[[], Iterable[KnownList]]
    ) -> None:
        """``lists`` is called only if other lists may count. ``own_list`` is the list of senders without settings."""
        self._reach = {Asked.OPT_OUT: opt_out, Asked.OPT_IN: opt_in}
        self._own_list = own_list
        self._lists = lists

    def is_wider(self, decision: Decision) -> bool:
        """Return whether a decision counts for other lists too."""
        return decision.author in _ASKED_BY_PEOPLE and self._reach[decision.asked] is not Reach.SENDER

    def beyond(self, decision: Decision, list_name: str) -> tuple[str, ...]:
        """Return the other lists that a decision counts for, sorted by name. Raises TryAgain or Rejected if they cannot be
        read."""
        reach = self._reach[decision.asked]
        if reach is Reach.SENDER or decision.author not in _ASKED_BY_PEOPLE:
            return ()
        groups = {self._own_list: None} | {each.name: each.group for each in self._lists()}
        group = groups.get(list_name)
        if reach is Reach.GROUP and group is None:
            return ()
        return tuple(
            sorted(name for name in groups if name != list_name and (reach is Reach.ALL or groups[name] == group))
        )
