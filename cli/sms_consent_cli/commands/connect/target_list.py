"""The opt-out list that a sender must use: the one to which the ledger applies its texts."""

from __future__ import annotations

from dataclasses import dataclass

from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent_cli.commands.connect.originators import Originator
from sms_consent_cli.commands.connect.verdict import Check, bad, good
from sms_consent_cli.shared.account import Account, AccountList
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.sender_checks import SenderChecks

__all__ = ["Target", "Targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """A list, as AWS describes it and as the ledger names it."""

    found: AccountList
    ledger_name: str

    @property
    def name(self) -> str:
        """The list's name in AWS, also for a list of another account."""
        return self.found.name


class Targets:
    """Finds lists by the senders' settings, or the stack's own list. Methods raise NotFound, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment, account: Account, sender_store: SenderStore) -> None:
        self._deployment = deployment
        self._account = account
        self._sender_store = sender_store

    def of(self, originator: Originator) -> tuple[Target | None, Check]:
        """Return the list for a sender and the check's result; None if there is no single usable list."""
        names = {member.number: self._counted_for(member.number) for member in originator.members}
        if len(set(names.values())) > 1:
            message = ", ".join(f"{number} counts for {name}" for number, name in sorted(names.items()))
            return None, bad(
                "list", f"a pool uses one list, but {message}: give them the same list (sms-consent senders set)"
            )
        name = next(iter(names.values()), self._own_list())
        found = self._account.find(name)
        if found is None:
            return None, bad("list", f"its texts count for the list {name}, which does not exist")
        target = Target(found, found.reference)
        if SenderChecks(self._deployment, self._account).may_write(found) is False:
            return target, bad(
                "list",
                f"the functions may not write to {found.name}: add {found.arn} to AdditionalOptOutListArns and deploy",
            )
        whose = "the stack's own" if target.ledger_name == self._deployment.own_list else "set for the sender"
        return target, good("list", f"its texts count for {found.name}, {whose}")

    def named(self, name: str) -> Target | None:
        """Return a list by name; None if it does not exist."""
        found = self._account.find(name)
        return Target(found, found.reference) if found is not None else None

    def replies_from(self, identity: str) -> str | None:
        """Return the sender of replies, None if it is the sender itself."""
        sender = self._sender_store.sender(identity)
        return sender.reply_from if sender is not None else None

    def _counted_for(self, number: str) -> str:
        sender = self._sender_store.sender(number)
        return sender.list_name if sender is not None else self._own_list()

    def _own_list(self) -> str:
        return self._deployment.names.canonical(self._deployment.part("OptOutListName"))
