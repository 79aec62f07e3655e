"""A deployment with several opt-out lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from support.world import LIST, PERSON, World, deployed

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import to_attributes
from sms_consent.adapters.dynamodb.known_lists import known_lists_item
from sms_consent.bootstrap.container import Container
from sms_consent.domain.consent import Consent
from sms_consent.domain.propagation import KnownList, Reach

GROUPS = {"Marketing": "promotions", "Club": "promotions", "Alerts": None}
"""The lists beside the stack's own, and their groups."""


@dataclass
class Lists:
    """A deployment, its lists, and how far its requests go."""

    world: World

    def reach(self, *, opt_out: Reach = Reach.SENDER, opt_in: Reach = Reach.SENDER) -> Lists:
        """Deploy with another scope."""
        chosen = replace(self.world.parts.settings, opt_out_scope=opt_out, opt_in_scope=opt_in)
        self.world.parts = Container(chosen, paced=False)
        return self

    def know(self, groups: dict[str, str | None]) -> None:
        """Write the item that the functions read."""
        lists = [KnownList(name=name, group=group) for name, group in groups.items()]
        clients.dynamodb().put_item(TableName=self.world.table, Item=to_attributes(known_lists_item(lists, 1)))

    def consent(self, list_name: str) -> Consent | None:
        return self.world.parts.ledger.consent(PERSON, list_name)

    def on(self) -> set[str]:
        """Return the lists that have the person's number."""
        return {name for name in (LIST, *GROUPS) if self._is_on(name)}

    def _is_on(self, name: str) -> bool:
        numbers = self.world.aws.describe_opted_out_numbers(OptOutListName=name)["OptedOutNumbers"]
        return PERSON in {each["OptedOutNumber"] for each in numbers}

    def outcomes(self) -> list[str]:
        """What the history says that each decision did."""
        return [item["outcome"]["S"] for item in self.world.history()]


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lists]:
    """Three lists beside the stack's own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with deployed() as world:
        for name in GROUPS:
            world.aws.create_opt_out_list(OptOutListName=name)
        made = Lists(world)
        made.know(GROUPS)
        yield made


@pytest.fixture
def fail_save(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, BaseException], None]:
    """Have the next write of the consent for one list end in an error, before it takes effect."""

    def fail(list_name: str, error: BaseException) -> None:
        save, pending = lists.world.parts.ledger.save, [error]

        def failing(consent: Consent, replacing: Consent | None) -> None:
            if consent.list_name == list_name and pending:
                raise pending.pop()
            save(consent, replacing)

        monkeypatch.setattr(lists.world.parts.ledger, "save", failing)

    return fail


@pytest.fixture
def reads(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The partition keys of whatever is read from the ledger's table from here on."""
    seen: list[str] = []
    client = clients.dynamodb()
    get_item = client.get_item

    def watched(**values: Any) -> Any:
        seen.append(values["Key"]["pk"]["S"])
        return get_item(**values)

    monkeypatch.setattr(client, "get_item", watched)
    return seen
