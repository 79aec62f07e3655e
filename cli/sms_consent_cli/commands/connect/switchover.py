"""Carries out a plan step by step; what fails leaves the number with AWS, and can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from sms_consent.adapters.dynamodb.connected_numbers import ConnectedNumbers
from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent.domain.consent import Status
from sms_consent.recording.list_copy import ListCopier, ListCopy
from sms_consent_cli.commands.connect.delivery_check import NOBODY, Trial
from sms_consent_cli.commands.connect.originators import Handling, Originator, Originators
from sms_consent_cli.commands.connect.plan import Aim, Step, to_connect, to_disconnect
from sms_consent_cli.commands.connect.route import Route
from sms_consent_cli.commands.connect.suitability import Suitability
from sms_consent_cli.commands.connect.target_list import Target, Targets
from sms_consent_cli.commands.connect.transfer import Transfer
from sms_consent_cli.commands.connect.verdict import Check, bad, good, note, unsure
from sms_consent_cli.shared.account import Account
from sms_consent_cli.shared.command_context import CommandContext
from sms_consent_cli.shared.sweeping import PATIENCE

__all__ = ["Examined", "Stopped", "Switchover", "Teller", "Wishes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator chose."""

    accepted: frozenset[str]
    copy: bool
    dry_run: bool
    keep_list: bool = False
    forget: bool = False
    wait: float = 60


class Teller(Protocol):
    """Who is told while it goes on."""

    def checked(self, check: Check) -> None:
        """A finding."""

    def counted(self, seen: int) -> None:
        """How far a list is read."""

    def notice(self, text: str) -> None:
        """What did not work, and does no harm."""


class Stopped(Exception):
    """Something changed under the command's hands."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What is to be done, if the checks allow it."""

    originator: Originator
    source: Target | None
    target: Target
    steps: tuple[Step, ...]
    aim: Aim
    checks: tuple[Check, ...]


class Switchover:
    """One number's or pool's. Raises Stopped and whatever the parts raise."""

    def __init__(self, desk: CommandContext, wishes: Wishes, teller: Teller) -> None:
        deployment = desk.deployment
        self._desk = desk
        self._wishes = wishes
        self._teller = teller
        self._account = Account(deployment.sms_voice())
        self._targets = Targets(
            deployment, self._account, SenderStore(deployment.dynamodb(), deployment.table, deployment.names)
        )
        self._connected = ConnectedNumbers(deployment.dynamodb(), deployment.table)
        self.originators = Originators(deployment.sms_voice(), desk.clock.sleep)
        self.route = Route(deployment)
        self.proof: str | None = None  # what the trial has shown

    # --- to be looked at

    def examine(self, originator: Originator) -> Examined | None:
        """What connecting takes. None if a check says that it cannot be."""
        checks: list[Check] = []

        def keep(check: Check) -> Check:
            checks.append(check)
            self._teller.checked(check)
            return check

        for check in self.route.checks(originator.arn):
            keep(check)
        for check in Suitability(self._desk.deployment, originator).checks(self.route.topic):
            keep(check)
        target, check = self._targets.of(originator)
        keep(check)
        if originator.is_agent and not self._targets.replies_from(originator.identity):
            keep(
                note(
                    "replies",
                    "they are sent from the agent by SendTextMessage, which IAM may deny. No opt-out waits for them. "
                    '"sms-consent senders set --reply-from" names another way (docs/rcs.md)',
                )
            )
        if target is None:
            return None
        steps = self._chosen(to_connect(originator.handling, self.route.topic, target.name))
        source = self._targets.named(originator.handling.list_name)
        if Step.LIST in steps:
            keep(self._opt_outs(originator.handling, source, target))
        aim = Aim(channel=self.route.topic, two_way=True, list_name=target.name)
        return Examined(originator, source, target, tuple(steps), aim, tuple(checks))

    def examine_back(self, originator: Originator) -> Examined | None:
        """What disconnecting takes."""
        checks: list[Check] = []

        def keep(check: Check) -> None:
            checks.append(check)
            self._teller.checked(check)

        if originator.pool is not None:
            keep(bad("number", f"{originator.identity} is in the pool {originator.pool}: disconnect the pool"))
            return None
        kept, now = self._connected.settings_before(originator.id), originator.handling
        before = Handling(**{"channel": None, "role": None} | kept) if kept is not None else None
        if before is None:
            keep(note("before", "how it was set before is not known here: list and two-way messaging stay as they are"))
        list_name = before.list_name if before is not None and not self._wishes.keep_list else now.list_name
        target, source = self._targets.named(list_name), self._targets.named(now.list_name)
        if target is None:
            keep(bad("list", f"the list {list_name} that it obeyed before is gone: give --keep-list"))
            return None
        aim = Aim(
            channel=before.channel if before is not None else None,
            two_way=before.two_way if before is not None else None,
            list_name=list_name,
            role=before.role if before is not None else None,
        )
        steps = self._chosen(to_disconnect(now, aim, remembered=before is not None))
        if Step.LIST in steps:
            keep(self._opt_outs(now, source, target))
        return Examined(originator, source, target, tuple(steps), aim, tuple(checks))

    def _chosen(self, steps: list[Step]) -> list[Step]:
        """Without the copies, if the opt-outs are to be left behind."""
        return [step for step in steps if not (self._wishes.forget and step in (Step.COPY, Step.CATCH_UP))]

    def _opt_outs(self, now: Handling, source: Target | None, target: Target) -> Check:
        """Who is opted out on the list that is left must be so on the other: else texts would go out to them again."""
        if source is None:
            return unsure(
                "opt-outs",
                f"{now.list_name} is another account's: this cannot tell whether its opt-outs are on {target.name}",
            )
        if self._wishes.copy and not self._wishes.dry_run:
            return good("opt-outs", f"those of {source.name} are brought to {target.name}")
        tally = self._transfer(source, target).compare(self._teller.counted)
        recorded = self._count_recorded(source, target)
        if not tally.missing and not recorded:
            return good("opt-outs", f"all {tally.seen} of {source.name} are known for {target.name}")
        told = f"{tally.missing} of {tally.seen} numbers on {source.name} are not on {target.name}"
        if recorded:
            told += f", and {recorded} more are opted out there by the ledger alone, or wait for an opt-in"
        if self._wishes.copy:
            return good("opt-outs", f"{told}: they are brought there")
        if self._wishes.forget:
            return note("opt-outs", f"{told}: they are left behind, and texts may reach them")
        return bad("opt-outs", f"{told}: give --carry to bring them there, or --forget to leave them behind")

    def _count_recorded(self, source: Target, target: Target) -> int:
        """People of whom the list itself does not tell: their opt-out is due, or their opt-in waits."""
        if source.ledger_name == target.ledger_name:
            return 0
        names = [target.ledger_name]
        return self._carrier().count(source.ledger_name, names, lambda _: None)[target.ledger_name].total

    def _carrier(self) -> ListCopier:
        deployment = self._desk.deployment
        return ListCopier(
            ledger=self._desk.ledger,
            census=DynamoConsentScan(deployment.dynamodb(), deployment.table, deployment.names),
            clock=self._desk.clock,
            actor=self._desk.caller,
            only=lambda consent: (
                consent.number != NOBODY and (not consent.surely_listed or consent.status is Status.OPT_IN_PENDING)
            ),
        )

    # --- to be done

    def carry_out(self, examined: Examined, step: Step) -> Examined:
        """One step, which may have been done before."""
        does: dict[Step, Callable[[Examined], Originator]] = {
            Step.TRIAL: self._try,
            Step.REMEMBER: self._remember,
            Step.HAND_BACK: self._hand_back,
            Step.TWO_WAY: self._two_way,
            Step.COPY: self._copy,
            Step.LIST: self._list,
            Step.CATCH_UP: self._copy,
            Step.SELF_MANAGED: self._self_managed,
            Step.FORGET: self._forget,
        }
        return replace(examined, originator=does[step](examined))

    def _try(self, examined: Examined) -> Originator:
        deployment = self._desk.deployment
        own_list = deployment.names.canonical(deployment.part("OptOutListName"))
        self.proof = Trial(
            sns=deployment.client("sns"),
            topic=self.route.topic,
            register=self._desk.register,
            opt_out_list=AwsOptOutList(deployment.sms_voice()),
            list_name=own_list,
            clock=self._desk.clock,
            patience=self._wishes.wait,
        ).run()
        return examined.originator

    def _remember(self, examined: Examined) -> Originator:
        originator = examined.originator
        # Once texts go to the stack's topic, the change is half-way, and what is kept is from before it.
        half_way = originator.handling.heard_on(self.route.topic)
        self._connected.keep(originator.id, asdict(originator.handling), only_first=half_way)
        return examined.originator

    def _forget(self, examined: Examined) -> Originator:
        self._connected.forget(examined.originator.id)
        return examined.originator

    def _hand_back(self, examined: Examined) -> Originator:
        return self.originators.change(
            examined.originator, lambda now: not now.self_managed, SelfManagedOptOutsEnabled=False
        )

    def _two_way(self, examined: Examined) -> Originator:
        aim = examined.aim
        settings: dict[str, Any] = {"TwoWayEnabled": aim.two_way}
        if aim.two_way:
            settings["TwoWayChannelArn"] = aim.channel
            if aim.role is not None and aim.role != examined.originator.handling.role:
                settings["TwoWayChannelRole"] = aim.role
        return self.originators.change(
            examined.originator,
            lambda now: now.two_way is aim.two_way and (not aim.two_way or now.channel == aim.channel),
            **settings,
        )

    def _copy(self, examined: Examined) -> Originator:
        source, target = examined.source, examined.target
        if source is not None:
            if source.ledger_name != target.ledger_name:
                carry = ListCopy(source=source.ledger_name, target=target.ledger_name, at=self._desk.clock.now())
                self._carrier().copy(carry, lambda _: None)
            self._transfer(source, target).copy(self._teller.counted, self._teller.notice)
        return examined.originator

    def _list(self, examined: Examined) -> Originator:
        target = examined.target
        return self.originators.change(
            examined.originator, lambda now: now.list_name == target.name, OptOutListName=target.found.reference
        )

    def _self_managed(self, examined: Examined) -> Originator:
        """Only onto what still is as it was checked: copying a long list takes hours."""
        for check in self.route.checks(examined.originator.arn):
            if check.stops(self._wishes.accepted):
                raise Stopped(f"{check.name}: {check.told}")
        found = self.originators.again(examined.originator)
        if not found.handling.heard_on(self.route.topic) or found.handling.list_name != examined.target.name:
            raise Stopped("somebody else has changed its two-way channel or its list meanwhile")
        return self.originators.change(found, lambda now: now.self_managed, SelfManagedOptOutsEnabled=True)

    def _transfer(self, source: Target, target: Target) -> Transfer:
        patience = max(PATIENCE, timedelta(seconds=self._wishes.wait))
        return Transfer(desk=self._desk, source=source, target=target, patience=patience)
