"""Which opt-out lists there are and how they are grouped: one item of the ledger's table, remembered for a minute.

One item, since an account has 25 lists by default: an opt-out with a wider scope costs one read more, once a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sms_consent.aws.attributes import Plain, from_attributes, to_attributes
from sms_consent.aws.senders import REMEMBERED_FOR
from sms_consent.aws.translation import translated
from sms_consent.ports import Clock
from sms_consent.scope import KnownList

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["KEY", "RememberedLists", "known_lists_from", "known_lists_item"]

KEY: Mapping[str, Plain | None] = {"pk": "LISTS", "sk": "LISTS"}


def known_lists_item(
    lists: Iterable[KnownList], revision: int, standing: Mapping[str, Any] | None = None
) -> dict[str, Plain | None]:
    """``revision`` is compared by the next change. What ``standing`` holds beyond names and groups is kept."""
    before = standing or {}
    kept: Mapping[str, Mapping[str, Plain]] = before.get("lists", {})
    groups: dict[str, Plain] = {}
    for each in lists:
        others = {name: value for name, value in kept.get(each.name, {}).items() if name != "group"}
        groups[each.name] = {**others, "group": each.group} if each.group is not None else others
    return {**before, **KEY, "lists": groups, "revision": revision}


def known_lists_from(item: Mapping[str, Any]) -> tuple[KnownList, ...]:
    """The inverse, in the order of their names."""
    lists: Mapping[str, Mapping[str, str]] = item["lists"]
    return tuple(KnownList(name=name, group=lists[name].get("group")) for name in sorted(lists))


class RememberedLists:
    """Look-up of the lists; a change takes effect within a minute everywhere."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._known: tuple[datetime, tuple[KnownList, ...]] | None = None

    def __call__(self) -> tuple[KnownList, ...]:
        """Raises TryAgain or Rejected."""
        now = self._clock.now()
        if self._known is None or now - self._known[0] >= REMEMBERED_FOR:
            with translated():
                answer = self._client.get_item(TableName=self._table, Key=to_attributes(KEY))
            item = answer.get("Item")
            self._known = now, known_lists_from(from_attributes(item)) if item is not None else ()
        return self._known[1]
