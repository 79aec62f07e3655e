"""Deployment of the template to moto's CloudFormation."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from sms_consent_cli.local import moto_resources
from sms_consent_cli.local.api import secret as _secret  # noqa: F401  moto's CloudFormation learns a resource from it
from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.local.stack_plan import StackPlan, plan_stack, resolved
from sms_consent_cli.local.template import read_template

__all__ = ["STACK", "Deployment", "deploy", "function_of"]

STACK = "sms-consent"
"""The stack's name, also the default of `sam deploy`."""

_UNKNOWN = re.compile(r"Tried to parse (\S+) but it's not supported")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deployment:
    """Outputs and resources of a deployed template."""

    outputs: Mapping[str, str]
    run_here: Mapping[str, Mapping[str, Any]]  # as in the template, without those whose condition is false
    values: Mapping[str, Mapping[str, Any]]  # as resolved by CloudFormation
    code: Mapping[str, Path]

    def output(self, name: str) -> str:
        """Return an output of the stack. Raises LocalError if the template has no such output."""
        if name not in self.outputs:
            raise LocalError(f"the template has no output {name}")
        return self.outputs[name]


def deploy(path: Path, parameters: Mapping[str, str]) -> Deployment:
    """Create the template's resources. Raises LocalError if that fails."""
    template = read_template(path, parameters)
    plan = plan_stack(template.document)
    for reason, names in plan.left_out.items():
        logger.info("left out (%s): %s", reason, ", ".join(names))
    moto_resources.add()
    _create_existing_resources(template.parameters)
    outputs = _create(plan, template.parameters)
    moto_resources.write_out_key_policies()
    values = {name: json.loads(outputs.pop(resolved(name))) for name in plan.run_here if resolved(name) in outputs}
    return Deployment(
        outputs=outputs,
        run_here={name: resource for name, resource in plan.run_here.items() if _exists(name, resource, values)},
        values=values,
        code=template.code,
    )


def _exists(name: str, resource: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return "Condition" not in resource or name in values


def _create_existing_resources(parameters: Mapping[str, str]) -> None:
    """Create the existing topic, lists and event bus that the parameters name. A missing ledger is an error instead."""
    if (bus := parameters.get("EventBusName", "default")) != "default":
        with _ignore_error("ResourceAlreadyExistsException"):
            boto3.client("events").create_event_bus(Name=bus)
    if (table := parameters.get("ExistingLedgerTable", "")) and table not in _tables():
        raise LocalError(f"ExistingLedgerTable: there is no table {table}: the local account starts empty")
    named = [("ExistingTopicArn", "sns", parameters.get("ExistingTopicArn", ""))]
    for parameter in ("ExistingOptOutListArn", "AdditionalOptOutListArns"):
        named += [(parameter, "sms-voice", arn) for arn in parameters.get(parameter, "").split(",")]
    for parameter, service, arn in named:
        if not arn:
            continue
        if arn.split(":")[2:5] != [service, REGION, ACCOUNT]:
            raise LocalError(
                f"{parameter} must be in account {ACCOUNT} and region {REGION}, the local stack's only ones"
            )
        if service == "sns":
            boto3.client("sns").create_topic(Name=arn.rpartition(":")[2])
        else:
            with _ignore_error("ConflictException"):
                boto3.client("pinpoint-sms-voice-v2").create_opt_out_list(OptOutListName=arn.rpartition("/")[2])


def _tables() -> set[str]:
    pages = boto3.client("dynamodb").get_paginator("list_tables").paginate()
    return {name for page in pages for name in page["TableNames"]}


@contextmanager
def _ignore_error(code: str) -> Iterator[None]:
    """Ignore an error with this code: the resource exists from an earlier deployment."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"].get("Code") != code:
            raise


def _create(plan: StackPlan, parameters: Mapping[str, str]) -> dict[str, str]:
    formation = boto3.client("cloudformation")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            formation.create_stack(
                StackName=STACK,
                # YAML reads a policy's Version as a date; in a template it is text.
                # moto supports only Retain, and would delete resources with RetainExceptOnCreate.
                TemplateBody=json.dumps(plan.created, default=str).replace('"RetainExceptOnCreate"', '"Retain"'),
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            )
        except ClientError as error:
            message = error.response["Error"].get("Message", "")
            raise LocalError(f"the template cannot be deployed: {message}") from error
    # moto skips unknown types with a warning, after applying conditions.
    if unknown := sorted({found[1] for each in said if (found := _UNKNOWN.match(str(each.message)))}):
        raise LocalError(f"neither moto nor the local stack can create {', '.join(unknown)}")
    (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def function_of(target: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the function that a source invokes, directly or by an alias. There is one version here."""
    name: str = target["Ref"] if "Ref" in target else target["Fn::GetAtt"][0]
    if resources[name]["Type"] == "AWS::Lambda::Alias":
        return function_of(resources[name]["Properties"]["FunctionName"], resources)
    return name
