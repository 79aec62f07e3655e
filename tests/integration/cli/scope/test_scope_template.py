"""The opt-out lists that functions may write to, with the template resolved as by CloudFormation."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from support.template import resources, statements, template

OWN = "the ARN of OptOutList"
EXISTING = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Existing"
CLUB = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Club"
SHARED = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Partner"
WRITES = "sms-voice:PutOptedOutNumber"


def _resolved(value: Any, parameters: dict[str, Any]) -> Any:
    """The few intrinsic functions that such a statement is made of."""
    if isinstance(value, list):
        return [_resolved(each, parameters) for each in value]
    if not isinstance(value, dict):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return parameters[argument]
    if function == "Fn::GetAtt":
        return f"the ARN of {argument[0]}"
    if function == "Fn::If":
        met = _resolved(template()["Conditions"][argument[0]], parameters)
        return _resolved(argument[1] if met else argument[2], parameters)
    if function == "Fn::Equals":
        first, second = _resolved(argument, parameters)
        return first == second
    separator, values = argument
    if function == "Fn::Join":
        return separator.join(_resolved(values, parameters))
    assert function == "Fn::Split", function
    return _resolved(values, parameters).split(separator)


def _writable(role: str, **chosen: Any) -> list[str]:
    """The resources of every statement of a role that allows writing to a list."""
    parameters = {"ExistingOptOutListArn": "", "AdditionalOptOutListArns": [""]} | chosen
    found: list[str] = []
    for statement in statements(role):
        if WRITES in statement["Action"]:
            resource = _resolved(statement["Resource"], parameters)
            found += resource if isinstance(resource, list) else [resource]
    return found


ROLES = [name for name, role in resources("AWS::IAM::Role").items() if WRITES in json.dumps(role)]


@pytest.mark.parametrize("role", ROLES)
def test_a_function_may_write_to_the_stacks_own_list_alone_if_no_other_is_named(role: str) -> None:
    """Least privilege: other lists are out of reach."""
    assert _writable(role) == [OWN]
    assert _writable(role, ExistingOptOutListArn=EXISTING) == [EXISTING]


@pytest.mark.parametrize("role", ROLES)
def test_a_function_may_write_to_the_lists_that_are_named_and_no_other(role: str) -> None:
    """Shared ones too, which have no other name than their ARN."""
    assert _writable(role, AdditionalOptOutListArns=[CLUB, SHARED]) == [OWN, CLUB, SHARED]
    chosen = {"ExistingOptOutListArn": EXISTING, "AdditionalOptOutListArns": [SHARED]}
    assert _writable(role, **chosen) == [EXISTING, SHARED]


def test_the_functions_that_answer_requests_are_all_covered() -> None:
    """They record for every list that a request counts for."""
    assert {"InboundRole", "SweepRole", "ApiRole"} <= set(ROLES)


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        ("", True),
        (CLUB, True),
        (SHARED, True),
        ("Club", False),
        ("arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/*", False),
        ("arn:aws:sms-voice:us-east-1:123456789012:pool/pool-1", False),
        ("*", False),
    ],
)
def test_only_whole_arns_of_lists_are_accepted(arn: str, taken: bool) -> None:
    """CloudFormation holds each value of such a parameter against the pattern."""
    pattern = template()["Parameters"]["AdditionalOptOutListArns"]["AllowedPattern"]
    assert (re.fullmatch(pattern, arn) is not None) is taken


@pytest.mark.parametrize("name", ["OptOutScope", "OptInScope"])
def test_the_scopes_that_a_deployment_may_choose_are_those_that_functions_know(name: str) -> None:
    """A choice that stops every function would be a poor choice."""
    from sms_consent.domain.propagation import Reach

    parameter = template()["Parameters"][name]
    assert (parameter["AllowedValues"], parameter["Default"]) == (list(Reach), Reach.SENDER)
