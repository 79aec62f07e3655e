"""Checks of the path of a text to the ledger: topic, subscription, queue and functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from sms_consent_cli.commands.connect.resource_policy import Access, PolicyRequest, evaluate_policy
from sms_consent_cli.commands.connect.verdict import Check, bad, good, note, unsure, unsure_if_denied
from sms_consent_cli.shared.deployment import Deployment

__all__ = ["SERVICE", "Route"]

SERVICE = "sms-voice.amazonaws.com"
_MISSING = frozenset({"NotFound", "NotFoundException"})


class Route:
    """The path from the topic to the function. Methods raise NotFound, ClientError or BotoCoreError."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    @cached_property
    def topic(self) -> str:
        """The ARN of the topic."""
        return self._deployment.topic_arn

    @property
    def account(self) -> str:
        """The account of the topic."""
        return self.topic.split(":")[4]

    def checks(self, source_arn: str) -> Iterator[Check]:
        """Yield all checks. ``source_arn`` is the number or pool whose texts are to be published."""
        yield from self._region(source_arn)
        yield from unsure_if_denied("topic", lambda: self._topic(source_arn))
        yield from unsure_if_denied("subscription", self._subscription)
        yield from unsure_if_denied("function", self._functions)

    def _region(self, source_arn: str) -> Iterator[Check]:
        region, theirs = self.topic.split(":")[3], source_arn.split(":")[3]
        if self.topic.endswith(".fifo"):
            yield bad("region", "the topic is a FIFO topic, which two-way channels do not support")
        elif region != theirs:
            yield bad("region", f"the topic is in {region}, the number in {theirs}: both must be in one region")
        else:
            yield good("region", f"number, topic and functions are in {region}")

    # --- the topic

    def _topic(self, source_arn: str) -> Iterator[Check]:
        try:
            attributes = self._deployment.client("sns").get_topic_attributes(TopicArn=self.topic)["Attributes"]
        except ClientError as error:
            if error.response["Error"].get("Code") not in _MISSING:
                raise
            yield bad("topic", f"there is no topic {self.topic}")
            return
        request = PolicyRequest(
            service=SERVICE,
            action="sns:Publish",
            resource=self.topic,
            account=source_arn.split(":")[4],
            source_arn=source_arn,
        )
        said = evaluate_policy(json.loads(attributes["Policy"]), request)
        yield _of_access("topic", said, f"the topic's policy lets {SERVICE} publish", "sns:Publish")
        key = attributes.get("KmsMasterKeyId")
        if key:
            yield from unsure_if_denied("encryption", lambda: self._key(key, request))

    def _key(self, key: str, request: PolicyRequest) -> Iterator[Check]:
        """Check the key of the topic: its policy must name the service, which is impossible for SNS's own key."""
        if key == "alias/aws/sns":
            yield bad("encryption", "the topic is encrypted with alias/aws/sns, which the service cannot use")
            return
        kms = self._deployment.client("kms")
        described = kms.describe_key(KeyId=key)["KeyMetadata"]
        if described["KeyState"] != "Enabled":
            yield bad("encryption", f"the topic's key is {described['KeyState']}, not Enabled")
            return
        policy = json.loads(kms.get_key_policy(KeyId=described["KeyId"], PolicyName="default")["Policy"])
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            needed = PolicyRequest(
                service=request.service,
                action=action,
                resource=described["Arn"],
                account=request.account,
                source_arn=request.source_arn,
            )
            said = evaluate_policy(policy, needed)
            if said is not Access.ALLOWED:
                yield _of_access("encryption", said, "", action)
                return
        yield good("encryption", f"the key of the topic lets {SERVICE} use it")

    # --- the rest of the path

    def _subscription(self) -> Iterator[Check]:
        sns, queue = self._deployment.client("sns"), self._queue_arn
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.topic)
        try:
            found = [each for page in pages for each in page["Subscriptions"] if each["Endpoint"] == queue]
        except ClientError as error:
            if error.response["Error"].get("Code") not in _MISSING:
                raise
            found = []
        confirmed = [each["SubscriptionArn"] for each in found if each["SubscriptionArn"].startswith("arn:")]
        if not confirmed:
            state = "is not confirmed" if found else "is missing"
            yield bad("subscription", f"the queue's subscription to the topic {state}")
            return
        attributes = sns.get_subscription_attributes(SubscriptionArn=confirmed[0])["Attributes"]
        faults = {
            "it is not confirmed": attributes.get("PendingConfirmation", "false") == "true",
            "raw message delivery is on, which drops the timestamp that texts are ordered by": (
                attributes.get("RawMessageDelivery", "false") == "true"
            ),
            "it has a filter policy, which may drop a STOP": bool(attributes.get("FilterPolicy")),
        }
        wrong = [fault for fault, there in faults.items() if there]
        if wrong:
            yield bad("subscription", f"the queue's subscription to the topic: {'; '.join(wrong)}")
        else:
            yield good("subscription", "the queue is subscribed to the topic: confirmed, not raw, unfiltered")

    @cached_property
    def _queue_arn(self) -> str:
        asked = self._deployment.sqs().get_queue_attributes(
            QueueUrl=self._deployment.queue_url, AttributeNames=["QueueArn"]
        )
        return asked["Attributes"]["QueueArn"]

    def _functions(self) -> Iterator[Check]:
        names = [self._deployment.part("InboundFunctionName"), self._deployment.part("SweepFunctionName")]
        for name in names:
            yield self._function(name)
        mappings = self._deployment.client("lambda").get_paginator("list_event_source_mappings")
        # Not filtered by function name: the mapping belongs to the alias, and the API does not document that it finds those.
        found = [
            mapping
            for page in mappings.paginate(EventSourceArn=self._queue_arn)
            for mapping in page["EventSourceMappings"]
            if mapping["FunctionArn"].split(":function:")[-1].partition(":")[0] == names[0]
        ]
        states = sorted({mapping.get("State", "unknown") for mapping in found})
        if not found:
            yield bad("function", f"the event source mapping from the queue to {names[0]} is missing")
        elif states != ["Enabled"]:
            yield bad("function", f"the event source mapping of {names[0]} is {', '.join(states)}, not Enabled")
        else:
            yield good("function", f"{names[0]} is invoked with the queue's messages")

    def _function(self, name: str) -> Check:
        try:
            found: Any = self._deployment.client("lambda").get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error.response["Error"].get("Code") != "ResourceNotFoundException":
                raise
            return bad("function", f"there is no function {name}")
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if state != "Active":
            return bad("function", f"{name} is {state.lower()}: {found.get('StateReason', 'Lambda gives no reason')}")
        if update != "Successful":
            return note("function", f"{name} is active; its last update is {update.lower()}")
        return good("function", f"{name} is active")


def _of_access(name: str, said: Access, allowed: str, action: str) -> Check:
    whose = "the topic's policy" if name == "topic" else "the policy of the topic's key"
    match said:
        case Access.ALLOWED:
            return good(name, allowed)
        case Access.UNCLEAR:
            return unsure(name, f"{whose} has a Deny that this command cannot evaluate for {SERVICE}")
        case Access.DENIED:
            return bad(name, f"{whose} denies {action} to {SERVICE}")
        case _:
            return bad(name, f"{whose} does not let {SERVICE} call {action}: texts would be lost")
