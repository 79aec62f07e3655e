"""Checks of schedules, recent activity, alarms, concurrency and versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sms_consent_cli.commands.connect.resource_policy import Access, PolicyRequest, evaluate_policy
from sms_consent_cli.commands.doctor.deep.aws import Missing
from sms_consent_cli.commands.doctor.deep.context import CheckContext
from sms_consent_cli.commands.doctor.deep.finding import Finding, failed, noted, passed, unknown

__all__ = ["activity", "alarms", "concurrency", "schedules", "versions"]

SCHEDULED = ("SweepFunction", "ReconcileFunction", "RetentionFunction")
SWEEP_WITHIN, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
PERIOD = 300
"""Seconds. CloudWatch returns a period's values within a few minutes after its end."""
OVERDUE = 900
"""Seconds after which OverdueOptOutAlarm goes off."""
RECONCILE_LATE = 2 * 24 * 3600
"""Seconds. A run begins once a day."""
NEW_QUOTA, ENOUGH = 10, 100
"""Concurrent executions of a new account, and enough to leave room for other functions."""


def schedules(context: CheckContext) -> Iterator[Finding]:
    """Check whether the rules that invoke sweep, reconcile and retention are enabled."""
    if context.local:
        yield unknown("a local stack has no rules of EventBridge: it runs its functions itself")
        return
    for logical_id in SCHEDULED:
        if logical_id not in context.functions:
            continue
        name = context.functions[logical_id]
        live = context.aws.call("lambda", "GetFunctionConfiguration", FunctionName=name)["FunctionArn"] + ":live"
        rules = list(context.aws.all("events", "ListRuleNamesByTarget", "RuleNames", TargetArn=live))
        states = {rule: context.aws.call("events", "DescribeRule", Name=rule) for rule in rules}
        enabled = [rule for rule, about in states.items() if about["State"].startswith("ENABLED")]
        if not rules:
            yield failed(f"no rule invokes {logical_id}: it never runs", "Deploy the stack again.")
        elif not enabled:
            yield failed(
                f"the rule of {logical_id} is disabled: it never runs", f"Run: aws events enable-rule --name {rules[0]}"
            )
        else:
            yield passed(f"{logical_id}: {states[enabled[0]].get('ScheduleExpression')}, enabled")


def activity(context: CheckContext) -> Iterator[Finding]:
    """Check whether the functions ran recently without errors, and whether an opt-out is overdue."""
    if context.local:
        yield unknown("a local stack has no CloudWatch")
        return
    wanted = {
        f"{metric.lower()}_{logical_id}": _lambda_metric(name, metric)
        for logical_id, name in context.functions.items()
        for metric in ("Invocations", "Errors", "Throttles")
    }
    wanted |= {
        "overdue": _own_metric(context, "OldestOptOutDue", "sweep"),
        "reconcile_age": _own_metric(context, "ReconcileAge", "reconcile"),
    }
    values = _values(context, wanted)
    young = context.now - context.changed_at
    yield from _sweep(values, context.now, young)
    yield from _reconcile(values, young)
    for logical_id in context.functions:
        for metric, fix in (
            (
                "Errors",
                f"Look at the log group /sms-consent/{context.stack}/{logical_id.removesuffix('Function').lower()}.",
            ),
            ("Throttles", "Raise the account's quota of concurrent executions, see the check concurrency."),
        ):
            counted = values[f"{metric.lower()}_{logical_id}"]
            day, hour = (sum(n for at, n in counted if context.now - at <= span) for span in (DAY, HOUR))
            what = f"{logical_id} {'failed' if metric == 'Errors' else 'was throttled'}"
            if hour:
                yield failed(f"{what} {hour:g} times in the last hour", fix)
            elif day:
                yield noted(f"{what} {day:g} times in the last 24 hours, and not in the last hour", fix)


def _sweep(values: Mapping[str, list[tuple[datetime, float]]], now: datetime, young: timedelta) -> Iterator[Finding]:
    recent = [value for at, value in values["invocations_SweepFunction"] if now - at <= SWEEP_WITHIN]
    if not sum(recent):
        if young < 2 * SWEEP_WITHIN:
            yield unknown(
                "SweepFunction has no runs yet: the stack was deployed a moment ago", "Run this in half an hour."
            )
        else:
            yield failed(
                "SweepFunction did not run in the last 15 minutes", "See the checks schedules and concurrency."
            )
        return
    overdue = [value for at, value in values["overdue"] if now - at <= SWEEP_WITHIN]
    if not overdue:
        yield failed("SweepFunction runs, but reports no metrics", "Look at its logs: it fails before its end.")
    elif max(overdue[-1:]) > OVERDUE:
        yield failed(
            f"an opt-out has been due for {overdue[-1] / 60:.0f} minutes",
            "Look at SweepFunction's logs: denied, throttled, or no list.",
        )
    else:
        yield passed("SweepFunction ran in the last 15 minutes, and no opt-out is overdue")


def _reconcile(values: Mapping[str, list[tuple[datetime, float]]], young: timedelta) -> Iterator[Finding]:
    age = [value for _, value in values["reconcile_age"]]
    if not age and young < DAY:
        yield unknown(
            "ReconcileFunction has reported no run yet: the stack is younger than a day", "Run this tomorrow."
        )
    elif not age:
        yield failed("ReconcileFunction reported nothing for a day", "See the check schedules, and look at its logs.")
    elif age[-1] > RECONCILE_LATE:
        yield failed(
            f"no reconcile run has read every list for {age[-1] / 3600:.0f} hours", "Look at ReconcileFunction's logs."
        )
    else:
        yield passed(f"every list was read by reconcile {age[-1] / 3600:.0f} hours ago")


def _lambda_metric(function: str, metric: str) -> dict[str, Any]:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    return {"Metric": {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}, "Stat": "Sum"}


def _own_metric(context: CheckContext, metric: str, service: str) -> dict[str, Any]:
    dimensions = [{"Name": "service", "Value": service}]
    namespace = f"SmsConsent/{context.stack}"
    return {"Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}, "Stat": "Maximum"}


def _values(context: CheckContext, wanted: Mapping[str, dict[str, Any]]) -> dict[str, list[tuple[datetime, float]]]:
    """Return the values of the last 24 hours, oldest first."""
    queries = [{"Id": name.lower(), "MetricStat": {**stat, "Period": PERIOD}} for name, stat in wanted.items()]
    found: dict[str, list[tuple[datetime, float]]] = {name: [] for name in wanted}
    ids = {name.lower(): name for name in wanted}
    for result in context.aws.all(
        "cloudwatch", "GetMetricData", "MetricDataResults",
        MetricDataQueries=queries, StartTime=context.now - DAY, EndTime=context.now, ScanBy="TimestampAscending",
    ):  # fmt: skip
        found[ids[result["Id"]]] += zip(result["Timestamps"], result["Values"], strict=True)
    return found


def alarms(context: CheckContext) -> Iterator[Finding]:
    """Check whether alarms notify anyone, and whether one is in ALARM."""
    target = context.parameter("AlarmTopicArn")
    if not target:
        yield noted(
            "AlarmTopicArn is empty: alarms notify nobody",
            "Deploy with the ARN of a topic with a subscription.",
        )
    if context.local:
        yield unknown("a local stack has no alarms")
        return
    name = re.compile(rf"{re.escape(context.stack)}-\w+Alarm-[A-Za-z0-9]+")
    found = [
        each
        for each in context.aws.all("cloudwatch", "DescribeAlarms", "MetricAlarms", AlarmNamePrefix=f"{context.stack}-")
        if name.fullmatch(each["AlarmName"])
    ]
    if not found:
        yield failed("the stack has no alarms", "Deploy the stack again.")
        return
    ringing = [each["AlarmName"] for each in found if each["StateValue"] == "ALARM"]
    silent = [
        each["AlarmName"] for each in found if not each["ActionsEnabled"] or target not in ("", *each["AlarmActions"])
    ]
    for each in ringing:
        yield failed(f"{each} is in ALARM", "See the table in README, When an alarm goes off.")
    if target and silent:
        yield failed(f"{len(silent)} alarms do not notify {target}: {', '.join(silent)}", "Deploy the stack again.")
    if not ringing and not (target and silent):
        yield passed(f"none of {len(found)} alarms is in ALARM")
    if target:
        yield from _alarm_topic(context, target)


def _alarm_topic(context: CheckContext, target: str) -> Iterator[Finding]:
    try:
        attributes = context.aws.call("sns", "GetTopicAttributes", TopicArn=target)["Attributes"]
    except Missing:
        yield failed(f"there is no topic {target}, which alarms are sent to", "Deploy with the ARN of one that exists.")
        return
    request = PolicyRequest(
        service="cloudwatch.amazonaws.com",
        action="sns:Publish",
        resource=target,
        account=context.names.account,
        source_arn=f"arn:{target.split(':')[1]}:cloudwatch:{context.names.region}:{context.names.account}:alarm:example",
    )
    if evaluate_policy(json.loads(attributes.get("Policy") or "{}"), request) is not Access.ALLOWED:
        yield unknown(
            "the policy of the alarm topic does not clearly let cloudwatch.amazonaws.com publish",
            "Set an alarm by hand (aws cloudwatch set-alarm-state), and see whether it arrives.",
        )
    subscriptions = context.aws.all("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=target)
    confirmed = sum(each["SubscriptionArn"].startswith("arn:") for each in subscriptions)
    if not confirmed:
        yield failed(
            "the alarm topic has no confirmed subscription: alarms notify nobody",
            "Add a subscription and confirm it.",
        )
    else:
        yield passed(f"alarms are sent to a topic with {confirmed} confirmed subscriptions")


def concurrency(context: CheckContext) -> Iterator[Finding]:
    """Check whether the account has enough Lambda concurrency for texts."""
    if context.local:
        yield unknown("a local stack has no Lambda: its functions run one at a time")
        return
    limit = context.aws.call("lambda", "GetAccountSettings")["AccountLimit"]
    total, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    raise_it = 'Raise the quota "Concurrent executions" of AWS Lambda (L-B99A9384) first; see docs/operations.md.'
    if total <= NEW_QUOTA and context.parameter("AccessKeys") == "Enabled":
        yield failed(f"the account may run {total} functions at once, and the API for access keys is public", raise_it)
    elif total < ENOUGH:
        yield noted(f"the account may run {total} functions at once, all of its functions together", raise_it)
    else:
        yield passed(f"the account may run {total} functions at once, of which {free} are unreserved")
    for logical_id, name in context.functions.items():
        answer = context.aws.call("lambda", "GetFunctionConcurrency", FunctionName=name)
        reserved = answer.get("ReservedConcurrentExecutions")
        chosen = context.parameter("InboundReservedConcurrency", "0") if logical_id == "InboundFunction" else "0"
        if reserved == 0:
            yield failed(
                f"{logical_id} is switched off: its reserved concurrency is 0",
                f"Run: aws lambda delete-function-concurrency --function-name {name}",
            )
        elif str(reserved or 0) != chosen:
            yield noted(f"{logical_id} has a reserved concurrency of {reserved or 0}, and the stack says {chosen}")


def versions(context: CheckContext) -> Iterator[Finding]:
    """Check whether the live version of each function is the last deployment's."""
    if context.local:
        yield unknown("a local stack has no versions of its functions")
        return
    for logical_id, name in context.functions.items():
        yield from _version(context, logical_id, name)


def _version(context: CheckContext, logical_id: str, name: str) -> Iterator[Finding]:
    redeploy = (
        "Deploy again. If a gradual deployment was taken back, look at CodeDeploy and at the function's logs first."
    )
    try:
        every = list(context.aws.all("lambda", "ListVersionsByFunction", "Versions", FunctionName=name))
        alias = context.aws.call("lambda", "GetAlias", FunctionName=name, Name="live")
    except Missing:
        yield failed(f"{logical_id}: the function or its alias live is missing", redeploy)
        return
    by_number = {each["Version"]: each for each in every}
    latest = by_number.pop("$LATEST", None)
    live = by_number.get(alias["FunctionVersion"])
    newest = max(by_number, key=int, default=None)
    if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
        yield noted(f"{logical_id}: a gradual deployment is under way", "Wait for its end, and run this again.")
    elif live is None or alias["FunctionVersion"] != newest:
        yield failed(
            f"{logical_id}: the alias live is version {alias['FunctionVersion']}, the newest is {newest}", redeploy
        )
    elif latest is not None and _differs(latest, live):
        yield failed(
            f"{logical_id}: the live version {newest} has other code or settings than what was deployed last",
            "Deploy again with another Revision.",
        )
    elif latest is not None and (latest.get("State", "Active"), latest.get("LastUpdateStatus", "Successful")) != (
        "Active",
        "Successful",
    ):
        yield noted(f"{logical_id} is {latest.get('State')}, its last update {latest.get('LastUpdateStatus')}")
    else:
        yield passed(f"{logical_id}: version {newest} is live, and is what was deployed")


def _differs(latest: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    return any(
        latest.get(name) != live.get(name) for name in ("CodeSha256", "Timeout", "MemorySize", "Handler", "Runtime")
    ) or latest.get("Environment", {}).get("Variables") != live.get("Environment", {}).get("Variables")
