"""The resources that checks share, each looked up once, when first used."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sms_consent.domain.list_names import ListNames
from sms_consent_cli.commands.doctor.deep.aws import Aws, Missing
from sms_consent_cli.commands.doctor.deep.finding import Fault
from sms_consent_cli.shared.deployment import Deployment, NotFound, is_here

__all__ = ["FUNCTIONS", "CheckContext"]

FUNCTIONS = {
    "InboundFunction": "InboundFunctionName",
    "SweepFunction": "SweepFunctionName",
    "ReconcileFunction": "ReconcileFunctionName",
    "NotifyFunction": "NotifyFunctionName",
    "ApiFunction": "ApiFunctionName",
    "RetentionFunction": "RetentionFunctionName",
}
"""Functions by logical id, with the output that holds their name. The last exists only with BodyRetentionDays."""


class CheckContext:
    """One deployment. Properties raise NotFound, NoAnswer or Fault."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.aws = Aws(deployment)
        self.local = is_here(os.environ.get("AWS_ENDPOINT_URL", ""))

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return self.deployment.stack

    @cached_property
    def now(self) -> datetime:
        """AWS's time."""
        return self.deployment.clock.now()

    @cached_property
    def described(self) -> Mapping[str, Any]:
        """The stack's description by CloudFormation."""
        try:
            return dict(self.aws.call("cloudformation", "DescribeStacks", StackName=self.stack)["Stacks"][0])
        except (Missing, IndexError):
            raise NotFound(f"there is no stack {self.stack}") from None

    @property
    def changed_at(self) -> datetime:
        """When the stack was last created or updated."""
        changed: datetime = self.described.get("LastUpdatedTime") or self.described["CreationTime"]
        return changed

    @property
    def names(self) -> ListNames:
        """The account and region, for names of lists."""
        return self.deployment.names

    def parameter(self, name: str, default: str = "") -> str:
        """Return a parameter of the stack."""
        return self.deployment.parameter(name, default)

    @cached_property
    def functions(self) -> Mapping[str, str]:
        """The names of the deployed functions, by logical id."""
        found = {}
        for logical_id, output in FUNCTIONS.items():
            try:
                found[logical_id] = self.deployment.part(output)
            except NotFound:
                continue
        return found

    def function(self, logical_id: str) -> str:
        """Return the name of a function."""
        return self.deployment.part(FUNCTIONS[logical_id])

    # --- the path of a text

    @property
    def topic(self) -> str:
        """The ARN of the topic."""
        return self.deployment.topic_arn

    @cached_property
    def topic_attributes(self) -> Mapping[str, str]:
        """The attributes of the topic."""
        try:
            attributes: dict[str, str] = self.aws.call("sns", "GetTopicAttributes", TopicArn=self.topic)["Attributes"]
        except Missing:
            raise Fault(f"there is no topic {self.topic}", "Deploy the stack with a topic that exists.") from None
        return attributes

    @cached_property
    def queue(self) -> Mapping[str, str]:
        """The attributes of InboundQueue."""
        return self._queue(self.deployment.queue_url)

    @cached_property
    def dead_letter_queue(self) -> Mapping[str, str]:
        """The attributes of InboundDeadLetterQueue."""
        return self._queue(self.deployment.dead_letter_queue_url)

    @cached_property
    def notify_dead_letter_queue(self) -> Mapping[str, str]:
        """The attributes of NotifyDeadLetterQueue."""
        return self._queue(self.deployment.notify_dead_letter_queue_url)

    def _queue(self, url: str) -> Mapping[str, str]:
        try:
            answer = self.aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        except Missing:
            raise Fault(f"there is no queue {url}", "Delete and create the stack again: it keeps its ledger.") from None
        return dict(answer["Attributes"])

    def key_policy(self, key: str) -> tuple[str, Mapping[str, Any]]:
        """Return a key's ARN and its policy. ``key`` is an id, an ARN or an alias. Raises Fault if it cannot be used."""
        try:
            about = self.aws.call("kms", "DescribeKey", KeyId=key)["KeyMetadata"]
        except Missing:
            raise Fault(f"there is no key {key}", "Encrypt with a key that exists.") from None
        if about["KeyState"] != "Enabled":
            raise Fault(f"the key {about['Arn']} is {about['KeyState']}", "Enable the key, or cancel its deletion.")
        answer = self.aws.call("kms", "GetKeyPolicy", KeyId=about["KeyId"], PolicyName="default")
        policy: Mapping[str, Any] = json.loads(answer["Policy"])
        return about["Arn"], policy
