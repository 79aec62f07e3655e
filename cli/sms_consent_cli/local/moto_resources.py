"""Resource types that moto implements but its CloudFormation does not create.

moto finds the classes of resources among the direct subclasses of its ``CloudFormationModel``, once, at the first stack.
"""

from __future__ import annotations

import json
from typing import Any

from moto.cloudformation.parsing import get_model_map
from moto.core.common_models import CloudFormationModel
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends

from sms_consent_cli.local.aws_environment import ACCOUNT, REGION

__all__ = ["add", "write_out_key_policies"]

_IDENTITY = {"TopicArn", "Protocol", "Endpoint", "Region"}


def add() -> None:
    """Register the classes below. Raises RuntimeError if moto has collected its resource types already."""
    if not {each.cloudformation_type() for each in (Subscription, TopicPolicy)} <= set(get_model_map()):
        raise RuntimeError("moto created a stack before the local stack could")


def write_out_key_policies() -> None:
    """Convert key policies to text for GetKeyPolicy: moto keeps a template's policy as an object."""
    for key in kms_backends[ACCOUNT][REGION].keys.values():
        policy: Any = key.policy
        if isinstance(policy, dict):
            key.policy = json.dumps(policy)


class Subscription(CloudFormationModel):
    """A subscription. ``Ref`` returns its ARN."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return an empty name: the type has no name property."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type's name in a template."""
        return "AWS::SNS::Subscription"

    def is_created(self) -> bool:
        """Return True: creation is immediate."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Subscription:
        """Create the subscription with its attributes. Filter and redrive policy are JSON."""
        del resource_name
        properties = cloudformation_json["Properties"]
        backend = sns_backends[account_id][region_name]
        made = backend.subscribe(properties["TopicArn"], properties.get("Endpoint", ""), properties["Protocol"])
        for name, value in properties.items():
            # moto treats any RawMessageDelivery as true, so a false one is omitted.
            if name not in _IDENTITY and value not in (False, "false"):
                backend.set_subscription_attributes(
                    made.arn, name, value if isinstance(value, str) else json.dumps(value)
                )
        return cls(made.arn)


class TopicPolicy(CloudFormationModel):
    """A topic policy. It is not enforced; GetTopicAttributes returns it."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return an empty name: the type has no name property."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type's name in a template."""
        return "AWS::SNS::TopicPolicy"

    def is_created(self) -> bool:
        """Return True: creation is immediate."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> TopicPolicy:
        """Set the policy of each named topic."""
        properties = cloudformation_json["Properties"]
        backend = sns_backends[account_id][region_name]
        for topic in properties["Topics"]:
            backend.set_topic_attribute(topic, "policy", json.dumps(properties["PolicyDocument"]))
        return cls(resource_name)
