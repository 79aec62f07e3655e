"""Dependencies of commands that record decisions: settings, ledger, recorder, AWS's time and the caller's identity.

Commands record only. SweepFunction makes the calls that change an opt-out list (``sms_consent_cli.shared.sweep_invoker``).
"""

from __future__ import annotations

import os
from functools import cached_property

from botocore.exceptions import ClientError

from sms_consent.adapters.clock import SenderCache
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.known_lists import CachedLists
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.propagation import Scope
from sms_consent.recording.recorder import Recorder
from sms_consent_cli.shared.aws_clock import AwsClock
from sms_consent_cli.shared.deployment import Deployment, NotFound
from sms_consent_cli.shared.sweep_invoker import SweepInvoker

__all__ = ["CommandContext"]

_PARAMETERS = {
    "OPT_OUT_SCOPE": "OptOutScope",
    "OPT_IN_SCOPE": "OptInScope",
    "DESCRIBE_RATE": "DescribeRequestsPerSecond",
}
"""The environment variables that recording depends on, with the stack parameters that hold their values."""


class CommandContext:
    """Dependencies of recording, created when first used. Raises NotFound, SettingsError, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    @cached_property
    def settings(self) -> Settings:
        """The settings that recording depends on: scopes, and the rate for reading lists."""
        if not self.deployment.has_stack:
            raise NotFound(
                f"there is no stack {self.deployment.stack} in this account and region, and recording needs its settings: "
                "give --stack"
            )
        environment = {
            "LEDGER_TABLE": self.deployment.table,
            "OPT_OUT_LIST": self.deployment.part("OptOutListName"),
            "ACCOUNT_ID": self.deployment.names.account,
            "AWS_REGION": self.deployment.names.region,
        }
        environment |= {name: self.deployment.parameter(parameter) for name, parameter in _PARAMETERS.items()}
        return Settings.from_environment(environment)

    @cached_property
    def ledger(self) -> DynamoLedger:
        """The ledger."""
        return DynamoLedger(
            self.deployment.dynamodb(), self.deployment.table, self.deployment.names, clock=self.deployment.clock
        )

    @cached_property
    def senders(self) -> SenderCache:
        """The senders that have settings."""
        return SenderCache(self.ledger, self.clock)

    @cached_property
    def scope(self) -> Scope:
        """The lists to which a decision applies besides its own."""
        settings = self.settings
        return Scope(
            opt_out=settings.opt_out_scope,
            opt_in=settings.opt_in_scope,
            own_list=settings.opt_out_list,
            lists=CachedLists(self.deployment.dynamodb(), settings.table, self.clock, names=settings.names),
        )

    @cached_property
    def recorder(self) -> Recorder:
        """The recorder. It records a decision for every list in its scope, and leaves the list calls to sweep."""
        return Recorder(ledger=self.ledger, clock=self.clock, scope=self.scope)

    @cached_property
    def sweep(self) -> SweepInvoker:
        """The invoker of SweepFunction."""
        return SweepInvoker(self.deployment, self.clock)

    @cached_property
    def queries(self) -> DynamoConsentQueries:
        """Queries by phone number."""
        return DynamoConsentQueries(self.deployment.dynamodb(), self.deployment.table, lambda: self.deployment.names)

    @cached_property
    def caller(self) -> str:
        """The ARN of the caller's AWS identity, or the local user name if AWS does not return it."""
        try:
            arn: str = self.deployment.client("sts").get_caller_identity()["Arn"]
        except ClientError:
            return os.environ.get("USER", "unknown")
        return arn

    @property
    def clock(self) -> AwsClock:
        """AWS's time."""
        return self.deployment.clock
