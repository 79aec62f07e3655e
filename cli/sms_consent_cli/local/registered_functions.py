"""Registration of the functions and event source mappings in moto's Lambda API.

moto would run its own functions and mappings in Docker; these are only described by the API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import EventSourceMapping, lambda_backends
from moto.iam.models import iam_backends

from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.deployment import Deployment, function_of

__all__ = ["register"]

ROLE = "local-functions"


def register(deployment: Deployment) -> None:
    """Register the functions as active, with enabled event sources."""
    backend = lambda_backends[ACCOUNT][REGION]
    role = iam_backends[ACCOUNT]["aws"].create_role(
        role_name=ROLE,
        assume_role_policy_document=json.dumps({}),
        path="/",
        permissions_boundary=None,
        description="Permissions are not checked here",
        tags=[],
        max_session_duration="3600",
    )
    for name, resource in deployment.run_here.items():
        if resource["Type"] == "AWS::Lambda::Function":
            backend.create_function(_function(name, deployment.values[name], role.arn))
    for name, resource in deployment.run_here.items():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            function = backend.get_function(function_of(resource["Properties"]["FunctionName"], deployment.run_here))
            told = {**deployment.values[name], "FunctionName": function.function_name}
            mapping = EventSourceMapping(  # type: ignore[abstract]  # moto itself makes it so
                {**told, "FunctionArn": function.function_arn, "RegionName": REGION, "AccountId": ACCOUNT}
            )
            # Without CreateEventSourceMapping: moto would pass the queue's messages to a container.
            backend._event_source_mappings[mapping.uuid] = mapping


def _function(name: str, values: Mapping[str, Any], role: str) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": role,
        "Handler": values["Handler"],
        "Timeout": int(values["Timeout"]),
        "MemorySize": int(values["MemorySize"]),
        "Code": {"ZipFile": ""},  # not run by moto
    }
