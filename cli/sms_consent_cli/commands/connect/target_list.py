"""Decides which opt-out list a number must obey: the one that the ledger counts its texts for."""

from __future__ import annotations

from dataclasses import dataclass

from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent_cli.commands.connect.originators import Originator
from sms_consent_cli.commands.connect.verdict import Check, bad, good
from sms_consent_cli.shared.account import Account, OptOutList
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.sender_checks import SenderChecks

__all__ = ["Target", "Targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """One list: as AWS is told of it, and as the ledger names it."""

    found: OptOutList
    ledger_name: str

    @property
    def name(self) -> str:
        """As AWS tells of it, of another account's list too."""
        return self.found.name


class Targets:
    """By the senders' settings, else the stack's own. Its methods raise NotFound, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment, account: Account, sender_store: SenderStore) -> None:
        self._deployment = deployment
        self._account = account
        self._sender_store = sender_store

    def of(self, originator: Originator) -> tuple[Target | None, Check]:
        """None where there is no one list that would do."""
        names = {member.number: self._counted_for(member.number) for member in originator.members}
        if len(set(names.values())) > 1:
            message = ", ".join(f"{number} counts for {name}" for number, name in sorted(names.items()))
            return None, bad("list", f"a pool obeys one list, but {message}: set them alike (sms-consent senders set)")
        name = next(iter(names.values()), self._own_list())
        found = self._account.find(name)
        if found is None:
            return None, bad("list", f"there is no list {name}, for which its texts count")
        target = Target(found, found.reference)
        if SenderChecks(self._deployment, self._account).may_write(found) is False:
            return target, bad(
                "list",
                f"the functions may not write to {found.name}: add {found.arn} to AdditionalOptOutListArns, deploy",
            )
        whose = "the stack's own" if target.ledger_name == self._deployment.own_list else "set for the sender"
        return target, good("list", f"its texts count for {found.name}, {whose}")

    def named(self, name: str) -> Target | None:
        """A list that a number obeyed before; None if there is none such any more."""
        found = self._account.find(name)
        return Target(found, found.reference) if found is not None else None

    def replies_from(self, identity: str) -> str | None:
        """What a sender's replies are sent from instead of itself, None if nothing is set."""
        sender = self._sender_store.sender(identity)
        return sender.reply_from if sender is not None else None

    def _counted_for(self, number: str) -> str:
        sender = self._sender_store.sender(number)
        return sender.list_name if sender is not None else self._own_list()

    def _own_list(self) -> str:
        return self._deployment.names.canonical(self._deployment.part("OptOutListName"))
