"""Stores senders and groups of lists, for functions to read and operators to list.

A function reads one sender by its key. To list senders without a scan of millions of consents, each sender has a second item
under a common key. The second item is written first and deleted last: every sender that a function knows is listed, and an
interrupted command can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sms_consent.adapters.dynamodb import items  # noqa: F401  registers Sender
from sms_consent.adapters.dynamodb.codec import Attributes, decode, encode, from_attributes, key_of, to_attributes
from sms_consent.adapters.dynamodb.known_lists import ListStore
from sms_consent.domain.ports import Sender

__all__ = ["Groups", "SenderStore"]

EVERY_SENDER = "SENDERS"

Groups = dict[str, str | None]
"""The group of each known list."""


class SenderStore(ListStore):
    """A deployment's senders and lists. Its methods raise ClientError or BotoCoreError."""

    # --- senders

    def senders(self) -> list[Sender]:
        """Return all senders, by identity."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :every",
            ExpressionAttributeValues={":every": {"S": EVERY_SENDER}},
            ConsistentRead=True,
        )
        return [self._sender(from_attributes(item)) for page in pages for item in page["Items"]]

    def sender(self, identity: str) -> Sender | None:
        """Return a sender's settings from the item that functions read, or None."""
        item = self._item(key_of(Sender, identity=identity))
        return self._sender(item) if item is not None else None

    def holds(self, sender: Sender) -> bool:
        """Return whether both items of a sender have these settings. After an interruption they may differ."""
        listed = self._item(_index_key(sender.identity))
        return listed is not None and self._sender(listed) == sender == self.sender(sender.identity)

    def write(self, sender: Sender) -> None:
        """Write a sender, after its list: an opt-out for all lists must not miss one that is in use."""
        self.change_groups(lambda groups: {sender.list_name: None, **groups})
        current = self.sender(sender.identity)
        # What a newer version has stored for this sender stays.
        item = encode(replace(sender, preserved=current.preserved if current is not None else None))
        for key in (_index_key(sender.identity), key_of(Sender, identity=sender.identity)):
            self._client.put_item(TableName=self._table, Item={**item, **key})

    def remove(self, identity: str) -> bool:
        """Delete a sender, and return whether there was one. Its list stays known, since people have opted out of it."""
        stood = False
        for key in (key_of(Sender, identity=identity), _index_key(identity)):
            answer = self._client.delete_item(TableName=self._table, Key=key, ReturnValues="ALL_OLD")
            stood = stood or "Attributes" in answer
        return stood

    # --- lists

    def groups(self) -> Groups:
        """Return each known list's group, by the list's name."""
        return dict(self.lists().groups)

    def change_groups(self, change: Callable[[Groups], Groups]) -> None:
        """Change the groups by a conditional write. Nothing is written if nothing changes."""
        self.change_lists(lambda lists: replace(lists, groups=change(dict(lists.groups))))

    # --- the table

    def _sender(self, item: dict[str, Any]) -> Sender:
        found = decode(Sender, item)
        return replace(found, list_name=self._names.canonical(found.list_name))


def _index_key(identity: str) -> Attributes:
    return to_attributes({"pk": EVERY_SENDER, "sk": identity})
