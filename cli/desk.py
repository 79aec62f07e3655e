"""Decides how a command records and syncs: by the deployment's own settings, with the caller's own permissions."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.error import URLError
from urllib.request import urlopen

from botocore.exceptions import ClientError

from cli.deployment import Deployment, NotFound, is_here
from sms_consent.aws.assembly import Parts, assemble
from sms_consent.aws.register import DynamoRegister
from sms_consent.clock import SystemClock
from sms_consent.ports import Clock
from sms_consent.settings import Settings
from sms_consent.times import from_text

__all__ = ["Desk"]

_PARAMETERS = {
    "BRAND": "Brand",
    "SUPPORT_CONTACT": "SupportContact",
    "DEFAULT_LANGUAGE": "DefaultLanguage",
    "TIER_ACTIONS": "TierActions",
    "OPT_OUT_SCOPE": "OptOutScope",
    "OPT_IN_SCOPE": "OptInScope",
    "CONFIRMATION_GRACE_SECONDS": "ConfirmationGraceSeconds",
    "PUT_RATE": "PutRequestsPerSecond",
    "DELETE_RATE": "DeleteRequestsPerSecond",
    "DESCRIBE_RATE": "DescribeRequestsPerSecond",
    "TEXT_RATE": "TextsPerSecond",
}
"""The functions' environment, by the stack's parameters. The keywords are left out: nobody's text is read here."""


class Desk:
    """What a command needs to change something. Raises NotFound, SettingsError, UnfitReply, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    @cached_property
    def parts(self) -> Parts:
        """Paced, since a person waits for one number, and a list of thousands must not take the functions' share."""
        if not self.deployment.has_stack:
            raise NotFound(
                f"there is no stack {self.deployment.stack} in this account and region, by whose settings this is recorded: "
                "give --stack"
            )
        environment = {
            "LEDGER_TABLE": self.deployment.table,
            "OPT_OUT_LIST": self.deployment.part("OptOutListName"),
            "LEASE_SECONDS": "90",  # as template.yaml has it
        }
        environment |= {name: self.deployment.parameter(parameter) for name, parameter in _PARAMETERS.items()}
        return assemble(
            Settings.from_environment(environment),
            paced=True,
            clock=self.clock,
            dynamodb=self.deployment.dynamodb(),
            sms_voice=self.deployment.sms_voice_once(),
        )

    @cached_property
    def register(self) -> DynamoRegister:
        """What stands under a number."""
        return DynamoRegister(self.deployment.dynamodb(), self.deployment.table)

    @cached_property
    def caller(self) -> str:
        """Who does this, by AWS's own word; a user name where AWS does not say."""
        try:
            arn: str = self.deployment.client("sts").get_caller_identity()["Arn"]
        except ClientError:
            return os.environ.get("USER", "somebody")
        return arn

    @cached_property
    def clock(self) -> Clock:
        """The machine's; a local stack has a time of its own, which may have been moved on."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        if is_here(endpoint):
            try:
                with urlopen(f"{endpoint.rstrip('/')}/_local/clock", timeout=3) as answer:  # noqa: S310  http, on this machine
                    return _LocalClock(from_text(json.load(answer)["now"]) - datetime.now(UTC))
            except (URLError, ValueError, KeyError):
                return SystemClock()  # something else is served there
        return SystemClock()


class _LocalClock(SystemClock):
    """As far ahead as the local stack is."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead
