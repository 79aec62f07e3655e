"""Checks whether a sender can be connected: its kind and status, its current channel, and the account's limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sms_consent_cli.commands.connect.originators import AGENT, Channel, Member, Originator
from sms_consent_cli.commands.connect.verdict import Check, bad, good, note, unsure, unsure_if_denied
from sms_consent_cli.shared.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["DEFAULT_RATES", "LOW_SPEND", "TOLL_FREE", "Suitability"]

TOLL_FREE = (
    "is a US toll-free number: carriers honour STOP and START themselves, a STOP may never reach the topic, "
    "and a START sent to this stack cannot lift a carrier's block. Leave it with AWS"
)
ACTIVE = frozenset({"ACTIVE"})
AGENT_STATUSES = frozenset({"ACTIVE", "PARTIAL", "TESTING"})
"""Statuses of RCS agents that receive texts: launched everywhere, in some countries, or for test devices."""
DEFAULT_RATES = {
    "PutRequestsPerSecond": 10,
    "DeleteRequestsPerSecond": 10,
    "DescribeRequestsPerSecond": 1,
    "TextsPerSecond": 1,
}
"""docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html."""
LOW_SPEND = 1
"""US dollars a month: the limit of a new account."""


class Suitability:
    """The checks of one sender. Methods raise ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment, originator: Originator) -> None:
        self._deployment = deployment
        self._originator = originator

    @property
    def _sms(self) -> PinpointSMSVoiceV2Client:
        return self._deployment.sms_voice()

    def checks(self, topic: str) -> Iterator[Check]:
        """Yield all checks."""
        yield from self._kind()
        yield from self._channel(topic)
        yield from self._events()
        yield from unsure_if_denied("account", self._account)
        yield from self._rates()

    def _kind(self) -> Iterator[Check]:
        originator = self._originator
        if originator.pool is not None:
            yield bad(
                "number",
                f"{originator.identity} is in the pool {originator.pool}, whose members share settings: connect the pool",
            )
        if originator.is_pool and not originator.members:
            yield bad("number", f"{originator.identity} has no number of this account")
        if originator.status not in (AGENT_STATUSES if originator.is_agent else ACTIVE):
            yield bad("number", f"{originator.identity} is {originator.status}, not ACTIVE")
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
        """Check whether another system receives the texts, and whether AWS publishes with a channel role."""
        settings = self._originator.settings
        if settings.goes_to is Channel.CONNECT:
            yield unsure(
                "channel",
                f"its texts go to Amazon Connect ({settings.channel}) now, and a number has one destination: the "
                "contact centre would no longer get them. To keep that, leave STOP to AWS. To switch, give --accept channel; "
                '"sms-consent disconnect" switches back',
            )
        elif settings.goes_to is Channel.UNKNOWN:
            yield unsure(
                "channel",
                f"its texts go to {settings.channel} now, an unknown kind of destination, which would no longer get them. Find "
                "out who uses it, and give --accept channel if that is acceptable",
            )
        elif settings.two_way and settings.channel != topic:
            yield unsure(
                "channel",
                f"its texts go to {settings.channel} now, which would no longer get them. To keep both, deploy with that topic "
                "(ExistingTopicArn)",
            )
        if settings.role is not None:
            yield unsure(
                "role",
                f"AWS publishes with the role {settings.role}, not by the topic's policy: that role must be allowed "
                "sns:Publish on the stack's topic, and the use of its key",
            )
        if settings.self_managed and settings.channel != topic:
            yield note(
                "channel",
                "its opt-outs are self-managed already: the system that honours them may have its own list, to be imported",
            )

    def _events(self) -> Iterator[Check]:
        """Check whether RCS unsubscribe events are published. The event types are not documented; ALL includes future ones."""
        originator = self._originator
        if not originator.is_agent:
            return
        if any(each == "ALL" or "UNSUBSCRIBE" in each.upper() for each in originator.events):
            yield good("events", "AWS publishes unsubscribe events")
        else:
            yield note(
                "events",
                "AWS may not publish the events of people who unsubscribe in their phone's menu: add them, or ALL, to "
                "TwoWayRcsEventsEnabled",
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
            yield note("account", "the account is in the SMS sandbox: only verified numbers get confirmations")
        elif spend is not None and spend <= LOW_SPEND:
            yield note(
                "account", f"the account may spend {spend} US dollar a month on texts: confirmations stop after that"
            )
        else:
            message = f", and may spend {spend} US dollars a month on texts" if spend is not None else ""
            yield good("account", f"the account is out of the SMS sandbox{message}")

    def _rates(self) -> Iterator[Check]:
        above = [
            f"{name} is {chosen} where AWS's default is {rate}"
            for name, rate in DEFAULT_RATES.items()
            if (chosen := self._deployment.parameter(name, str(rate))) and float(chosen) > rate
        ]
        if above:
            yield note("quota", f"{'; '.join(above)}: this works only if AWS has raised your quota")
        else:
            yield good("quota", "the stack uses AWS's default rates")


def _fault(member: Member) -> str | None:
    if member.is_us_toll_free:
        return f"{member.number} {TOLL_FREE}"
    if member.status not in (AGENT_STATUSES if member.kind == AGENT else ACTIVE):
        return f"{member.number} is {member.status}, not ACTIVE"
    return None if member.texts else f"{member.number} does not support texts"
