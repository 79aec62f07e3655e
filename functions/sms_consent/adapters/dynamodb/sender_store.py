"""Decides how senders, lists and groups stand in the ledger: as functions read them, and as an operator lists them.

A function reads one sender by its key, and all lists as one item. So that nobody has to scan a table of millions of
consents to list senders, each stands a second time, under a key that all share. That one is written first and deleted
last: whatever a function knows is listed, and whoever is interrupted can repeat what they did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import Plain, from_attributes, to_attributes
from sms_consent.adapters.dynamodb.known_lists import ListStore
from sms_consent.domain.ports import Sender

__all__ = ["Groups", "SenderStore"]

EVERY_SENDER = "SENDERS"

Groups = dict[str, str | None]
"""The group of each list that is known."""


class SenderStore(ListStore):
    """A deployment's senders, beside its lists. Its methods raise ClientError or BotoCoreError."""

    # --- senders

    def senders(self) -> list[Sender]:
        """All of them, by identity."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :every",
            ExpressionAttributeValues={":every": {"S": EVERY_SENDER}},
            ConsistentRead=True,
        )
        return [self._sender(from_attributes(item)) for page in pages for item in page["Items"]]

    def sender(self, identity: str) -> Sender | None:
        """As functions find it."""
        item = self._item(items.sender_key(identity))
        return self._sender(item) if item is not None else None

    def holds(self, sender: Sender) -> bool:
        """Whether both say the same: after an interruption, they may not."""
        listed = self._item(_index_key(sender.identity))
        return listed is not None and self._sender(listed) == sender == self.sender(sender.identity)

    def write(self, sender: Sender) -> None:
        """Its list becomes known before: an opt-out that counts for all lists must not miss one that is in use."""
        self.change_groups(lambda groups: {sender.list_name: None, **groups})
        standing = self.sender(sender.identity)
        # What a newer version has stored for this sender stays.
        item = items.sender_item(replace(sender, preserved=standing.preserved if standing is not None else None))
        for key in (_index_key(sender.identity), items.sender_key(sender.identity)):
            self._client.put_item(TableName=self._table, Item=to_attributes({**item, **key}))

    def remove(self, identity: str) -> bool:
        """Whether there was one. Its list stays known: people have opted out of it."""
        stood = False
        for key in (items.sender_key(identity), _index_key(identity)):
            answer = self._client.delete_item(TableName=self._table, Key=to_attributes(key), ReturnValues="ALL_OLD")
            stood = stood or "Attributes" in answer
        return stood

    # --- lists

    def groups(self) -> Groups:
        """By the lists' names."""
        return dict(self.lists().groups)

    def change_groups(self, change: Callable[[Groups], Groups]) -> None:
        """Written only if it changes something, and only over what was read."""
        self.change_lists(lambda lists: replace(lists, groups=change(dict(lists.groups))))

    # --- the table

    def _sender(self, item: dict[str, Any]) -> Sender:
        found = items.sender_from(item)
        return replace(found, list_name=self._names.canonical(found.list_name))


def _index_key(identity: str) -> dict[str, Plain | None]:
    return {"pk": EVERY_SENDER, "sk": identity}
