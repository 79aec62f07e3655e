"""Checks of the account's numbers, pools and agents: the destination of their texts, and their opt-out list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent_cli.commands.connect.suitability import DEFAULT_RATES, LOW_SPEND
from sms_consent_cli.commands.doctor.deep.aws import Missing, NoAnswer
from sms_consent_cli.commands.doctor.deep.context import CheckContext
from sms_consent_cli.commands.doctor.deep.finding import Finding, failed, noted, passed, unknown
from sms_consent_cli.shared.account import Account, AccountList
from sms_consent_cli.shared.sender_checks import SenderChecks

__all__ = ["account", "lists", "numbers"]

SMS = "pinpoint-sms-voice-v2"
_OPERATIONS = {
    "PutRequestsPerSecond": "PutOptedOutNumber",
    "DeleteRequestsPerSecond": "DeleteOptedOutNumber",
    "DescribeRequestsPerSecond": "DescribeOptedOutNumbers",
    "TextsPerSecond": "SendTextMessage",
}
BETWEEN_READS = 1.1
"""Seconds between calls of DescribeOptedOutNumbers, which is allowed once a second."""


@dataclass(frozen=True, slots=True)
class _Sender:
    """A number that is in no pool, a pool, or an agent."""

    identity: str
    two_way: bool
    channel: str | None
    role: str | None
    self_managed: bool
    list_name: str | None
    members: tuple[str, ...]  # destinations in inbound texts


def numbers(context: CheckContext) -> Iterator[Finding]:
    """Check the destination of each number's texts, and whether AWS and the ledger use the same list for it."""
    sender_store = SenderStore(context.deployment.dynamodb(), context.deployment.table, context.names)
    configured = {sender.identity: sender.list_name for sender in sender_store.senders()}
    connected = 0
    found = list(_senders(context))
    if isinstance(found[-1], Finding):
        yield found[-1]
    ours = [each for each in found if isinstance(each, _Sender)]
    for sender in ours:
        destinations = sender.members or (sender.identity,)
        expected = {configured.get(each, context.deployment.own_list) for each in destinations}
        expected |= {configured[sender.identity]} if sender.identity in configured else set()
        here = sender.two_way and sender.channel == context.topic
        if here or any(each in configured for each in (sender.identity, *sender.members)):
            connected += here
            yield from _sender(context, sender, expected, here=here)
    known = {name for sender in ours for name in (sender.identity, *sender.members)}
    for identity in sorted(set(configured) - known):
        yield noted(
            f"{identity} has settings in the ledger, but this account and region have no such number",
            f"If it was released: sms-consent senders remove {identity}",
        )
    if not connected:
        yield noted("no number sends its texts to this stack yet", "Connect one: sms-consent connect NUMBER")


def _sender(context: CheckContext, sender: _Sender, expected: set[str | None], *, here: bool) -> Iterator[Finding]:
    connect = f"Run: sms-consent connect {sender.identity}"
    obeyed = context.names.canonical(sender.list_name) if sender.list_name else None
    if not here:
        if sender.self_managed:
            where = sender.channel if sender.two_way else "nowhere: two-way messaging is off"
            yield failed(f"{sender.identity}: opt-outs are self-managed, and its texts go to {where}", connect)
        else:
            yield noted(f"{sender.identity} is not connected: AWS honours STOP itself", connect)
        return
    if not sender.self_managed:
        yield failed(f"{sender.identity}: its texts come here, but AWS honours STOP and replies as well", connect)
    if len(expected) > 1:
        names = ", ".join(sorted(str(each) for each in expected))
        yield failed(
            f"{sender.identity}: its numbers count for different lists ({names}), but a pool uses one",
            "Give its numbers the same list: sms-consent senders set",
        )
    elif not _same(obeyed, *expected):
        (name,) = expected
        yield failed(
            f"{sender.identity} uses the opt-out list {obeyed}, but its opt-outs are put on {name}: they are not enforced",
            f"{connect}, or: sms-consent senders set {sender.identity} --list {obeyed}",
        )
    elif sender.self_managed:
        yield passed(f"{sender.identity}: its texts come here, its opt-outs are self-managed, and it uses {obeyed}")
    if sender.role is not None:
        yield noted(
            f"{sender.identity}: AWS publishes with the role {sender.role}, not by the topic's policy",
            "Check that this role may publish to the topic and use its key.",
        )


def _same(obeyed: str | None, expected: str | None) -> bool:
    """Return whether both name the same list. AWS may return another account's list by name, which the ledger stores by ARN."""
    return obeyed is not None and expected is not None and obeyed in {expected, expected.rpartition("/")[2]}


def _senders(context: CheckContext) -> Iterator[_Sender | Finding]:
    """Yield pools, then numbers and agents in no pool; at the end a finding on whether agents can be read."""
    members: dict[str, list[str]] = {}
    single: list[_Sender] = []
    for each in context.aws.all(SMS, "DescribePhoneNumbers", "PhoneNumbers"):
        if each.get("PoolId"):
            members.setdefault(str(each["PoolId"]).rpartition("/")[2], []).append(each["PhoneNumber"])
        else:
            single.append(_read(each, each["PhoneNumber"], (each["PhoneNumber"],)))
    problem: Finding | None = None
    try:
        for each in context.aws.all(SMS, "DescribeRcsAgents", "RcsAgents"):
            if each.get("PoolId"):
                members.setdefault(str(each["PoolId"]).rpartition("/")[2], []).append(each["RcsAgentId"])
            else:
                single.append(_read(each, each["RcsAgentId"], (each["RcsAgentId"],)))
    except NoAnswer as error:
        problem = unknown(f"RCS agents: {error}", error.fix)
    for each in context.aws.all(SMS, "DescribePools", "Pools"):
        yield _read(each, each["PoolId"], tuple(members.get(each["PoolId"], ())))
    yield from single
    yield problem or passed(f"{len(single)} numbers and agents and {len(members)} pools can be read")


def _read(described: Any, identity: str, members: tuple[str, ...]) -> _Sender:
    return _Sender(
        identity=identity,
        two_way=bool(described.get("TwoWayEnabled")),
        channel=described.get("TwoWayChannelArn"),
        role=described.get("TwoWayChannelRole"),
        self_managed=bool(described.get("SelfManagedOptOutsEnabled")),
        list_name=described.get("OptOutListName"),
        members=members,
    )


def lists(context: CheckContext) -> Iterator[Finding]:
    """Check whether each list of the deployment exists, can be read, and may be written to by the functions."""
    deployment = context.deployment
    sender_store = SenderStore(deployment.dynamodb(), deployment.table, context.names)
    wanted = {sender.list_name for sender in sender_store.senders()} | {deployment.own_list or ""} - {""}
    reader = Account(deployment.sms_voice())
    checks = SenderChecks(deployment, reader)
    context.aws.call(SMS, "DescribeOptOutLists", MaxResults=1)
    for at, name in enumerate(sorted(wanted - {""})):
        found = reader.find(name)
        if found is None:
            yield failed(
                f"there is no opt-out list {name}: opt-outs for it cannot be enforced", "Create it, or set another."
            )
            continue
        if at:
            deployment.clock.sleep(BETWEEN_READS)
        context.aws.call(SMS, "DescribeOptedOutNumbers", OptOutListName=found.reference, MaxResults=1)
        yield from _list(checks, found)


def _list(checks: SenderChecks, found: AccountList) -> Iterator[Finding]:
    if checks.may_write(found) is False:
        yield failed(
            f"the functions may not write to {found.name}", f"Add {found.arn} to AdditionalOptOutListArns, and deploy."
        )
    else:
        yield passed(f"the opt-out list {found.name} exists and can be read")


def _quotas(context: CheckContext) -> dict[str, float]:
    """Return the account's quotas by name; none if Service Quotas does not know the service."""
    try:
        found = list(context.aws.all("service-quotas", "ListServiceQuotas", "Quotas", ServiceCode="sms-voice"))
    except Missing:
        return {}
    return {each["QuotaName"]: each["Value"] for each in found}


def account(context: CheckContext) -> Iterator[Finding]:
    """Check whether the account may send texts, and at the rates of the stack."""
    attributes = {
        each["Name"]: each["Value"] for each in context.aws.all(SMS, "DescribeAccountAttributes", "AccountAttributes")
    }
    limits = {
        each["Name"]: each["EnforcedLimit"] for each in context.aws.all(SMS, "DescribeSpendLimits", "SpendLimits")
    }
    if attributes.get("ACCOUNT_TIER") == "SANDBOX":
        yield noted(
            "the account is in the SMS sandbox: only verified numbers get confirmations", "Ask AWS for production."
        )
    spend = limits.get("TEXT_MESSAGE_MONTHLY_SPEND_LIMIT")
    if spend is not None and spend <= LOW_SPEND:
        yield noted(
            f"the account may spend {spend} US dollar a month on texts: confirmations stop after that",
            "Ask AWS for a higher spend limit, and set the override below it.",
        )
    elif attributes.get("ACCOUNT_TIER") != "SANDBOX":
        yield passed(f"the account is out of the sandbox, and may spend {spend} US dollars a month on texts")
    chosen = {name: float(context.parameter(name, str(rate))) for name, rate in DEFAULT_RATES.items()}
    above = [name for name, rate in DEFAULT_RATES.items() if chosen[name] > rate]
    if not above:
        yield passed("the stack uses AWS's default rates")
        return
    quotas = _quotas(context)
    for name in above:
        operation = _OPERATIONS[name]
        allowed = [value for quota, value in quotas.items() if operation.lower() in quota.lower().replace(" ", "")]
        if not allowed:
            yield unknown(
                f"{name} is {chosen[name]:g}, above AWS's default; Service Quotas does not return your quota",
                "Make sure that AWS has raised it, or calls will be throttled.",
            )
        elif chosen[name] > min(allowed):
            yield failed(f"{name} is {chosen[name]:g}, and AWS allows {min(allowed):g}", f"Lower {name}, and deploy.")
        else:
            yield passed(f"{name} is {chosen[name]:g}, and AWS allows {min(allowed):g}")
