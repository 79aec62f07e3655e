"""The plan of the local stack: which resources moto creates, which this process runs, and which are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sms_consent_cli.local.errors import LocalError

__all__ = ["StackPlan", "plan_stack", "resolved"]

RUN_HERE = ("AWS::Lambda::", "AWS::Events::Rule", "AWS::Scheduler::")
"""Functions, event source mappings and schedules run in this process; moto would need Docker for them."""
LEFT_OUT = {
    "AWS::IAM::": "permissions are not checked here",
    "AWS::SQS::QueuePolicy": "permissions are not checked here",
    "AWS::Logs::": "logs go to standard error",
    "AWS::CloudWatch::": "alarms are not emulated",
    "AWS::ApiGateway": "this process is the gateway",
}
"""Types of resources that are not created, and why they do not affect the processing of texts."""

_SUBSTITUTED = re.compile(r"\$\{([^!}.][^}.]*)")


@dataclass(frozen=True)
class StackPlan:
    """A template's resources, grouped by what creates or runs them."""

    created: Mapping[str, Any]  # the document for CloudFormation
    run_here: Mapping[str, Mapping[str, Any]]  # resources by logical id
    left_out: Mapping[str, list[str]]  # logical ids by reason


def resolved(logical_id: str) -> str:
    """Return the name of the output that holds a resource's resolved properties, for one that this process runs."""
    return f"Local{logical_id}"


def plan_stack(document: Mapping[str, Any]) -> StackPlan:
    """Plan the stack. Raises LocalError if a resource to be created refers to one that is not created."""
    created: dict[str, Any] = {}
    ours: dict[str, Mapping[str, Any]] = {}
    left_out: dict[str, list[str]] = {}
    for name, resource in document["Resources"].items():
        kind = resource["Type"]
        reason = next((why for prefix, why in LEFT_OUT.items() if kind.startswith(prefix)), None)
        if kind.startswith(RUN_HERE):
            ours[name] = resource
        elif reason is not None:
            left_out.setdefault(reason, []).append(name)
        else:
            created[name] = dict(resource)
    absent = {*ours, *(name for names in left_out.values() for name in names)}
    for name, resource in created.items():
        _drop_dependencies(absent, resource)
        _check_references(name, resource, absent)
    return StackPlan(
        created={**document, "Resources": created, "Outputs": _outputs(document.get("Outputs", {}), ours, absent)},
        run_here=ours,
        left_out=left_out,
    )


def _outputs(declared: Mapping[str, Any], ours: Mapping[str, Mapping[str, Any]], absent: set[str]) -> dict[str, Any]:
    """Return the template's outputs that can be resolved, and one for the resolved properties of each of our resources.

    A function's name is its logical id here, so an output with its name can be resolved.
    """
    functions = {name for name, resource in ours.items() if resource["Type"] == "AWS::Lambda::Function"}
    named = {
        name: {**output, "Value": output["Value"]["Ref"]} if _is_name_of(output, functions) else output
        for name, output in declared.items()
    }
    outputs = {name: output for name, output in named.items() if not absent & set(_references(output))}
    for name, resource in ours.items():
        needed = _needed(resource)
        if needed is None:
            continue
        _check_references(name, needed, absent)
        outputs[resolved(name)] = {"Value": {"Fn::ToJsonString": needed}}
        if "Condition" in resource:
            outputs[resolved(name)]["Condition"] = resource["Condition"]
    return outputs


def _is_name_of(output: Mapping[str, Any], functions: set[str]) -> bool:
    value = output.get("Value")
    return isinstance(value, dict) and value.get("Ref") in functions


def _needed(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    properties: dict[str, Any] = resource["Properties"]
    match resource["Type"]:
        case "AWS::Lambda::Function":
            return {
                "Handler": properties["Handler"],
                "Timeout": properties.get("Timeout", 3),
                "MemorySize": properties.get("MemorySize", 128),
                "Variables": properties.get("Environment", {}).get("Variables", {}),
            }
        case "AWS::Lambda::EventSourceMapping":
            return {name: value for name, value in properties.items() if name not in {"FunctionName", "Tags"}}
        case _:
            # CloudFormation evaluates a schedule's condition.
            return {"Exists": "true"} if "Condition" in resource else None


def _check_references(name: str, node: Any, absent: set[str]) -> None:
    if gone := sorted(absent & set(_references(node))):
        raise LocalError(f"{name} refers to {', '.join(gone)}, which the local stack does not create")


def _drop_dependencies(absent: set[str], resource: dict[str, Any]) -> None:
    depends_on = resource.pop("DependsOn", [])
    wanted = [depends_on] if isinstance(depends_on, str) else depends_on
    if kept := [one for one in wanted if one not in absent]:
        resource["DependsOn"] = kept


def _references(node: Any) -> Iterator[str]:
    """Yield the logical ids, parameters and pseudo parameters in a part of a template."""
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield value.partition(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                yield from _SUBSTITUTED.findall(value if isinstance(value, str) else value[0])
                yield from _references(value)
            else:
                yield from _references(value)
