"""What a command needs to record a decision: by the deployment's own settings, by AWS's time, with the caller's own permissions.

It records, and nothing else. The calls that change a list are made by functions (``sms_consent_cli.shared.sweeping``).
"""

from __future__ import annotations

import os
from functools import cached_property

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.known_lists import RememberedLists
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.sender_cache import RememberedSenders
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.propagation import Scope
from sms_consent.recording.recorder import Recorder
from sms_consent_cli.shared.aws_clock import AwsClock
from sms_consent_cli.shared.deployment import Deployment, NotFound
from sms_consent_cli.shared.sweeping import Sweeping

__all__ = ["CommandContext"]

_PARAMETERS = {
    "OPT_OUT_SCOPE": "OptOutScope",
    "OPT_IN_SCOPE": "OptInScope",
    "DESCRIBE_RATE": "DescribeRequestsPerSecond",
}
"""The settings that recording depends on, by the stack's parameters. No text is read or sent here."""


class CommandContext:
    """What a command needs to record. Raises NotFound, SettingsError, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    @cached_property
    def settings(self) -> Settings:
        """How far a decision counts, and how fast lists may be read."""
        if not self.deployment.has_stack:
            raise NotFound(
                f"there is no stack {self.deployment.stack} in this account and region, by whose settings this is recorded: "
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
        """Consents and decisions."""
        return DynamoLedger(self.deployment.dynamodb(), self.deployment.table, self.deployment.names)

    @cached_property
    def senders(self) -> RememberedSenders:
        """The senders with settings of their own."""
        return RememberedSenders(self.ledger, self.clock)

    @cached_property
    def recorder(self) -> Recorder:
        """Records a decision for every list that it counts for, and leaves the lists to sweep."""
        settings = self.settings
        scope = Scope(
            opt_out=settings.opt_out_scope,
            opt_in=settings.opt_in_scope,
            own_list=settings.opt_out_list,
            lists=RememberedLists(self.deployment.dynamodb(), settings.table, self.clock, names=settings.names),
        )
        return Recorder(ledger=self.ledger, clock=self.clock, scope=scope)

    @cached_property
    def sweeping(self) -> Sweeping:
        """Has the functions do what was recorded."""
        return Sweeping(self.deployment, self.clock)

    @cached_property
    def register(self) -> DynamoConsentQueries:
        """Everything under one number."""
        return DynamoConsentQueries(self.deployment.dynamodb(), self.deployment.table, lambda: self.deployment.names)

    @cached_property
    def caller(self) -> str:
        """The caller's AWS identity; a user name where AWS does not say it."""
        try:
            arn: str = self.deployment.client("sts").get_caller_identity()["Arn"]
        except ClientError:
            return os.environ.get("USER", "somebody")
        return arn

    @property
    def clock(self) -> AwsClock:
        """AWS's time."""
        return self.deployment.clock
