"""The transformed template has no findings of cfn-lint, with either value of each condition.

cfn-lint checks template.yaml with defaults only (.ci/run). CloudFormation gets what SAM's transform makes of it, with values of
parameters written into some places.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

import cfnlint.api
import pytest

# It has no type information.
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from support.formation import Formation
from support.template import template

REGION = "us-east-1"
ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"
LISTS = [ACCOUNT.format("sms-voice", f"opt-out-list/{name}") for name in ("Club", "Shop")]
REQUIRED = {"Brand": "Example Bank", "SupportContact": "help.example.com"}
OTHER_SIDE: dict[str, dict[str, str]] = {
    "CreateKey": {"ExistingKeyArn": ACCOUNT.format("kms", "key/0b04e2f6-7b5c-4b3a-9b8e-6d2f3a1c5e7d")},
    "CreateLedger": {
        "ExistingKeyArn": ACCOUNT.format("kms", "key/0b04e2f6-7b5c-4b3a-9b8e-6d2f3a1c5e7d"),
        "ExistingLedgerStreamArn": ACCOUNT.format("dynamodb", "table/old-ledger/stream/2026-11-30T00:00:00.000"),
        "ExistingLedgerTable": "old-ledger",
    },
    "CreateOptOutList": {"ExistingOptOutListArn": LISTS[0]},
    "CreateTopic": {"ExistingTopicArn": ACCOUNT.format("sns", "texts")},
    "ForgetsBodies": {"BodyRetentionDays": "30"},
    "Gradually": {"Deployment": "Canary10Percent5Minutes"},
    "GraduallyForgetting": {"BodyRetentionDays": "30", "Deployment": "Canary10Percent5Minutes"},
    "HasAlarmTopic": {"AlarmTopicArn": ACCOUNT.format("sns", "alarms")},
    "HasPermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bounds"},
    "HasReplyConfigurationSet": {"ReplyConfigurationSet": "receipts"},
    "IsLocal": {"AwsEndpointUrl": "http://172.17.0.1:4566"},
    "OneOptOutList": {"AdditionalOptOutListArns": ",".join(LISTS)},
    "ReservesConcurrency": {"InboundReservedConcurrency": "5"},
    "UseAccessKeys": {"AccessKeys": "Enabled"},
    "UseTracing": {"Tracing": "Enabled"},
}
"""Parameters that turn each condition to the side that it does not take by default."""
EVERYTHING = {name: value for chosen in OTHER_SIDE.values() for name, value in chosen.items()}
COMBINATIONS: dict[str, dict[str, str]] = {
    "defaults": {},
    "one half": {k: v for name in list(OTHER_SIDE)[::2] for k, v in OTHER_SIDE[name].items()},
    "other half": {k: v for name in list(OTHER_SIDE)[1::2] for k, v in OTHER_SIDE[name].items()},
    "everything": EVERYTHING,
}
"""Each condition is on either side, with others on the same side and with others on the opposite one."""
FOREVER = {"Never"}
"""Conditions that no parameter can change."""

pytestmark = pytest.mark.usefixtures("region")


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def _transformed(chosen: Mapping[str, Any]) -> dict[str, Any]:
    source = copy.deepcopy(template())
    source["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    document: dict[str, Any] = transform(source, REQUIRED | dict(chosen), _NoManagedPolicies())
    return document


def _made(document: dict[str, Any], chosen: Mapping[str, str]) -> Formation:
    declared: dict[str, dict[str, Any]] = document["Parameters"]
    values = {name: str(about.get("Default")) for name, about in declared.items()} | REQUIRED | dict(chosen)
    return Formation(document, values, REGION)


def _resolved(document: dict[str, Any], chosen: Mapping[str, str]) -> dict[str, Any]:
    """What CloudFormation creates: parameters and conditions have become values, the other functions are left."""
    made = _made(document, chosen)
    lists = {name for name, about in document["Parameters"].items() if about["Type"] == "CommaDelimitedList"}

    def value(node: Any) -> Any:
        match node:
            case list():
                return [kept for each in node if (kept := value(each)) != {"Ref": "AWS::NoValue"}]
            case {"Fn::If": [condition, yes, no]}:
                return value(yes if made.condition(condition) else no)
            case {"Ref": name} if name in made.parameters:
                given = made.parameters[name]
                return given.split(",") if name in lists else given
            case {"Fn::Sub": str(text)}:
                text = re.sub(r"\$\{(\w+)\}", lambda found: made.parameters.get(found[1], found[0]), text)
                return {"Fn::Sub": text} if "${" in text else text
            case dict():
                return {key: kept for key, each in node.items() if (kept := value(each)) != {"Ref": "AWS::NoValue"}}
        return node

    kept = ("AWSTemplateFormatVersion", "Description", "Resources", "Outputs")
    parts: dict[str, Any] = {name: copy.deepcopy(document[name]) for name in kept}
    for part in ("Resources", "Outputs"):
        standing = {k: v for k, v in parts[part].items() if "Condition" not in v or made.condition(v["Condition"])}
        parts[part] = {k: value({a: b for a, b in v.items() if a != "Condition"}) for k, v in standing.items()}
    return parts


def _findings(document: Mapping[str, Any]) -> list[str]:
    return [str(match) for match in cfnlint.api.lint(json.dumps(document), regions=[REGION])]


def test_every_condition_is_turned_to_its_other_side() -> None:
    """A new condition must have its parameters in OTHER_SIDE."""
    document = _transformed({})
    assert set(OTHER_SIDE) == set(document["Conditions"]) - FOREVER
    before = _made(document, {})
    for name, chosen in OTHER_SIDE.items():
        after = _made(document, chosen)
        assert after.refusals() == []
        assert before.condition(name) != after.condition(name), name


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_the_transformed_template_has_no_findings(chosen: dict[str, str]) -> None:
    """With its conditions, of which cfn-lint follows both sides."""
    assert _findings(_transformed(chosen)) == []


@pytest.mark.slow
@pytest.mark.parametrize("lists", [LISTS[0], ",".join(LISTS), LISTS[:1], LISTS])
def test_lists_that_the_transform_gets_as_text_or_as_list_make_no_findings(lists: str | list[str]) -> None:
    """AWS does not document which of the two it passes for a CommaDelimitedList."""
    assert _findings(_transformed({"AdditionalOptOutListArns": lists})) == []


@pytest.mark.slow
@pytest.mark.parametrize("chosen", COMBINATIONS.values(), ids=COMBINATIONS)
def test_what_is_created_has_no_findings(chosen: dict[str, str]) -> None:
    """With every parameter and condition resolved."""
    assert _findings(_resolved(_transformed(chosen), chosen)) == []


@pytest.mark.slow
def test_a_list_that_is_joined_as_text_is_found() -> None:
    """The check itself works: this is how the parameter was listed before."""
    document = _transformed({"AdditionalOptOutListArns": LISTS[0]})
    code = document["Resources"]["ReconcileFunction"]["Properties"]["Code"]
    code["SourceKMSKeyArn"]["Fn::If"][1] = {"Fn::Join": ["+", LISTS[0]]}
    (finding,) = _findings(document)
    assert "E1022" in finding
