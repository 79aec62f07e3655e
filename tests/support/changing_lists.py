"""A deployment with every function behind its real handler, and the operator's commands that change lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from botocore.client import BaseClient
from click.testing import Result
from typer.testing import CliRunner

import handlers.api
import handlers.inbound
import handlers.reconcile
from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.domain.consent import Consent
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import Deployment
from support.api_function import Api, api_beside
from support.configured import ARN, Configured, configured
from support.inbound_function import Inbound
from support.intercepted import Killed
from support.reconcile_function import Reconcile, reconcile_beside
from support.sweep_function import sweep
from support.world import OURS, PERSON, World

__all__ = ["Changing", "changing_lists"]


@dataclass
class Changing:
    """One deployment, whose stack has the list Default."""

    configured: Configured
    inbound: Inbound
    api: Api
    reconciler: Reconcile
    _monkeypatch: pytest.MonkeyPatch
    while_waiting: list[Callable[[], None]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.configured.world

    def text(self, body: str, number: str = PERSON, to: str = OURS) -> None:
        """One text through the queue; the function remembers senders for a minute."""
        self.world.pass_time(seconds=1)
        payload = {"originationNumber": number, "destinationNumber": to, "inboundMessageId": uuid4().hex}
        assert self.inbound.hear(body, **payload) == []

    def run(self, *arguments: str) -> Result:
        """One command."""
        return CliRunner().invoke(app, list(arguments))

    def done(self, *arguments: str) -> Result:
        """The same, where it must succeed."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result

    def killed_at(self, call: int, *arguments: str) -> bool:
        """Run a command that is killed before the given call of AWS. Returns whether it made so many."""
        made = BaseClient._make_api_call  # type: ignore[attr-defined]  # where every call passes
        count = 0

        def counted(client: Any, operation: str, parameters: Any) -> Any:
            nonlocal count
            if count == call:
                raise Killed
            count += 1
            return made(client, operation, parameters)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", counted)
            try:
                self.run(*arguments)
            except Killed:
                return True
        return False

    @contextmanager
    def suspended_before(self, operation: str, meanwhile: Callable[[], object]) -> Iterator[None]:
        """Suspend the process before its first call of an operation, until ``meanwhile`` is over."""
        made = BaseClient._make_api_call  # type: ignore[attr-defined]  # where every call passes
        waits = [meanwhile]

        def suspended(client: Any, called: str, parameters: Any) -> Any:
            if called == operation and waits:
                with ThreadPoolExecutor(1) as other_process:  # whose calls need other permissions
                    other_process.submit(waits.pop()).result()
            return made(client, called, parameters)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", suspended)
            yield
        assert not waits

    def redeployed(self, own_list: str) -> None:
        """The same ledger under a stack with another list, given by name or ARN."""
        self.configured.redeploy(own_list=own_list)
        self._monkeypatch.setenv("OPT_OUT_LIST", own_list)
        self.cold_start()

    def cold_start(self) -> None:
        """New environments for every function."""
        for function in (handlers.api, handlers.inbound, handlers.reconcile):
            function.container.cache_clear()

    def settle(self) -> None:
        """Some minutes, in which ReconcileFunction and SweepFunction run."""
        for _ in range(3):
            self.world.pass_time(minutes=5)
            self.reconciler.run()
            sweep(self.world)

    def sweep(self) -> None:
        """Let SweepFunction do what is due."""
        for _ in range(2):
            self.world.pass_time(minutes=1)
            sweep(self.world)

    def is_opted_out(self, number: str = PERSON, sender: str = OURS) -> bool:
        """The API's answer to an application that wants to text the person from this sender."""
        (item,) = self.api.items("check", number, sender=sender)
        answer: bool = item["isOptedOut"]
        return answer

    def listed(self, list_name: str) -> set[str]:
        """Who is on a list of the account."""
        return set(self.world.backend.opt_out_lists[list_name].numbers)

    def consent(self, list_name: str, number: str = PERSON) -> Consent | None:
        return self.world.parts.ledger.consent(number, list_name)

    def sender_list(self, identity: str = OURS) -> str | None:
        sender = self.world.parts.ledger.sender(identity)
        return sender.list_name if sender is not None else None

    def copies(self) -> list[tuple[str, str]]:
        """What is still to be copied."""
        return self._copies("carries")

    def rechecks(self) -> list[tuple[str, str]]:
        """What is copied a second time, a day after the first."""
        return self._copies("rechecks")

    def _copies(self, attribute: str) -> list[tuple[str, str]]:
        item = clients.dynamodb().get_item(TableName=self.world.table, Key={"pk": {"S": "LISTS"}, "sk": {"S": "LISTS"}})
        copies = item.get("Item", {}).get(attribute, {"L": []})["L"]
        return [(each["M"]["source"]["S"], each["M"]["target"]["S"]) for each in copies]


@contextmanager
def changing_lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[Changing]:
    """Lists of the account: Default, which is the stack's, Marketing, Club and Alerts."""
    with ExitStack() as stack:
        made = stack.enter_context(configured(monkeypatch, "senders"))
        world = made.world
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        reconciler = stack.enter_context(reconcile_beside(world, monkeypatch))
        api = stack.enter_context(api_beside(monkeypatch, world))
        queue = clients.queues().create_queue(QueueName="dead-letters")["QueueUrl"]
        source = clients.queues().create_queue(QueueName="inbound")["QueueUrl"]
        monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", queue)
        monkeypatch.setenv("INBOUND_QUEUE_URL", source)
        changing = Changing(made, Inbound(world, queue, source), api, reconciler, monkeypatch)

        def sleep(_: SystemClock, seconds: float) -> None:
            for happens in changing.while_waiting:
                happens()
            changing.waited.append(seconds)
            world.pass_time(seconds=seconds)

        monkeypatch.setattr(SystemClock, "sleep", sleep)
        monkeypatch.setattr(Deployment, "dynamodb_for", lambda *_: clients.dynamodb())
        made.deploy()
        handlers.inbound.container.cache_clear()
        yield changing
    handlers.inbound.container.cache_clear()


def arn(name: str) -> str:
    """The ARN of a list of the account."""
    return ARN + name
