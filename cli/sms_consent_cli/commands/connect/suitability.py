"""Decides whether a number or pool may be switched over: what it is, where its texts go now, what the account may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sms_consent_cli.commands.connect.originators import AGENT, Channel, Member, Originator
from sms_consent_cli.commands.connect.verdict import Check, bad, good, note, unsure, unsure_where_denied
from sms_consent_cli.shared.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["TOLL_FREE", "Suitability"]

TOLL_FREE = (
    "is a US toll-free number: there the carriers honour STOP and START themselves, a STOP may never reach the topic, "
    "and no START sent to this stack could lift a carrier's block. It stays with AWS"
)
ACTIVE = frozenset({"ACTIVE"})
AGENT_STATUSES = frozenset({"ACTIVE", "PARTIAL", "TESTING"})
"""In which an RCS agent gets texts: launched everywhere, in some countries, or for test devices."""
DEFAULT_RATES = {
    "PutRequestsPerSecond": 10,
    "DeleteRequestsPerSecond": 10,
    "DescribeRequestsPerSecond": 1,
    "TextsPerSecond": 1,
}
"""docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html."""
LOW_SPEND = 1
"""US dollars a month: what a new account may spend."""


class Suitability:
    """Of one originator. Its methods raise ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment, originator: Originator) -> None:
        self._deployment = deployment
        self._originator = originator

    @property
    def _sms(self) -> PinpointSMSVoiceV2Client:
        return self._deployment.sms_voice()

    def checks(self, topic: str) -> Iterator[Check]:
        """All of them."""
        yield from self._kind()
        yield from self._channel(topic)
        yield from self._events()
        yield from unsure_where_denied("account", self._account)
        yield from self._rates()

    def _kind(self) -> Iterator[Check]:
        originator = self._originator
        if originator.pool is not None:
            yield bad(
                "number",
                f"{originator.identity} is in the pool {originator.pool}, whose members are set together: connect the pool",
            )
        if originator.is_pool and not originator.members:
            yield bad("number", f"no number of this account is in {originator.identity}")
        if originator.status not in (AGENT_STATUSES if originator.is_agent else ACTIVE):
            yield bad("number", f"{originator.identity} is not active, but {originator.status}")
        elif originator.status not in ACTIVE:
            yield note("number", f"{originator.identity} is {originator.status}: only some people can text it")
        faults = [fault for member in originator.members if (fault := _fault(member)) is not None]
        for fault in faults:
            yield bad("number", fault)
        if not faults:
            kinds = ", ".join(sorted({member.kind.lower().replace("_", " ") for member in originator.members}))
            what = "members" if any(member.kind == AGENT for member in originator.members) else "numbers"
            count = f"{len(originator.members)} {what}, " if originator.is_pool else ""
            yield good("number", f"{originator.identity}: {count}{kinds}")

    def _channel(self, topic: str) -> Iterator[Check]:
        """Somebody may be listening already; and a role of the channel replaces the topic's policy."""
        settings = self._originator.settings
        if settings.goes_to is Channel.CONNECT:
            yield unsure(
                "channel",
                f"its texts go to Amazon Connect ({settings.channel}) now, and a number has one destination: the contact centre "
                "would get none any more. To keep it there, leave STOP to AWS. To take it over, give --accept channel; "
                '"sms-consent disconnect" gives it back',
            )
        elif settings.goes_to is Channel.UNKNOWN:
            yield unsure(
                "channel",
                f"its texts go to {settings.channel} now, which is no SNS topic and nothing that this command knows, and would "
                "no longer. Find out who reads them there; give --accept channel if they need not",
            )
        elif settings.two_way and settings.channel != topic:
            yield unsure(
                "channel",
                f"its texts go to {settings.channel} now, and would no longer. To keep both, deploy the stack on that topic "
                "(ExistingTopicArn)",
            )
        if settings.role is not None:
            yield unsure(
                "role",
                f"the service publishes as {settings.role}, whatever the topic's policy says: that role must be allowed "
                "sns:Publish on the stack's topic, and to use its key",
            )
        if settings.self_managed and settings.channel != topic:
            yield note(
                "channel",
                "its opt-outs are self-managed already: whoever honours them may have a list of their own, to be brought "
                "here too",
            )

    def _events(self) -> Iterator[Check]:
        """Which types there are is not documented; ALL stands for every present and future one."""
        originator = self._originator
        if not originator.is_agent:
            return
        if any(each == "ALL" or "UNSUBSCRIBE" in each.upper() for each in originator.events):
            yield good("events", "AWS publishes when people unsubscribe")
        else:
            yield note(
                "events",
                "AWS may not publish when people unsubscribe by their phone's menu (TwoWayRcsEventsEnabled): add it, or ALL",
            )

    def _account(self) -> Iterator[Check]:
        attributes = {
            each["Name"]: each["Value"]
            for page in self._sms.get_paginator("describe_account_attributes").paginate()
            for each in page["AccountAttributes"]
        }
        limits = {
            each["Name"]: each["EnforcedLimit"]
            for page in self._sms.get_paginator("describe_spend_limits").paginate()
            for each in page["SpendLimits"]
        }
        spend = limits.get("TEXT_MESSAGE_MONTHLY_SPEND_LIMIT")
        if attributes.get("ACCOUNT_TIER") == "SANDBOX":
            yield note("account", "it is in the SMS sandbox: only verified numbers get the confirmations")
        elif spend is not None and spend <= LOW_SPEND:
            yield note(
                "account", f"it may spend {spend} US dollar a month on texts: confirmations stop when it is spent"
            )
        else:
            message = f", and may spend {spend} US dollars a month on texts" if spend is not None else ""
            yield good("account", f"it is out of the SMS sandbox{message}")

    def _rates(self) -> Iterator[Check]:
        above = [
            f"{name} is {chosen} where AWS's default is {rate}"
            for name, rate in DEFAULT_RATES.items()
            if (chosen := self._deployment.parameter(name, str(rate))) and float(chosen) > rate
        ]
        if above:
            yield note("quota", f"{'; '.join(above)}: right only if AWS has raised yours")
        else:
            yield good("quota", "the stack keeps to AWS's default rates")


def _fault(member: Member) -> str | None:
    if member.is_us_toll_free:
        return f"{member.number} {TOLL_FREE}"
    if member.status not in (AGENT_STATUSES if member.kind == AGENT else ACTIVE):
        return f"{member.number} is not active, but {member.status}"
    return None if member.texts else f"{member.number} takes no texts"
