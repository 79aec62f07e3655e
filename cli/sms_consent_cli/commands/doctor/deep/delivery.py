"""Checks of the path of a text: topic, subscription, queues, keys, and event source mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sms_consent_cli.commands.connect.resource_policy import Access, PolicyRequest, evaluate_policy
from sms_consent_cli.commands.doctor.deep.aws import Missing
from sms_consent_cli.commands.doctor.deep.context import CheckContext
from sms_consent_cli.commands.doctor.deep.finding import Finding, failed, noted, passed, unknown

__all__ = ["dead_letters", "encryption", "event_sources", "queues", "subscription", "topic"]

SMS_VOICE, SNS = "sms-voice.amazonaws.com", "sns.amazonaws.com"
LONGEST_RETENTION = 14 * 24 * 3600
KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
"""What a service needs to write to an encrypted topic or queue."""


def topic(context: CheckContext) -> Iterator[Finding]:
    """Check whether the topic lets AWS publish, for numbers, pools and agents of this account."""
    policy = json.loads(context.topic_attributes.get("Policy") or "{}")
    if context.topic.endswith(".fifo"):
        yield failed("the topic is a FIFO topic, which two-way channels do not support", "Use a standard topic.")
    fix = (
        f"Add a statement to the topic's policy that allows {SMS_VOICE} sns:Publish, with aws:SourceAccount and aws:SourceArn, "
        "as InboundTopicPolicy in template.yaml does."
    )
    said = {kind: evaluate_policy(policy, _publisher(context, kind)) for kind in ("phone-number", "pool", "rcs-agent")}
    number = said["phone-number"]
    if number is not Access.ALLOWED:
        yield _of_access(number, f"the topic's policy: {SMS_VOICE} sns:Publish", fix)
    elif others := [kind for kind, each in said.items() if each is not Access.ALLOWED]:
        yield noted(
            f"the topic's policy lets {SMS_VOICE} publish for a number, but not for a {' or '.join(others)}", fix
        )
    else:
        yield passed(f"the topic's policy lets {SMS_VOICE} publish")


def subscription(context: CheckContext) -> Iterator[Finding]:
    """Check whether the queue gets every text, with its timestamp."""
    queue = context.queue["QueueArn"]
    try:
        subscriptions = context.aws.all("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=context.topic)
        found = [each["SubscriptionArn"] for each in subscriptions if each["Endpoint"] == queue]
    except Missing:
        found = []
    confirmed = [arn for arn in found if arn.startswith("arn:")]
    if not confirmed:
        state = "is not confirmed" if found else "is missing"
        yield failed(
            f"the subscription of InboundQueue to the topic {state}: every text is lost",
            "Deploy the stack again. If the subscription was deleted by hand, replace the stack's InboundSubscription.",
        )
        return
    attributes = context.aws.call("sns", "GetSubscriptionAttributes", SubscriptionArn=confirmed[0])["Attributes"]
    faults = {
        "it is not confirmed": attributes.get("PendingConfirmation", "false") == "true",
        "raw message delivery is on, which drops the timestamp": attributes.get("RawMessageDelivery") == "true",
        "it has a filter policy, which may drop a STOP": bool(attributes.get("FilterPolicy")),
    }
    wrong = [fault for fault, there in faults.items() if there]
    if wrong:
        yield failed(f"the subscription of InboundQueue: {'; '.join(wrong)}", "Set it back to what template.yaml says.")
    target = json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
    if target is None:
        yield failed(
            "the subscription has no dead-letter queue: a text that SNS cannot deliver is lost",
            "Deploy the stack again: InboundSubscription has a RedrivePolicy.",
        )
    elif not wrong:
        yield passed(
            "InboundQueue is subscribed to the topic: confirmed, not raw, not filtered, with a dead-letter queue"
        )


def queues(context: CheckContext) -> Iterator[Finding]:
    """Check whether SNS may write to the queues, and whether they keep messages for 14 days, SQS's maximum."""
    for name, attributes in (
        ("InboundQueue", context.queue),
        ("InboundDeadLetterQueue", context.dead_letter_queue),
    ):
        request = PolicyRequest(
            service=SNS,
            action="sqs:SendMessage",
            resource=attributes["QueueArn"],
            account=context.names.account,
            source_arn=context.topic,
        )
        fix = (
            f"Allow {SNS} sqs:SendMessage with aws:SourceArn of the topic, as InboundQueuePolicy in template.yaml does."
        )
        said = evaluate_policy(json.loads(attributes.get("Policy") or "{}"), request)
        if context.local and not attributes.get("Policy"):
            yield unknown(f"a local stack has no policy of {name}")
        elif said is not Access.ALLOWED:
            yield _of_access(said, f"the policy of {name}: {SNS} sqs:SendMessage for the topic", fix)
        else:
            yield passed(f"the policy of {name} lets the topic send")
        kept = int(attributes.get("MessageRetentionPeriod", 0))
        if kept < LONGEST_RETENTION:
            yield failed(f"{name} keeps messages for {kept // 3600} hours", "Set its retention back to 14 days.")
    if context.queue.get("RedrivePolicy"):
        yield failed(
            "InboundQueue has a redrive policy, which moves texts away during an outage",
            "Remove it: InboundFunction itself moves texts to the dead-letter queue after 12 days.",
        )
    timeout = context.aws.call("lambda", "GetFunctionConfiguration", FunctionName=context.function("InboundFunction"))[
        "Timeout"
    ]
    if int(context.queue["VisibilityTimeout"]) < 6 * timeout:
        yield failed(
            f"the visibility time-out of InboundQueue is {context.queue['VisibilityTimeout']} s, less than 6 times the "
            f"function's time-out ({timeout} s)",
            "Set both back to what template.yaml says, or a text is processed twice at once.",
        )


def encryption(context: CheckContext) -> Iterator[Finding]:
    """Check whether the services that write to topic and queues may use their keys."""
    key = context.topic_attributes.get("KmsMasterKeyId")
    if key:
        yield from _key(context, "the topic", key, _publisher(context, "phone-number"))
    else:
        yield noted("the topic is not encrypted with a key")
    for name, attributes in (
        ("InboundQueue", context.queue),
        ("InboundDeadLetterQueue", context.dead_letter_queue),
    ):
        key = attributes.get("KmsMasterKeyId")
        if key:
            request = PolicyRequest(
                service=SNS, action="", resource="", account=context.names.account, source_arn=context.topic
            )
            yield from _key(context, name, key, request)
        else:
            yield passed(f"{name} is encrypted by SQS itself, and needs no key policy")


def _key(context: CheckContext, name: str, key: str, request: PolicyRequest) -> Iterator[Finding]:
    if key.startswith("alias/aws/"):
        yield failed(
            f"{name} is encrypted with {key}, which {request.service} cannot use: every text is lost",
            "Encrypt it with a customer-managed key whose policy names the service.",
        )
        return
    arn, policy = context.key_policy(key)
    fix = f"Allow {request.service} {' and '.join(KEY_ACTIONS)} in the key's policy, as Key in template.yaml does."
    for action in KEY_ACTIONS:
        needed = replace(request, action=action, resource=arn)
        said = evaluate_policy(policy, needed)
        if said is not Access.ALLOWED:
            yield _of_access(said, f"the key of {name}: {request.service} {action}", fix)
            return
        if request.service == SNS and evaluate_policy(policy, replace(needed, account="")) is not Access.ALLOWED:
            yield unknown(
                f"the key of {name} admits {SNS} by aws:SourceAccount alone, which is not documented to work for SNS",
                "Deploy this version, whose key policy uses aws:SourceArn. --send-test-stop shows whether texts arrive.",
            )
            return
    yield passed(f"the key of {name} lets {request.service} use it")


def dead_letters(context: CheckContext) -> Iterator[Finding]:
    """Check whether the dead-letter queues are empty."""
    for name, attributes, command in (
        ("InboundDeadLetterQueue", context.dead_letter_queue, "sms-consent dead-letters list"),
        ("NotifyDeadLetterQueue", context.notify_dead_letter_queue, "sms-consent dead-letters list --events"),
    ):
        waiting = int(attributes.get("ApproximateNumberOfMessages", 0))
        if waiting:
            yield failed(f"about {waiting} messages are in {name}", f"Look at them: {command}")
        else:
            yield passed(f"{name} is empty")


def event_sources(context: CheckContext) -> Iterator[Finding]:
    """Check whether the functions are invoked with the queue's messages and the stream's records."""
    inbound = context.function("InboundFunction")
    yield from _mapping(context, "InboundQueue", context.queue["QueueArn"], inbound)
    table = context.aws.call("dynamodb", "DescribeTable", TableName=context.deployment.table)["Table"]
    stream = table.get("LatestStreamArn")
    notify = context.function("NotifyFunction")
    if stream is None:
        yield failed("the ledger has no stream: no event is published", "Run: sms-consent ledger prepare")
    else:
        yield from _mapping(context, "the ledger's stream", stream, notify)


def _mapping(context: CheckContext, source: str, arn: str, function: str) -> Iterator[Finding]:
    # Not filtered by function name: the mapping belongs to the alias, and the API does not document that it finds those.
    mappings = context.aws.all("lambda", "ListEventSourceMappings", "EventSourceMappings", EventSourceArn=arn)
    found = [each for each in mappings if each["FunctionArn"].split(":function:")[-1].partition(":")[0] == function]
    redeploy = "Deploy the stack again. If the mapping was changed by hand, set it back to what template.yaml says."
    if not found:
        yield failed(f"nothing invokes {function} with {source}: its event source mapping is missing", redeploy)
        return
    wrong = list(_faults(context, source, found[0]))
    for fault in wrong:
        yield failed(f"the event source mapping from {source}: {fault}", redeploy)
    if not wrong:
        yield passed(f"{function} is invoked with {source}, with partial batch responses")


def _faults(context: CheckContext, source: str, mapping: Mapping[str, Any]) -> Iterator[str]:
    if mapping.get("State", "Enabled") != "Enabled":
        yield f"it is {mapping['State']}"
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        yield "ReportBatchItemFailures is off, so one failed message fails its batch"
    if not context.local and not mapping["FunctionArn"].endswith(":live"):
        yield "it invokes another version than the alias live"
    if (mapping.get("FilterCriteria") or {}).get("Filters") and source == "InboundQueue":
        yield "it has a filter, which deletes the texts that do not match"
    if str(mapping.get("LastProcessingResult", "")).startswith("PROBLEM"):
        yield "Lambda reports a problem with it (LastProcessingResult)"
    if source != "InboundQueue" and not mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
        yield "it has no destination for what fails"


def _publisher(context: CheckContext, kind: str) -> PolicyRequest:
    region, account = context.topic.split(":")[3:5]
    partition = context.topic.split(":")[1]
    return PolicyRequest(
        service=SMS_VOICE,
        action="sns:Publish",
        resource=context.topic,
        account=context.names.account or account,
        source_arn=f"arn:{partition}:sms-voice:{region}:{context.names.account or account}:{kind}/example",
    )


def _of_access(said: Access, what: str, fix: str) -> Finding:
    if said is Access.UNCLEAR:
        return unknown(f"{what} may be denied by a statement that this command does not understand", fix)
    return failed(f"{what} is {'denied' if said is Access.DENIED else 'not allowed'}: texts are lost", fix)
