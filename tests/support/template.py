"""template.yaml as tests read it: what is deployed is what is tested."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

__all__ = ["KEY_ARN", "KEY_ID", "REPOSITORY", "create_table", "resources", "statements", "template"]

REPOSITORY = Path(__file__).resolve().parents[2]
KEY_ID = {"Fn::If": ["CreateKey", {"Ref": "Key"}, {"Ref": "ExistingKeyArn"}]}
KEY_ARN = {"Fn::If": ["CreateKey", {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "ExistingKeyArn"}]}
"""The deployment's key: its own, or the existing one that it is given."""


@cache
def template() -> dict[str, Any]:
    """The whole template; intrinsic functions in their long form."""
    parsed: dict[str, Any] = yaml_parse((REPOSITORY / "template.yaml").read_text())
    return parsed


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Every resource of one type, by logical id."""
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == kind}


def statements(role: str) -> list[dict[str, Any]]:
    """Every statement of a role's own policies, also those that depend on a condition."""
    policies = resources("AWS::IAM::Role")[role]["Properties"]["Policies"]
    found = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in found]


def create_table(dynamodb: Any, name: str = "ledger") -> str:
    """The ledger's table, with the keys and indexes that a deployment gives it."""
    properties = template()["Resources"]["LedgerTable"]["Properties"]
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    dynamodb.create_table(TableName=name, **{key: properties[key] for key in wanted})
    return name
