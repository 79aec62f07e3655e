"""The known opt-out lists in one item of the ledger's table: groups, the stack's own list, and running list copies.

One item, since an account has 25 lists by default. Functions cache it for a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from sms_consent.adapters.clock import TimedCache
from sms_consent.adapters.dynamodb.codec import (
    Attributes,
    Plain,
    decode,
    from_attributes,
    moment,
    register,
    text,
    to_attributes,
)
from sms_consent.adapters.error_mapping import is_condition_failed, translated
from sms_consent.domain.errors import Moved
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.ports import Clock
from sms_consent.domain.propagation import KnownList
from sms_consent.domain.time import from_text
from sms_consent.domain.transitions import update
from sms_consent.recording.list_copy import ListCopy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["KEY", "CachedLists", "ListStore", "Lists", "known_lists_from", "known_lists_item"]

KEY: Mapping[str, Plain | None] = {"pk": "LISTS", "sk": "LISTS"}
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The known lists by name, and the list copies."""

    groups: Mapping[str, str | None] = field(default_factory=dict)
    own: str | None = None  # the stack's own list, as ReconcileFunction last saw it
    copies: tuple[ListCopy, ...] = ()  # copies that are not complete
    rechecks: tuple[ListCopy, ...] = ()  # second copies, a day after the first
    left_behind: Mapping[str, datetime] = field(
        default_factory=dict
    )  # lists whose opt-outs up to a time are not copied, by choice

    def leaving_behind(self, source: str, at: datetime) -> Mapping[str, datetime]:
        """Return ``left_behind`` with a further list, whose opt-outs up to ``at`` are not copied."""
        return {**self.left_behind, source: max(at, self.left_behind.get(source, at))}

    def with_copy(self, copy: ListCopy) -> tuple[ListCopy, ...]:
        """Return the copies with a further one. If there is one between the same two lists, both become one."""
        return _with(self.copies, copy)

    def completed(self, copy: ListCopy) -> Lists:
        """Return the lists after a copy was completed: its second copy is scheduled. A copy that was requested again
        stays."""
        return replace(self, copies=_without(self.copies, copy), rechecks=_with(self.rechecks, copy.recheck()))

    def rechecked(self, copy: ListCopy) -> Lists:
        """Return the lists after a second copy was completed."""
        return replace(self, rechecks=_without(self.rechecks, copy))


def _with(copies: tuple[ListCopy, ...], copy: ListCopy) -> tuple[ListCopy, ...]:
    others = tuple(each for each in copies if not _same(each, copy))
    stored = next((each for each in copies if _same(each, copy)), None)
    return (*others, copy if stored is None else stored.merged(copy))


def _without(copies: tuple[ListCopy, ...], done: ListCopy) -> tuple[ListCopy, ...]:
    return tuple(each for each in copies if not (_same(each, done) and each.at <= done.at))


def _same(one: ListCopy, other: ListCopy) -> bool:
    return (one.source, one.target) == (other.source, other.target)


def known_lists_item(
    lists: Iterable[KnownList], revision: int, stored: Mapping[str, Any] | None = None
) -> dict[str, Plain | None]:
    """Return the item of the lists. Attributes of ``stored`` that this version does not know are kept.

    The next change is written only if the stored revision is still ``revision``.
    """
    before = stored or {}
    kept: Mapping[str, Mapping[str, Plain]] = before.get("lists", {})
    groups: dict[str, Plain] = {}
    for each in lists:
        others = {name: value for name, value in kept.get(each.name, {}).items() if name != "group"}
        groups[each.name] = {**others, "group": each.group} if each.group is not None else others
    return {**before, **KEY, "lists": groups, "revision": revision}


def known_lists_from(item: Mapping[str, Any], names: ListNames | None = None) -> tuple[KnownList, ...]:
    """Return the lists in an item, sorted by name. A list that is stored under its name and under its ARN is returned
    once."""
    canonical = (names or ListNames()).canonical
    groups: dict[str, str | None] = {}
    for name, values in sorted(item.get("lists", {}).items(), key=lambda each: canonical(each[0]) != each[0]):
        groups[canonical(name)] = groups.get(canonical(name)) or values.get("group")
    return tuple(KnownList(name=name, group=groups[name]) for name in sorted(groups))


def _lists_from(item: Mapping[str, Any] | None, names: ListNames) -> Lists:
    if item is None:
        return Lists()
    own = item.get("own_list")
    return Lists(
        groups={each.name: each.group for each in known_lists_from(item, names)},
        own=names.canonical(own) if own else None,
        copies=tuple(decode(ListCopy, each) for each in item.get("carries", ())),
        rechecks=tuple(decode(ListCopy, each) for each in item.get("rechecks", ())),
        left_behind={name: from_text(at) for name, at in item.get("left_behind", {}).items()},
    )


register(
    ListCopy,
    fields={"source": text, "target": text, "at": moment, "since": moment, "until": moment, "place": text},
    strict=True,
)


@dataclass(frozen=True, slots=True)
class _StoredLists:
    lists: Lists
    item: Mapping[str, Any] | None = field(
        compare=False
    )  # as it was read, with attributes that this version does not know


class ListStore:
    """Reads and changes the item. Its methods raise ClientError or BotoCoreError."""

    def __init__(self, client: DynamoDBClient, table: str, names: ListNames | None = None) -> None:
        self._client = client
        self._table = table
        self._names = names or ListNames()

    def lists(self) -> Lists:
        """Return the lists, read consistently."""
        return _lists_from(self._item(to_attributes(KEY)), self._names)

    def change_lists(self, change: Callable[[Lists], Lists]) -> Lists:
        """Apply a change to what is stored, and return the lists after it. Nothing is written if nothing changes."""

        def changed(stored: _StoredLists | None) -> _StoredLists | None:
            return replace(stored, lists=change(stored.lists)) if stored is not None else None

        written = update(self._stored(), changed, self._save, attempts=ATTEMPTS)
        return cast("_StoredLists", written).lists

    def _stored(self) -> _StoredLists:
        item = self._item(to_attributes(KEY))
        return _StoredLists(_lists_from(item, self._names), item)

    def _save(self, changed: _StoredLists, stored: _StoredLists | None) -> None:
        item, lists = stored.item if stored is not None else None, changed.lists
        revision = item["revision"] if item is not None else 0
        known = [KnownList(name=name, group=group) for name, group in lists.groups.items()]
        written: dict[str, Any] = {**known_lists_item(known, revision + 1, item)}
        written["own_list"] = lists.own
        written["carries"] = lists.copies or None
        written["rechecks"] = lists.rechecks or None
        written["left_behind"] = lists.left_behind or None
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if revision:
            condition = {
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
            }
        try:
            self._client.put_item(TableName=self._table, Item=to_attributes(written), **condition)
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            raise Moved(self._stored()) from error

    def _item(self, key: Attributes) -> dict[str, Any] | None:
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return from_attributes(answer["Item"]) if "Item" in answer else None


class CachedLists:
    """The known lists, cached for a minute."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        clock: Clock,
        *,
        names: ListNames | None = None,
        own_list: str | None = None,
    ) -> None:
        """``own_list`` is the stack's own list; without it, a change of that list is not noticed."""
        self._client = client
        self._table = table
        self._clock = clock
        self._names = names or ListNames()
        self._own_list = own_list
        self._remembered = TimedCache[str, Lists](lambda _: self._read(consistent=False), clock)

    def __call__(self) -> tuple[KnownList, ...]:
        """Return the lists, sorted by name. Raises TryAgain or Rejected."""
        groups = self._remembered("").groups
        return tuple(KnownList(name=name, group=groups[name]) for name in sorted(groups))

    def read(self) -> Lists:
        """Return the lists by a consistent read, without the cache. Raises TryAgain or Rejected.

        A list copy is stored before the sender's new list, so a reader of the new list must also see the copy.
        """
        lists = self._read(consistent=True)
        if self._own_list is not None and lists.own is not None and lists.own != self._own_list:
            # The stack has another list since its last deployment, and ReconcileFunction has not noticed yet.
            copy = ListCopy(source=lists.own, target=self._own_list, at=self._clock.now())
            return replace(lists, copies=lists.with_copy(copy))
        return lists

    def _read(self, *, consistent: bool) -> Lists:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=to_attributes(KEY), ConsistentRead=consistent)
        item = answer.get("Item")
        return _lists_from(from_attributes(item) if item is not None else None, self._names)
