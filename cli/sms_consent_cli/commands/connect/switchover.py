"""Planning and carrying out a switch, step by step. After a failure AWS honours STOP, and the run can be repeated."""

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
from sms_consent_cli.commands.connect.delivery_check import TEST_SENDER, DeliveryTest
from sms_consent_cli.commands.connect.originators import Originator, Originators, TwoWaySettings
from sms_consent_cli.commands.connect.plan import Step, TargetSettings, steps_to_connect, steps_to_disconnect
from sms_consent_cli.commands.connect.route import Route
from sms_consent_cli.commands.connect.suitability import Suitability
from sms_consent_cli.commands.connect.target_list import Target, Targets
from sms_consent_cli.commands.connect.transfer import Transfer
from sms_consent_cli.commands.connect.verdict import Check, bad, good, note, unsure
from sms_consent_cli.shared.account import Account
from sms_consent_cli.shared.command_context import CommandContext
from sms_consent_cli.shared.sweep_invoker import PATIENCE

__all__ = ["ChangedMeanwhile", "ConnectObserver", "ConnectOptions", "Switchover", "SwitchoverPlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The options of the command line."""

    accepted: frozenset[str]
    copy: bool
    dry_run: bool
    keep_list: bool = False
    forget: bool = False
    wait: float = 60


class ConnectObserver(Protocol):
    """Receives the progress of a run."""

    def checked(self, check: Check) -> None:
        """Receive the result of a check."""

    def counted(self, seen: int) -> None:
        """Receive how many numbers of a list were read."""

    def notice(self, text: str) -> None:
        """Receive a note about a harmless failure."""


class ChangedMeanwhile(Exception):
    """Settings changed during the run."""


@dataclass(frozen=True, slots=True)
class SwitchoverPlan:
    """The steps to carry out, if the checks allow it."""

    originator: Originator
    source: Target | None
    target: Target
    steps: tuple[Step, ...]
    goal: TargetSettings
    checks: tuple[Check, ...]


class Switchover:
    """The switch of one sender. Raises ChangedMeanwhile, and the errors of its parts."""

    def __init__(self, context: CommandContext, options: ConnectOptions, observer: ConnectObserver) -> None:
        deployment = context.deployment
        self._context = context
        self._options = options
        self._observer = observer
        self._account = Account(deployment.sms_voice())
        self._targets = Targets(
            deployment, self._account, SenderStore(deployment.dynamodb(), deployment.table, deployment.names)
        )
        self._connected = ConnectedNumbers(deployment.dynamodb(), deployment.table)
        self.originators = Originators(deployment.sms_voice(), context.clock.sleep)
        self.route = Route(deployment)
        self.evidence: str | None = None  # the result of the delivery test

    # --- planning

    def plan_connect(self, originator: Originator) -> SwitchoverPlan | None:
        """Check a sender, and return the plan to connect it; None if a check fails."""
        checks: list[Check] = []

        def keep(check: Check) -> Check:
            checks.append(check)
            self._observer.checked(check)
            return check

        for check in self.route.checks(originator.arn):
            keep(check)
        for check in Suitability(self._context.deployment, originator).checks(self.route.topic):
            keep(check)
        target, check = self._targets.of(originator)
        keep(check)
        if originator.is_agent and not self._targets.replies_from(originator.identity):
            keep(
                note(
                    "replies",
                    "they are sent from the agent with SendTextMessage, which IAM may deny. Opt-outs do not wait for them. "
                    '"sms-consent senders set --reply-from" sets another sender (docs/rcs.md)',
                )
            )
        if target is None:
            return None
        steps = self._chosen(steps_to_connect(originator.settings, self.route.topic, target.name))
        source = self._targets.named(originator.settings.list_name)
        if Step.LIST in steps:
            keep(self._opt_outs(originator.settings, source, target))
        goal = TargetSettings(channel=self.route.topic, two_way=True, list_name=target.name)
        return SwitchoverPlan(originator, source, target, tuple(steps), goal, tuple(checks))

    def plan_disconnect(self, originator: Originator) -> SwitchoverPlan | None:
        """Check a sender, and return the plan to disconnect it; None if a check fails."""
        checks: list[Check] = []

        def keep(check: Check) -> None:
            checks.append(check)
            self._observer.checked(check)

        if originator.pool is not None:
            keep(bad("number", f"{originator.identity} is in the pool {originator.pool}: disconnect the pool"))
            return None
        kept, now = self._connected.settings_before(originator.id), originator.settings
        before = TwoWaySettings(**{"channel": None, "role": None} | kept) if kept is not None else None
        if before is None:
            keep(note("before", "the earlier settings are not saved here: list and two-way messaging do not change"))
        list_name = before.list_name if before is not None and not self._options.keep_list else now.list_name
        target, source = self._targets.named(list_name), self._targets.named(now.list_name)
        if target is None:
            keep(bad("list", f"its earlier list {list_name} no longer exists: give --keep-list"))
            return None
        goal = TargetSettings(
            channel=before.channel if before is not None else None,
            two_way=before.two_way if before is not None else None,
            list_name=list_name,
            role=before.role if before is not None else None,
        )
        steps = self._chosen(steps_to_disconnect(now, goal, remembered=before is not None))
        if Step.LIST in steps:
            keep(self._opt_outs(now, source, target))
        return SwitchoverPlan(originator, source, target, tuple(steps), goal, tuple(checks))

    def _chosen(self, steps: list[Step]) -> list[Step]:
        """Return the steps without copying, if --forget was given."""
        return [step for step in steps if not (self._options.forget and step in (Step.COPY, Step.CATCH_UP))]

    def _opt_outs(self, now: TwoWaySettings, source: Target | None, target: Target) -> Check:
        """Check that everyone who is opted out on the old list is or will be opted out on the new one."""
        if source is None:
            return unsure(
                "opt-outs",
                f"{now.list_name} belongs to another account, so its opt-outs cannot be compared with {target.name}",
            )
        if self._options.copy and not self._options.dry_run:
            return good("opt-outs", f"those of {source.name} are copied to {target.name}")
        tally = self._transfer(source, target).compare(self._observer.counted)
        recorded = self._count_recorded(source, target)
        if not tally.missing and not recorded:
            return good("opt-outs", f"all {tally.seen} of {source.name} are known for {target.name}")
        message = f"{tally.missing} of {tally.seen} numbers on {source.name} are not on {target.name}"
        if recorded:
            message += f", and {recorded} more are opted out there only in the ledger, or have a pending opt-in"
        if self._options.copy:
            return good("opt-outs", f"{message}: they are copied")
        if self._options.forget:
            return note("opt-outs", f"{message}: they are not copied, and texts may reach them")
        return bad("opt-outs", f"{message}: give --carry to copy them, or --forget to leave them out")

    def _count_recorded(self, source: Target, target: Target) -> int:
        """Count the people who are opted out in the ledger and not on the list: a due opt-out, or a pending opt-in."""
        if source.ledger_name == target.ledger_name:
            return 0
        names = [target.ledger_name]
        return self._copier().count(source.ledger_name, names, lambda _: None)[target.ledger_name].total

    def _copier(self) -> ListCopier:
        deployment = self._context.deployment
        return ListCopier(
            ledger=self._context.ledger,
            scan=DynamoConsentScan(deployment.dynamodb(), deployment.table, deployment.names),
            clock=self._context.clock,
            actor=self._context.caller,
            only=lambda consent: (
                consent.number != TEST_SENDER and (not consent.surely_listed or consent.status is Status.OPT_IN_PENDING)
            ),
        )

    # --- steps

    def carry_out(self, plan: SwitchoverPlan, step: Step) -> SwitchoverPlan:
        """Carry out a step. Safe to repeat."""
        actions: dict[Step, Callable[[SwitchoverPlan], Originator]] = {
            Step.TRIAL: self._test_delivery,
            Step.REMEMBER: self._remember,
            Step.HAND_BACK: self._hand_back,
            Step.TWO_WAY: self._two_way,
            Step.COPY: self._copy,
            Step.LIST: self._list,
            Step.CATCH_UP: self._copy,
            Step.SELF_MANAGED: self._self_managed,
            Step.FORGET: self._forget,
        }
        return replace(plan, originator=actions[step](plan))

    def _test_delivery(self, plan: SwitchoverPlan) -> Originator:
        deployment = self._context.deployment
        own_list = deployment.names.canonical(deployment.part("OptOutListName"))
        self.evidence = DeliveryTest(
            sns=deployment.client("sns"),
            topic=self.route.topic,
            queries=self._context.queries,
            opt_out_list=AwsOptOutList(deployment.sms_voice()),
            list_name=own_list,
            clock=self._context.clock,
            timeout=self._options.wait,
        ).run()
        return plan.originator

    def _remember(self, plan: SwitchoverPlan) -> Originator:
        originator = plan.originator
        # Once texts go to the stack's topic, a switch is half done, and the settings saved before it must be kept.
        half_way = originator.settings.sends_to(self.route.topic)
        self._connected.store(originator.id, asdict(originator.settings), only_first=half_way)
        return plan.originator

    def _forget(self, plan: SwitchoverPlan) -> Originator:
        self._connected.forget(plan.originator.id)
        return plan.originator

    def _hand_back(self, plan: SwitchoverPlan) -> Originator:
        return self.originators.change(
            plan.originator, lambda now: not now.self_managed, SelfManagedOptOutsEnabled=False
        )

    def _two_way(self, plan: SwitchoverPlan) -> Originator:
        goal = plan.goal
        settings: dict[str, Any] = {"TwoWayEnabled": goal.two_way}
        if goal.two_way:
            settings["TwoWayChannelArn"] = goal.channel
            if goal.role is not None and goal.role != plan.originator.settings.role:
                settings["TwoWayChannelRole"] = goal.role
        return self.originators.change(
            plan.originator,
            lambda now: now.two_way is goal.two_way and (not goal.two_way or now.channel == goal.channel),
            **settings,
        )

    def _copy(self, plan: SwitchoverPlan) -> Originator:
        source, target = plan.source, plan.target
        if source is not None:
            if source.ledger_name != target.ledger_name:
                copy = ListCopy(source=source.ledger_name, target=target.ledger_name, at=self._context.clock.now())
                self._copier().copy(copy, lambda _: None)
            self._transfer(source, target).copy(self._observer.counted, self._observer.notice)
        return plan.originator

    def _list(self, plan: SwitchoverPlan) -> Originator:
        target = plan.target
        return self.originators.change(
            plan.originator, lambda now: now.list_name == target.name, OptOutListName=target.found.reference
        )

    def _self_managed(self, plan: SwitchoverPlan) -> Originator:
        """Repeat the checks, as copying may have taken hours, and turn self-managed opt-outs on."""
        for check in self.route.checks(plan.originator.arn):
            if check.blocks(self._options.accepted):
                raise ChangedMeanwhile(f"{check.name}: {check.message}")
        found = self.originators.refresh(plan.originator)
        if not found.settings.sends_to(self.route.topic) or found.settings.list_name != plan.target.name:
            raise ChangedMeanwhile("its two-way channel or list was changed by another process meanwhile")
        return self.originators.change(found, lambda now: now.self_managed, SelfManagedOptOutsEnabled=True)

    def _transfer(self, source: Target, target: Target) -> Transfer:
        timeout = max(PATIENCE, timedelta(seconds=self._options.wait))
        return Transfer(context=self._context, source=source, target=target, timeout=timeout)
