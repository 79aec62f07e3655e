"""Decides what becomes of types of resource that moto has, but that its CloudFormation does not create.

moto finds the classes of resources among the direct subclasses of its ``CloudFormationModel``, once, at the first stack.
"""

from __future__ import annotations

import json
from typing import Any

from moto.cloudformation.parsing import get_model_map
from moto.core.common_models import CloudFormationModel
from moto.sns.models import sns_backends

__all__ = ["add"]

_IDENTITY = {"TopicArn", "Protocol", "Endpoint", "Region"}


def add() -> None:
    """Make them known: the class below exists, and moto has not looked yet. Raises RuntimeError if it has."""
    if Subscription.cloudformation_type() not in get_model_map():
        raise RuntimeError("moto created a stack before the local stack could")


class Subscription(CloudFormationModel):
    """``Ref`` gives its ARN."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """It has no name."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Its type in a template."""
        return "AWS::SNS::Subscription"

    def is_created(self) -> bool:
        """At once."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Subscription:
        """With its attributes, of which the filter and the redrive policy are JSON."""
        del resource_name
        properties = cloudformation_json["Properties"]
        backend = sns_backends[account_id][region_name]
        made = backend.subscribe(properties["TopicArn"], properties.get("Endpoint", ""), properties["Protocol"])
        for name, value in properties.items():
            # moto takes any RawMessageDelivery for true, so a false one is left away.
            if name not in _IDENTITY and value not in (False, "false"):
                backend.set_subscription_attributes(
                    made.arn, name, value if isinstance(value, str) else json.dumps(value)
                )
        return cls(made.arn)
